"""kill -9 between the receiver's answer and its record in the database: the attempt journal speaks.

The moment is made certain: the test holds the database's write lock while the
receiver answers, so the outcome can be in the journal only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from tests.chaos.ledger import BOUNCED, DELIVERED, Ledger, Row, is_settled
from tests.interop.sending import send_simple
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

_ANSWER_AFTER_S = 1.5


@contextmanager
def _nothing_can_be_recorded(server: RunningServer) -> Iterator[None]:
    """Hold the write lock of the database, as a stuck disk would."""
    connection = apsw.Connection(str(server.data / "hatobin.sqlite"))
    connection.set_busy_timeout(5_000)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def _killed_before_the_record(sink: SmtpSink, *recipients: str) -> dict[str, Row]:
    """Send, kill the server when it has the answer and cannot record it, start again; give the final rows."""
    settings = {
        "delivery.mode": "relay",
        "delivery.relay": sink.address,
        "delivery.retry_delays_s": "[0.2]",
        "account.verification": "instant",
    }
    with RunningServer(settings) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        identifier = send_simple(server, recipients)
        sink.wait_for(recipients[0])
        with _nothing_can_be_recorded(server):
            time.sleep(_ANSWER_AFTER_S + 0.5)
            assert Ledger.of(server).queued == len(recipients), "the moment was missed"
            server.kill9()
        server.start()
        wait_until(lambda: is_settled(server), "the outcomes are recorded", timeout_s=30)
        return {to: Ledger.of(server).rows[identifier, to] for to in recipients}


def test_an_answer_that_was_seen_is_recorded_and_nothing_is_sent_again() -> None:
    with SmtpSink(delay_s=_ANSWER_AFTER_S) as sink:
        rows = _killed_before_the_record(sink, "reader@example.net")
        assert rows["reader@example.net"].state == DELIVERED
        assert rows["reader@example.net"].possible_duplicates == 0
        assert sink.copies("reader@example.net") == 1


def test_a_recipient_that_was_refused_is_not_called_delivered() -> None:
    with SmtpSink(delay_s=_ANSWER_AFTER_S) as sink:
        rows = _killed_before_the_record(sink, "reader@example.net", "reject@example.net", "tempfail-1@example.net")
        assert rows["reject@example.net"].state == BOUNCED
        for to in ("reader@example.net", "tempfail-1@example.net"):
            assert rows[to].state == DELIVERED
            assert 1 <= sink.copies(to) <= 1 + rows[to].possible_duplicates
        assert sink.copies("reject@example.net") == 0
