"""SIGTERM while things are under way: an orderly end, within its time, and nothing lost."""

from __future__ import annotations

import json
import smtplib
import socket
import threading
import time
import urllib.error

import apsw
import pytest
from botocore.exceptions import ClientError

from benchmarks.fill import Past, fill_store
from tests.chaos.ledger import Ledger, State, check_books, copies, is_settled
from tests.chaos.load import Load
from tests.interop.sending import accepted_id, send_simple, submission, submit
from tests.peers.smtp_sink import SmtpSink
from tests.running import STOP_TIMEOUT_S, RunningServer, wait_until


def test_long_polls_end_at_once_with_503() -> None:
    with RunningServer() as server:
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="waiting")["QueueUrl"]
        answers: list[int] = []

        def poll_queue() -> None:
            try:
                sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
            except ClientError as error:
                answers.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

        def poll_inbox() -> None:
            try:
                server.inbox(to="nobody@example.net", wait_s=20)
            except urllib.error.HTTPError as error:
                with error:
                    answers.append(error.code)

        polls = [threading.Thread(target=poll, daemon=True) for poll in (poll_queue, poll_inbox)]
        for poll in polls:
            poll.start()
        time.sleep(0.5)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < STOP_TIMEOUT_S / 2
        for poll in polls:
            poll.join(10)
        assert answers == [503, 503]


def test_a_receiver_that_does_not_answer_holds_up_nothing_for_long() -> None:
    with SmtpSink(delay_s=60) as slow, SmtpSink() as quick:
        settings = {"delivery.mode": "relay", "delivery.relay": slow.address, "account.verification": "instant"}
        with RunningServer(settings) as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            identifier = send_simple(server, ["reader@example.net"])
            slow.wait_for("reader@example.net")
            begun = time.monotonic()
            server.stop()
            assert time.monotonic() - begun < STOP_TIMEOUT_S
            server.configure("delivery.relay", quick.address)
            server.start()
            # Nobody knows whether the first receiver took it, so it is sent again, and owned up to.
            assert quick.wait_for("reader@example.net").id == identifier
            wait_until(lambda: is_settled(server), "the outcome is recorded")
            row = Ledger.of(server).rows[identifier, "reader@example.net"]
            assert row.state is State.DELIVERED
            assert row.possible_duplicates == 1


def test_idle_and_unfinished_connections_hold_up_nothing() -> None:
    """A client over TLS that does not look at its idle connection answers no close_notify."""
    request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    half_a_body = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nx"
    with RunningServer() as server:
        kept = [socket.create_connection(("127.0.0.1", server.port("http")), timeout=10) for _ in range(3)]
        plain = [socket.create_connection(("127.0.0.1", server.port("https")), timeout=10) for _ in range(4)]
        secure = [server.tls_context().wrap_socket(one, server_hostname="localhost") for one in plain[:3]]
        for idle in (kept[0], secure[0]):
            idle.sendall(request)
            assert idle.recv(1000).startswith(b"HTTP/1.1 200 ")
        for half_a_head in (kept[1], secure[1]):
            half_a_head.sendall(request[:-2])
        for sending in (kept[2], secure[2]):
            sending.sendall(half_a_body)
        full = b'hatobin_http_connections{worker="0"} 8.0'
        wait_until(lambda: full in server.get("/metrics"), "all of them and ours are there")
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < STOP_TIMEOUT_S / 2
        for idle in kept[:2]:
            assert idle.recv(1000) == b""
        for sending in (kept[2], secure[2]):
            assert sending.recv(1000).startswith(b"HTTP/1.1 503 ")
        for one in [*kept, *secure, *plain]:
            one.close()
        assert "stop_timed_out" not in server.stderr()


def test_a_store_that_does_not_answer_is_not_waited_for() -> None:
    with RunningServer({"server.stop_timeout_s": "3"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        identifier = send_simple(server, ["reader@example.net"])
        stuck = apsw.Connection(str(server.data / "hatobin.sqlite"))
        stuck.set_busy_timeout(5_000)
        stuck.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        server.stop(expected_status=1)
        assert time.monotonic() - begun < STOP_TIMEOUT_S / 2
        assert "stop_cut_short" in server.stderr()
        stuck.close()
        server.start()
        assert [one["id"] for one in server.inbox(to="reader@example.net")] == [identifier]


def test_accepted_and_not_yet_delivered_mail_waits_for_the_next_start() -> None:
    with SmtpSink(delay_s=0.2) as sink:
        settings = {
            "delivery.mode": "relay",
            "delivery.relay": sink.address,
            "delivery.sessions_per_site": "2",
            "account.verification": "instant",
        }
        with RunningServer(settings) as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            made = [send_simple(server, [f"reader-{number}@example.net"]) for number in range(20)]
            server.restart()
            sink.wait(lambda one: one.id in made, "all twenty", count=20, timeout_s=30)
            wait_until(lambda: is_settled(server), "the outcomes are recorded")
        assert len(sink.received) == 20, "an orderly stop sends nothing twice"


def test_an_idle_smtp_session_is_told_and_newcomers_find_nobody() -> None:
    with RunningServer() as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        session = submission(server)
        data = b"From: sender@example.com\r\n\r\nx\r\n"
        identifier = accepted_id(submit(session, "sender@example.com", ["reader@example.net"], data))
        stopping = threading.Thread(target=server.stop, daemon=True)
        stopping.start()
        try:
            code, _ = session.noop()
        except smtplib.SMTPServerDisconnected:
            code = 421
        # The farewell may have been under way before our command was.
        assert code in (421, 250)
        session.close()
        stopping.join(STOP_TIMEOUT_S + 5)
        with pytest.raises(OSError):
            submission(server)
        server.start()
        assert [one["id"] for one in server.inbox(to="reader@example.net")] == [identifier]
        address = json.loads((server.data / "serving.json").read_text())
        assert address["http"] == server.addresses["http"]


def test_a_stop_under_load_sends_nothing_twice_and_loses_nothing() -> None:
    with SmtpSink(delay_s=0.02) as sink:
        settings = {
            "delivery.mode": "relay",
            "delivery.relay": sink.address,
            "delivery.sessions_per_site": "8",
            # Small, so that the claim loop is at work, too.
            "delivery.ready_messages": "50",
            "delivery.retry_delays_s": "[0.2]",
            "account.verification": "instant",
        }
        with RunningServer(settings) as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            with Load(server, seed=4) as load:
                for _ in range(2):
                    time.sleep(1.5)
                    begun = time.monotonic()
                    server.stop()
                    assert time.monotonic() - begun < STOP_TIMEOUT_S
                    server.start()
                time.sleep(0.5)
            assert not load.faults, load.faults
            wait_until(lambda: is_settled(server), "the queue empties", timeout_s=60)
            ledger, got = Ledger.of(server), copies(sink.received)
            check_books(ledger, load.promised(), got)
            assert len(load.promised()) > 100
            assert ledger.possible_duplicates == 0
            assert max(got.values()) == 1


def test_a_stop_with_a_long_line_in_the_store_does_not_wait_for_its_end() -> None:
    with RunningServer({"delivery.ready_messages": "200"}) as server:
        server.stop()
        fill_store(server.data, Past(due=30_000))
        server.start()
        wait_until(lambda: server.inbox(wait_s=0), "the line moves")
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < STOP_TIMEOUT_S / 2
        assert Ledger.of(server).queued, "it was over before the stop"
