"""While outcomes cannot be recorded: delivery stops, the doors say later, and a kill then loses nothing.

The moment is made certain: the test holds the lock that the server needs for
writing, so an outcome can be in the attempt journal only.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import apsw
import pytest
from botocore.exceptions import ClientError

from tests.chaos.conftest import Store
from tests.chaos.ledger import Ledger, Row, State, is_settled
from tests.interop.sending import send_simple
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
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")
    finally:
        writer.close()


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


def test_delivery_stops_and_the_doors_say_later_until_outcomes_can_be_recorded_again(store: Store) -> None:
    more = {"server.trusted": "127.0.0.1:0", "delivery.ready_messages": str(_READY)}
    with SmtpSink() as sink, _relaying(sink, store, **more) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        with sink.weather("stall"):
            for number in range(_QUEUED):
                send_simple(server, [f"reader-{number}@example.net"])
            locked = _nothing_can_be_recorded(server, store)
            locked.__enter__()
        # Two writes of doors wait in vain, one after the other; delivery has all that time.
        with pytest.raises(ClientError) as refused:
            send_simple(server, ["late@example.net"])
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        with smtplib.SMTP("127.0.0.1", server.port("trusted"), timeout=60) as session:
            session.ehlo()
            data = b"From: sender@example.com\r\n\r\nLate.\r\n"
            with pytest.raises(smtplib.SMTPDataError) as deferred:
                session.sendmail("sender@example.com", ["late@example.net"], data)
            assert 400 <= deferred.value.smtp_code < 500
        assert 0 < len(sink.received) <= _READY, "delivery goes on although nothing can be recorded"
        assert Ledger.of(server).queued == _QUEUED
        locked.__exit__(None, None, None)
        wait_until(lambda: is_settled(server), "the queue empties", timeout_s=60)
        assert len(Ledger.of(server).rows) == _QUEUED, "what was refused is not kept"
        assert len(sink.received) == _QUEUED
