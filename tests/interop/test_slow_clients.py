"""Clients that are slow on purpose, with real sockets: they are ended, and keep nobody out."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.interop.sending import send_simple
from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer, wait_until

PLACES = 200
ATTACKERS = 6
CONNECTIONS_EACH = 100
MEBIBYTE = 1024 * 1024
MEMORY_BYTES = 64 * MEBIBYTE
"""What the attack may cost; a connection with a head that never ends has some 10 KiB, a handshake 300."""

HALF_A_HEAD = b"POST /v2/email/outbound-emails HTTP/1.1\r\nhost: localhost\r\nx-slow: "
HALF_A_BODY = b"POST /v2/email/outbound-emails HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nx"


def resident_bytes(server: RunningServer) -> int:
    """Say how much memory the process has."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def figure(server: RunningServer, sample: str) -> float:
    """Read one figure that a worker counts of `/metrics`."""
    sample = f'{sample[:-1]},worker="0"}}' if sample.endswith("}") else f'{sample}{{worker="0"}}'
    for line in server.get("/metrics").decode().splitlines():
        if line.startswith(f"{sample} "):
            return float(line.removeprefix(sample))
    raise AssertionError(f"no {sample}")


@contextmanager
def connections() -> Iterator[Any]:
    """Give what connects from any loopback address; everything is closed at the end."""
    with ExitStack() as opened:

        def connect(server: RunningServer, listener: str, first_words: bytes, ip: str = "127.0.0.1") -> socket.socket:
            one = socket.create_connection(("127.0.0.1", server.port(listener)), timeout=10, source_address=(ip, 0))
            opened.callback(one.close)
            one.sendall(first_words)
            return one

        yield connect


def is_ended(one: socket.socket) -> bool:
    """Wait until the server has closed a connection."""
    try:
        while one.recv(65536):
            pass
    except (ConnectionResetError, ssl.SSLEOFError):
        pass
    return True


def fresh_client(server: RunningServer, service: str = "sesv2", *, secure: bool = False) -> Any:
    """Give a client with connections of its own."""
    session = boto3.session.Session(ACCESS_KEY_ID, SECRET, region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=30)
    url = server.https_endpoint if secure else server.endpoint
    verify = str(server.ca) if secure else None
    return session.client(service, endpoint_url=url, config=config, verify=verify)


@pytest.mark.parametrize("listener", ["http", "https"])
def test_many_connections_that_say_nothing_keep_nobody_out(listener: str) -> None:
    with RunningServer({"server.max_connections": str(PLACES)}) as server, connections() as connect:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        before = resident_bytes(server)
        # Over TLS a handshake that never goes on, else a head.
        words = b"\x16\x03\x01" if listener == "https" else HALF_A_HEAD
        for attacker in range(ATTACKERS):
            for _ in range(CONNECTIONS_EACH):
                connect(server, listener, words, f"127.0.0.{10 + attacker}")
            sesv2 = fresh_client(server, secure=listener == "https")
            assert sesv2.get_account()["SendingEnabled"]
            sesv2.close()
        assert send_simple(server, ["reader@example.net"])
        assert figure(server, "hatobin_http_put_out_total") >= ATTACKERS * CONNECTIONS_EACH - PLACES
        assert figure(server, 'hatobin_http_turned_away_total{full="all"}') == 0
        assert resident_bytes(server) - before < MEMORY_BYTES


def test_one_client_does_not_take_all_places() -> None:
    with RunningServer({"server.http_connections_per_client": "20"}) as server, connections() as connect:
        held = [connect(server, "http", HALF_A_HEAD, "127.0.0.9") for _ in range(20)]
        turned_away = connect(server, "http", b"", "127.0.0.9")
        assert turned_away.recv(1000).startswith(b"HTTP/1.1 503 ")
        assert fresh_client(server).get_account()["SendingEnabled"]
        assert figure(server, 'hatobin_http_turned_away_total{full="client"}') == 1
        held[0].close()
        wait_until(lambda: figure(server, "hatobin_http_connections") <= 21, "a place is free")
        served = connect(server, "http", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", "127.0.0.9")
        assert served.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_whatever_is_slow_is_ended_and_counted() -> None:
    settings = {"server.http_head_timeout_s": "0.5", "server.http_stall_timeout_s": "0.5"}
    with RunningServer(settings) as server, connections() as connect:
        assert is_ended(connect(server, "http", HALF_A_HEAD))
        assert is_ended(connect(server, "http", HALF_A_BODY))
        assert is_ended(connect(server, "https", b"\x16\x03\x01"))
        plain = connect(server, "https", b"")
        with server.tls_context().wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(HALF_A_BODY)
            assert is_ended(secure)
        for part, count in {"head": 1, "body": 2, "handshake": 1}.items():
            assert figure(server, f'hatobin_http_timeouts_total{{part="{part}"}}') == count
        wait_until(lambda: figure(server, "hatobin_http_connections") == 1, "only ours is left")


def test_large_bodies_have_a_budget_and_small_ones_go_on() -> None:
    size = 8 * MEBIBYTE
    settings = {"server.max_body_bytes": str(size), "server.http_bodies_bytes": str(size)}
    with RunningServer(settings) as server, connections() as connect:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        head = b"POST /v2/email/outbound-emails HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % size
        holder = connect(server, "http", head + b"x" * (7 * MEBIBYTE))
        wait_until(lambda: figure(server, "hatobin_http_body_bytes") == 7 * MEBIBYTE, "most of it has come")

        raw = b"From: sender@example.com\r\nTo: reader@example.net\r\nSubject: large\r\n\r\n" + b"x\r\n" * MEBIBYTE
        large = {"FromEmailAddress": "sender@example.com", "Content": {"Raw": {"Data": raw}}}
        with pytest.raises(ClientError) as json_refusal:
            fresh_client(server).send_email(**large)
        with pytest.raises(ClientError) as xml_refusal:
            fresh_client(server, "ses").send_raw_email(RawMessage={"Data": raw})
        for refusal in (json_refusal, xml_refusal):
            answer = refusal.value.response
            assert answer["Error"]["Code"] == "ServiceUnavailable"
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
            assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"].isdigit()
        assert send_simple(server, ["reader@example.net"])
        assert figure(server, "hatobin_http_bodies_refused_total") == 2

        holder.close()
        wait_until(lambda: figure(server, "hatobin_http_body_bytes") == 0, "its room is free")
        assert fresh_client(server).send_email(**large)["MessageId"]


def test_the_answer_is_heard_although_the_body_is_not_taken() -> None:
    size = MEBIBYTE
    with RunningServer({"server.max_body_bytes": str(size), "server.http_bodies_bytes": str(size)}) as server:
        raw = b"Subject: too large\r\n\r\n" + b"x\r\n" * MEBIBYTE
        for _ in range(5):
            with pytest.raises(ClientError) as refusal:
                fresh_client(server).send_email(Content={"Raw": {"Data": raw}})
            assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
