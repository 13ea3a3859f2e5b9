"""Several workers on one machine: one address, one store, and a death that nobody notices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import boto3
import psycopg
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.interop.sending import send_simple
from tests.peers import postgres
from tests.peers.postgres import Postgres
from tests.running import ROOT, RunningServer, wait_until

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


def test_what_one_worker_was_told_holds_for_all_at_once() -> None:
    """Workers remember facts between commits: a change by one of them must not be seen late by another."""
    with RunningServer({"server.workers": str(WORKERS)}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        for number in range(6):
            assert send_with_own_connection(server, number)
            server.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
            for _ in range(2 * WORKERS):
                with pytest.raises(ClientError, match="SendingPaused"):
                    send_with_own_connection(server, number)
            server.client("sesv2").put_account_sending_attributes(SendingEnabled=True)
            for _ in range(2 * WORKERS):
                assert send_with_own_connection(server, number)


def refused_start(server: RunningServer) -> str:
    """Start a server that must end by itself, and give what it said."""
    command = [sys.executable, "-m", "hatobin", "serve", "--data", str(server.data)]
    done = subprocess.run(command, cwd=ROOT, env=server.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def workers_on(url: str, data: Path, key: str = "5e" * 32) -> RunningServer:
    """Give a server with workers on a PostgreSQL; not started."""
    settings = {"server.workers": str(WORKERS), "store.url": url}
    return RunningServer(settings, data=data, variables={"HATOBIN_MASTER_KEY": key})


def test_a_store_that_no_worker_can_use_ends_the_first_start_with_one_sentence(tmp_path: Path) -> None:
    url = postgres.shared().create_database(f"workers_{uuid.uuid4().hex[:8]}")
    away = refused_start(workers_on("postgresql://nobody@127.0.0.1:1/none", tmp_path))
    assert away.count("the store cannot be opened") == 1
    with workers_on(url, tmp_path):
        pass
    assert refused_start(workers_on(url, tmp_path, "00" * 32)).count("under another master key") == 1
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO schema_version (version, name) VALUES (999, 'later')")
    newer = refused_start(workers_on(url, tmp_path))
    assert newer.count("the store has schema 999") == 1
    assert newer.rstrip().endswith("no worker can start with this store; the reason stands above")


def test_a_store_that_goes_away_later_ends_nothing(tmp_path: Path) -> None:
    with Postgres() as database, workers_on(database.create_database("workers"), tmp_path) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        pid = server.pid
        database.stop(signal.SIGQUIT)
        for worker in worker_pids(pid):
            os.kill(worker, signal.SIGKILL)
        said = '"event": "worker_waits_for_the_store"'
        wait_until(lambda: server.stderr().count(said) >= 2 * WORKERS, "each worker tries twice", timeout_s=60)
        database.start()
        wait_until(lambda: can_send(server), "mail is taken again", timeout_s=60)
        assert server.pid == pid


@pytest.mark.parametrize("workers", [1, WORKERS])
def test_a_start_line_that_nobody_reads_ends_nothing(workers: int, tmp_path: Path) -> None:
    server = RunningServer({"server.workers": str(workers)}, data=tmp_path)
    process = server.spawn()
    assert process.stdout is not None
    process.stdout.close()
    address = tmp_path / "serving.json"
    wait_until(address.exists, "it serves", timeout_s=60)
    server.addresses = json.loads(wait_until(address.read_text, "its address"))
    assert server.get("/healthz")
    server.stop()
    server.check_stderr()


def can_send(server: RunningServer) -> bool:
    """Whether a message is accepted now."""
    try:
        return bool(send_simple(server, ["reader@example.net"]))
    except (BotoCoreError, ClientError):
        return False


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
