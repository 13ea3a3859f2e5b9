"""The master key is changed under a running server, and by a command that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Any

import apsw
import pytest

from tests.peers import postgres
from tests.running import ROOT, RunningServer

KEYS = 40
STORES = ["sqlite", "postgres"]


@pytest.fixture(params=STORES)
def server(request: pytest.FixtureRequest) -> Any:
    settings = {}
    if request.param == "postgres":
        url = postgres.shared().create_database(f"master_{time.time_ns()}")
        settings["store.url"] = url
    with RunningServer(settings) as running:
        yield running


def _users(server: RunningServer, count: int) -> list[Any]:
    """Give clients of as many users, each with a key of its own."""
    iam, clients = server.client("iam"), []
    for number in range(count):
        iam.create_user(UserName=f"user{number}")
        key = iam.create_access_key(UserName=f"user{number}")["AccessKey"]
        clients.append(server.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sts"))
    return clients


def _all_work(clients: list[Any]) -> None:
    for number, client in enumerate(clients):
        assert client.get_caller_identity()["Arn"].endswith(f":user/user{number}")


def test_a_running_server_goes_on_and_needs_the_former_key_no_more(server: RunningServer) -> None:
    server.client("sesv2").create_email_identity(EmailIdentity="rotated.example")
    clients = _users(server, 5)
    _all_work(clients)
    told = server.command("keys", "rotate-master")
    assert told["Of"]["access keys"] == 6
    assert told["Of"]["DKIM keys"] >= 1
    time.sleep(2.1)  # What the server keeps of a key is older then.
    _all_work(clients)
    more = _users_after(server)
    assert server.command("keys", "rotate-master", "--forget")["Forgotten"] == 1
    time.sleep(2.1)
    _all_work(clients)
    assert more.get_caller_identity()
    server.restart()
    _all_work(clients)
    assert server.command("keys", "rotate-master", "--forget")["Forgotten"] == 0


def _users_after(server: RunningServer) -> Any:
    """Make a key after the rotation: the server seals it under the new one already."""
    iam = server.client("iam")
    iam.create_user(UserName="later")
    key = iam.create_access_key(UserName="later")["AccessKey"]
    return server.client_with(key["AccessKeyId"], key["SecretAccessKey"], "sts")


def test_a_rotation_that_was_killed_is_finished_by_the_next() -> None:
    with RunningServer() as server:
        clients = _users(server, KEYS)
        command = [sys.executable, "-c", _SLOW, "keys", "rotate-master", "--data", str(server.data)]
        process = subprocess.Popen(command, cwd=ROOT, env=server.environment(), stdout=subprocess.DEVNULL)
        try:
            _wait_for_some(server, process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(2.1)
        _all_work(clients)
        told = server.command("keys", "rotate-master")
        assert told["FinishedEarlier"] is True
        assert 0 < told["Of"]["access keys"] < KEYS + 1
        server.command("keys", "rotate-master", "--forget")
        server.restart()
        _all_work(clients)


# One value in a transaction, and a pause after each: a rotation that takes long enough to be killed.
_SLOW = """
import asyncio
from hatobin.app import resealing
from hatobin.app.cli import main
resealing.PIECE = 1
walk = resealing.reseal_piece
def slow(session, vault, *arguments, changes=True):
    if changes:
        import time
        time.sleep(0.1)
    return walk(session, vault, *arguments, changes=changes)
resealing.reseal_piece = slow
main()
"""


def _wait_for_some(server: RunningServer, process: subprocess.Popen[bytes]) -> None:
    """Wait until a few values are sealed anew, as the database's file tells."""
    database = apsw.Connection(str(server.data / "hatobin.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        heads = [bytes(row[0][:9]) for row in database.execute("SELECT secret_sealed FROM iam_access_key")]
        if len(set(heads)) == 2 and min(heads.count(head) for head in set(heads)) >= 3:
            return
        time.sleep(0.02)
    raise AssertionError("the rotation was over before it could be killed")
