"""Several workers on one machine: one address, one store, and a death that nobody notices."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import boto3
import pytest

from tests.running import RunningServer, wait_until

pytestmark = pytest.mark.interop

WORKERS = 2


def worker_pids(supervisor: int) -> list[int]:
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return sorted(int(pid) for pid in children)


def test_two_workers_share_the_ports_and_the_store_and_survive_a_kill() -> None:
    with RunningServer({"server.workers": str(WORKERS)}) as server:
        before = worker_pids(server.pid)
        assert len(before) == WORKERS
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        sent = [send_with_own_connection(server, number) for number in range(12)]
        wait_until(lambda: len(server.inbox(wait_s=0, limit="100")) == 12, "twelve messages in the inbox")
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: len(set(worker_pids(server.pid)) - {before[0]}) == WORKERS, "a new worker")
        sent += [send_with_own_connection(server, number) for number in range(12, 24)]
        wait_until(lambda: len(server.inbox(wait_s=0, limit="100")) == 24, "twenty-four messages in the inbox")
        assert len(set(sent)) == 24


def send_with_own_connection(server: RunningServer, number: int) -> str:
    """Send by a client that shares no connection with others; a refused connection is tried again by botocore."""
    client = boto3.session.Session().client(
        "sesv2",
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    answer = client.send_email(
        FromEmailAddress="a@example.com",
        Destination={"ToAddresses": [f"r{number}@example.net"]},
        Content={"Simple": {"Subject": {"Data": f"n{number}"}, "Body": {"Text": {"Data": "x"}}}},
    )
    message_id: str = answer["MessageId"]
    return message_id
