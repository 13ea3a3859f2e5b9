"""While outcomes cannot be recorded: delivery stops, the doors say later, and a kill then loses nothing.

The moment is made certain: the test holds the lock that the server needs for
writing, so an outcome can be in the attempt journal only.
"""

from __future__ import annotations

import fcntl
import signal
import smtplib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import apsw
from botocore.exceptions import ClientError

from tests.chaos.conftest import Store
from tests.chaos.ledger import Ledger, Row, State, is_settled
from tests.interop.sending import send_simple, submit
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

_ANSWER_AFTER_S = 1.5
_READY = 20
_QUEUED = 100


@contextmanager
def _nothing_can_be_recorded(server: RunningServer, store: Store) -> Iterator[None]:
    """Hold what every write needs, as a stuck disk would; reading goes on."""
    if store.postgres is not None:
        with store.postgres.connect(store.database) as connection, connection.transaction():
            connection.execute("LOCK TABLE queue_recipient IN EXCLUSIVE MODE")
            yield
        return
    writer = apsw.Connection(str(server.data / "hatobin.sqlite"))
    writer.set_busy_timeout(5_000)
    try:
        # As a worker that is stopped in the middle of a write: it has its turn and the database's lock.
        with (server.data / "hatobin.sqlite-turn").open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            writer.execute("BEGIN IMMEDIATE")
            yield
            writer.execute("ROLLBACK")
    finally:
        writer.close()


@contextmanager
def _store_away(server: RunningServer, store: Store) -> Iterator[None]:
    """Have no store to write to: locked where it is a file, crashed where it is a server."""
    if store.postgres is None:
        with _nothing_can_be_recorded(server, store):
            yield
        return
    store.postgres.stop(signal.SIGQUIT)
    yield
    store.postgres.start()


def _relaying(sink: SmtpSink, store: Store, **more: str) -> RunningServer:
    settings = {
        "delivery.mode": "relay",
        "delivery.relay": sink.address,
        "delivery.retry_delays_s": "[0.2]",
        "account.verification": "instant",
    }
    return RunningServer(store.settings | settings | more)


def _killed_before_the_record(sink: SmtpSink, store: Store, *recipients: str) -> dict[str, Row]:
    """Send, kill the server when it has the answer and cannot record it, start again; give the final rows."""
    with _relaying(sink, store) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        identifier = send_simple(server, recipients)
        sink.wait_for(recipients[0])
        with _nothing_can_be_recorded(server, store):
            time.sleep(_ANSWER_AFTER_S + 0.5)
            assert Ledger.of(server).queued == len(recipients), "the moment was missed"
            server.kill9()
        server.start()
        wait_until(lambda: is_settled(server), "the outcomes are recorded", timeout_s=30)
        return {to: Ledger.of(server).rows[identifier, to] for to in recipients}


def test_an_answer_that_was_seen_is_recorded_and_nothing_is_sent_again(store: Store) -> None:
    with SmtpSink(delay_s=_ANSWER_AFTER_S) as sink:
        rows = _killed_before_the_record(sink, store, "reader@example.net")
        assert rows["reader@example.net"].state is State.DELIVERED
        assert rows["reader@example.net"].possible_duplicates == 0
        assert sink.copies("reader@example.net") == 1


def test_a_recipient_that_was_refused_is_not_called_delivered(store: Store) -> None:
    with SmtpSink(delay_s=_ANSWER_AFTER_S) as sink:
        recipients = ("reader@example.net", "reject@example.net", "tempfail-1@example.net")
        rows = _killed_before_the_record(sink, store, *recipients)
        assert rows["reject@example.net"].state is State.BOUNCED
        for to in ("reader@example.net", "tempfail-1@example.net"):
            assert rows[to].state is State.DELIVERED
            assert 1 <= sink.copies(to) <= 1 + rows[to].possible_duplicates
        assert sink.copies("reject@example.net") == 0


def _status_of_api(server: RunningServer) -> int:
    """Send by the API and give the status of the refusal."""
    try:
        send_simple(server, ["late@example.net"])
    except ClientError as refused:
        return int(refused.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200


def _code_of_smtp(server: RunningServer) -> int:
    """Send by SMTP and give the reply to the content."""
    data = b"From: sender@example.com\r\n\r\nLate.\r\n"
    with smtplib.SMTP("127.0.0.1", server.port("trusted"), timeout=60) as session:
        session.ehlo()
        return int(submit(session, "sender@example.com", ["late@example.net"], data)[:3])


def test_delivery_stops_and_the_doors_say_later_until_outcomes_can_be_recorded_again(store: Store) -> None:
    more = {"server.trusted": "127.0.0.1:0", "delivery.ready_messages": str(_READY)}
    with SmtpSink() as sink, _relaying(sink, store, **more) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        with sink.weather("stall"):
            for number in range(_QUEUED):
                send_simple(server, [f"reader-{number}@example.net"])
            away = _store_away(server, store)
            away.__enter__()
        # Where it is a lock, both wait for it as long as a write does, and delivery has all that time.
        with ThreadPoolExecutor() as clients:
            api, smtp = clients.submit(_status_of_api, server), clients.submit(_code_of_smtp, server)
        assert (api.result(), smtp.result() // 100) == (503, 4)
        sink.wait(lambda one: True, "what is in memory still leaves")
        assert len(sink.received) <= _READY, "delivery goes on although nothing can be recorded"
        away.__exit__(None, None, None)
        wait_until(lambda: is_settled(server), "the queue empties", timeout_s=60)
        assert len(Ledger.of(server).rows) == _QUEUED, "what was refused is not kept"
        assert len(sink.received) == _QUEUED
