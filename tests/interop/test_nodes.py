"""Several nodes on one PostgreSQL and one bucket: whole servers, as an operator runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from hatobin.app.schema import migrations
from tests.interop.sending import send_raw, send_simple
from tests.peers import postgres
from tests.peers.object_store import ObjectStore
from tests.peers.smtp_sink import SmtpSink
from tests.running import ROOT, RunningServer, wait_until

KEY = "5e" * 32


@pytest.fixture
def url() -> str:
    """A database of its own on a real PostgreSQL."""
    return postgres.shared().create_database(f"node_{uuid.uuid4().hex[:8]}")


@contextmanager
def node(url: str, sink: SmtpSink, **more: str) -> Iterator[RunningServer]:
    """One node with a data folder of its own; all have the same master key."""
    settings = {
        "store.url": url,
        "delivery.mode": "relay",
        "delivery.relay": sink.address,
        "delivery.retry_delays_s": "[0.2]",
        "account.verification": "instant",
    } | {key.replace("__", "."): value for key, value in more.items()}
    server = RunningServer(settings, variables={"HATOBIN_MASTER_KEY": KEY})
    with server:
        yield server


def test_what_one_node_makes_the_other_uses(url: str) -> None:
    with SmtpSink() as sink, node(url, sink) as one, node(url, sink) as other:
        one.client("sesv2").create_email_identity(EmailIdentity="example.com")
        sent = [send_simple(server, [f"r{n}@example.net"]) for n, server in enumerate((one, other) * 10)]
        sink.wait(lambda message: message.id in sent, "mail of both nodes", count=20)
        assert len(sink.received) == 20
        signatures = {message.data.split(b"s=", 1)[1].split(b";", 1)[0] for message in sink.received}
        assert len(signatures) == 1, "both sign with the identity's one key"


def test_what_a_node_leaves_in_the_queue_another_one_delivers(url: str) -> None:
    with SmtpSink() as sink, node(url, sink, delivery__relay="127.0.0.1:1") as leaving:
        leaving.client("sesv2").create_email_identity(EmailIdentity="example.com")
        sent = [send_simple(leaving, [f"r{n}@example.net"]) for n in range(10)]
        leaving.stop()
        with node(url, sink):
            sink.wait(lambda message: message.id in sent, "the mail of the node that went", count=10)
        leaving.start()


def test_large_bodies_lie_in_the_bucket_until_they_are_delivered(url: str) -> None:
    body = b"From: a@example.com\r\nSubject: large\r\n\r\n" + b"A line of text.\r\n" * 20_000
    with ObjectStore() as objects, SmtpSink() as sink:
        client = objects.client()
        client.create_bucket(Bucket="bodies")
        keys = lambda: [one["Key"] for one in client.list_objects_v2(Bucket="bodies").get("Contents", [])]  # noqa: E731
        with node(url, sink, store__blobs=objects.url("bodies/mail"), delivery__relay="127.0.0.1:1") as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            identifier = send_raw(server, body, ["reader@example.net"], FromEmailAddress="a@example.com")
            assert len(keys()) == 1
            server.configure("delivery.relay", sink.address)
            server.restart()
            sink.wait_for("reader@example.net")
            assert sink.received[0].id == identifier
            assert body.partition(b"\r\n\r\n")[2] in sink.received[0].data
            wait_until(lambda: not keys(), "the body is gone from the bucket")


def test_another_master_key_is_refused_with_a_sentence(url: str) -> None:
    with SmtpSink() as sink, node(url, sink) as server:
        said = refusal(
            "keys", "list", "--data", str(server.data), **server.environment() | {"HATOBIN_MASTER_KEY": "00" * 32}
        )
        assert "does not open with this master key" in said


def test_a_server_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    said = refusal("serve", "--data", str(tmp_path), HATOBIN_STORE__URL="postgresql://nobody@127.0.0.1:1/none")
    assert "the store cannot be opened" in said


def test_a_schema_of_a_newer_version_is_refused_with_a_sentence(url: str, tmp_path: Path) -> None:
    environment = {"HATOBIN_STORE__URL": url}
    migrate = [sys.executable, "-m", "hatobin", "migrate", "--data", str(tmp_path), "--json"]
    done = subprocess.run(migrate, cwd=ROOT, env=process_environment(environment), capture_output=True, timeout=60)
    assert json.loads(done.stdout) == {"schema": len(migrations()), "name": migrations()[-1].name}
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO schema_version (version, name) VALUES (999, 'later')")
    assert "the store has schema 999" in refusal("serve", "--data", str(tmp_path), **environment)


def refusal(*arguments: str, **variables: str) -> str:
    """Run a command that must end with a sentence, and give what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "hatobin", *arguments],
        cwd=ROOT,
        env=process_environment(variables),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def process_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Give our environment without hatobin's settings, our sources first, and `variables`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HATOBIN_"))}
    return kept | {"PYTHONPATH": str(ROOT / "src")} | dict(variables)
