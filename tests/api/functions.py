"""A server on which functions run, in simulated children."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import Any

from tests.api.harness import ACCOUNT, REGION, Api
from tests.simulation.functions import SimulatedProcesses

ROLE = f"arn:aws:iam::{ACCOUNT}:role/mail"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ECHO = "def handle(event, context):\n    return event\n"


def packed(**files: str | bytes) -> bytes:
    """Make an archive of modules: `packed(app="…")` holds app.py."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return data.getvalue()


class Functions:
    """A server with the role "mail", and clients of Lambda and Logs."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.client = api.client("lambda")
        self.logs = api.client("logs")
        api.client("iam").create_role(RoleName="mail", AssumeRolePolicyDocument=TRUST)
        api.run(self.start())

    async def start(self) -> None:
        """Begin to run what nobody waits for."""
        asyncio.get_running_loop().create_task(self.api.outbound.invocations.run())

    @property
    def processes(self) -> SimulatedProcesses:
        return self.api.world.processes

    def make(self, source: str = ECHO, name: str = "f", **more: Any) -> str:
        """Make a function and give its ARN."""
        made = self.client.create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.12",
                "Role": ROLE,
                "Handler": "app.handle",
                "Code": {"ZipFile": packed(app=source)},
                **more,
            }
        )
        return str(made["FunctionArn"])

    def invoke(self, event: Any = None, name: str = "f", **more: Any) -> Any:
        """Invoke a function; give what it answers, and under "Payload" the decoded body."""
        # Time has to pass while a function works, and the call waits for it.
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
        body = answer["Payload"].read()
        return {**answer, "Payload": json.loads(body) if body else None}

    def logged(self, name: str = "f", group: str | None = None) -> list[str]:
        """Give the messages of a function's log group."""
        found = self.logs.filter_log_events(logGroupName=group or f"/aws/lambda/{name}")
        return [event["message"] for event in found["events"]]

    def allow(self, principal: str, source_arn: str, name: str = "f", **more: Any) -> None:
        """Let a service invoke a function because of a resource."""
        self.client.add_permission(
            FunctionName=name,
            StatementId=f"s{len(source_arn)}",
            Action="lambda:InvokeFunction",
            Principal=principal,
            SourceArn=source_arn,
            **more,
        )


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
