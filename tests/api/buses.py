"""A server with an event bus whose rules put into a queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.harness import ACCOUNT, REGION, Api

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mail"


class Bus:
    """A server with the queue "mail", and what rules put there."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.client = api.client("events")
        self.sqs = api.client("sqs")
        self.sns = api.client("sns")
        self.sqs.create_queue(QueueName="mail")

    def rule(self, pattern: Any, name: str = "r", **target: Any) -> None:
        """Make a rule with the queue as its target."""
        self.client.put_rule(Name=name, EventPattern=json.dumps(pattern))
        self.client.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": QUEUE, **target}])

    def put(self, detail: Any = None, **more: Any) -> Any:
        """Put one event of our own."""
        entry = {"Source": "app", "DetailType": "Order", "Detail": json.dumps(detail or {}), **more}
        [result] = self.client.put_events(Entries=[entry])["Entries"]
        return result

    def received(self, queue: str = "mail", **options: Any) -> list[dict[str, Any]]:
        """Take all messages of a queue."""
        found: list[dict[str, Any]] = []
        while page := self.sqs.receive_message(
            QueueUrl=f"http://127.0.0.1:8005/{ACCOUNT}/{queue}", MaxNumberOfMessages=10, **options
        ).get("Messages"):
            found += page
        return found

    def bodies(self, queue: str = "mail") -> list[Any]:
        return [json.loads(message["Body"]) for message in self.received(queue)]


def refusal(method: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        method(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
