"""Functions as people use them: made and invoked by the AWS CLI, behind topics, hostile ones, and kill -9 between."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.api.functions import TRUST, packed
from tests.interop.test_aws_cli import _AWS, _aws
from tests.running import RunningServer

T = TypeVar("T")

ROLE = "arn:aws:iam::123456789012:role/functions"
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ses:*","Resource":"*"}]}'
WAIT_S = 90.0

pytestmark = pytest.mark.skipif(not _AWS.exists(), reason="the AWS CLI is not installed beside this Python")


def until(look: Callable[[], T | None]) -> T:
    """Look until there is something to see."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(0.2)
    raise AssertionError("it never came")


def make_role(server: RunningServer) -> None:
    iam = server.client("iam")
    iam.create_role(RoleName="functions", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="functions", PolicyName="ses", PolicyDocument=ALLOW)


def make(server: RunningServer, name: str, source: str, **more: Any) -> str:
    made = server.client("lambda").create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.13",
            "Role": ROLE,
            "Handler": "app.handle",
            "Code": {"ZipFile": packed(app=source)},
            "Timeout": 60,
            "MemorySize": 256,
            **more,
        }
    )
    return str(made["FunctionArn"])


def invoke(server: RunningServer, name: str, event: Any = None) -> tuple[str | None, Any]:
    answer = server.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


def logged(server: RunningServer, name: str) -> list[str]:
    logs = server.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        return [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        make_role(running)
        yield running


def test_the_cli_makes_invokes_and_reads_the_log(server: RunningServer, tmp_path: Path) -> None:
    archive, answer = tmp_path / "function.zip", tmp_path / "answer.json"
    source = """
import boto3

def handle(event, context):
    print("looking for", event["address"])
    boto3.client("sesv2").put_suppressed_destination(EmailAddress=event["address"], Reason="BOUNCE")
    return {"left": context.get_remaining_time_in_millis() > 0}
"""
    archive.write_bytes(packed(app=source))
    made = _aws(
        server,
        *("lambda", "create-function", "--function-name", "cli", "--runtime", "python3.13", "--handler", "app.handle"),
        *("--role", ROLE, "--zip-file", f"fileb://{archive}", "--timeout", "60"),
    )
    assert made["State"] == "Active"
    _aws(server, "lambda", "wait", "function-active-v2", "--function-name", "cli")
    done = _aws(
        server,
        *("lambda", "invoke", "--function-name", "cli", "--log-type", "Tail"),
        *("--payload", '{"address":"cli@example.net"}', str(answer)),
    )
    assert (done["StatusCode"], json.loads(answer.read_text())) == (200, {"left": True})
    found = server.client("sesv2").get_suppressed_destination(EmailAddress="cli@example.net")
    assert found["SuppressedDestination"]["Reason"] == "BOUNCE"
    events = _aws(
        server, "logs", "filter-log-events", "--log-group-name", "/aws/lambda/cli", "--filter-pattern", "looking"
    )
    assert [one["message"] for one in events["events"]] == ["looking for cli@example.net\n"]
    listed = _aws(server, "lambda", "list-functions", "--query", "Functions[].FunctionName")
    assert "cli" in listed
    _aws(server, "lambda", "delete-function", "--function-name", "cli")


def test_a_function_that_loops_is_ended_in_time(server: RunningServer) -> None:
    make(server, "loop", "def handle(event, context):\n    while True:\n        pass\n", Timeout=1)
    error, found = invoke(server, "loop")
    assert (error, found["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert any("Task timed out after 1.00 seconds" in line for line in logged(server, "loop"))


def test_a_function_that_eats_memory_is_ended(server: RunningServer) -> None:
    make(server, "eat", "def handle(event, context):\n    kept = []\n    while True: kept.append(b'x' * 1_000_000)\n")
    error, found = invoke(server, "eat")
    assert (error, found["errorType"]) == ("Unhandled", "Runtime.OutOfMemory")
    assert any("Max Memory Used: 256 MB" in line for line in logged(server, "eat"))


def test_a_function_that_floods_does_not_hold_up_the_others(server: RunningServer) -> None:
    make(server, "flood", "def handle(event, context):\n    while True: print('x' * 1000)\n", Timeout=8)
    server.client("lambda").invoke(FunctionName="flood", InvocationType="Event", Payload=b"{}")
    make(server, "calm", "def handle(event, context):\n    return event\n")
    for number in range(20):
        assert invoke(server, "calm", number) == (None, number)
    until(lambda: any("Task timed out" in line for line in logged(server, "flood")) or None)
    assert any("bytes of output were dropped" in line for line in logged(server, "flood"))


def test_a_function_that_forks_away_is_ended_with_the_server(tmp_path: Path) -> None:
    source = """
import os, time

def handle(event, context):
    readable, writable = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writable, str(os.getpid()).encode())
            os.close(writable)
            while True:
                time.sleep(1)
        os._exit(0)
    os.close(writable)
    return [os.getpid(), int(os.read(readable, 20))]
"""
    for ending in ("stop", "kill9"):
        with RunningServer() as running:
            make_role(running)
            make(running, "fork", source)
            error, pids = invoke(running, "fork")
            assert error is None
            assert all(Path(f"/proc/{pid}").exists() for pid in pids)
            getattr(running, ending)()
            until(lambda pids=pids: True if not any(map(_alive, pids)) else None)  # type: ignore[misc]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("kills", [3])
def test_kill_9_loses_no_asynchronous_invocation(kills: int) -> None:
    source = """
import boto3, time

def handle(event, context):
    time.sleep(0.2)
    boto3.client("sesv2").put_suppressed_destination(EmailAddress=f"n{event}@example.net", Reason="BOUNCE")
"""
    accepted: set[int] = set()
    with RunningServer({"lambda.concurrency": "4"}) as running:
        make_role(running)
        make(running, "work", source)
        for round_ in range(kills + 1):
            for number in range(round_ * 20, round_ * 20 + 20):
                answer = running.client("lambda").invoke(
                    FunctionName="work", InvocationType="Event", Payload=str(number).encode()
                )
                assert answer["StatusCode"] == 202
                accepted.add(number)
            if round_ < kills:
                running.kill9()
                running.start()
        ses = running.client("sesv2")

        def suppressed() -> set[int]:
            pages = ses.list_suppressed_destinations(PageSize=1000)["SuppressedDestinationSummaries"]
            return {int(one["EmailAddress"][1:].partition("@")[0]) for one in pages}

        until(lambda: True if suppressed() == accepted else None)


def test_a_page_of_another_site_cannot_sign_with_the_first_key(server: RunningServer) -> None:
    """A browser sends what any page likes to this machine, and everybody knows the first key."""
    from botocore.exceptions import ClientError

    client = server.client("lambda")

    def add(request: Any, **_: Any) -> None:
        request.headers["Origin"] = "https://evil.example"

    client.meta.events.register("before-send.lambda.ListFunctions", add)
    try:
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client.list_functions()
    finally:
        client.meta.events.unregister("before-send.lambda.ListFunctions", add)
    assert "Functions" in client.list_functions()
