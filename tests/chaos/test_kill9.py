"""kill -9 under load: what was acknowledged survives, and every second copy is owned up to."""

from __future__ import annotations

import random
import signal
import statistics
import time
from typing import Any

import pytest

from tests.chaos.conftest import Store
from tests.chaos.ledger import DELIVERED, Ledger, check_books, copies, is_settled
from tests.chaos.load import Load
from tests.interop.sending import configuration_set_to, kinds, send_simple, take_events, topic_with_queue
from tests.peers.postgres import Postgres
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

_SESSIONS = 8
_SETTLE_TIMEOUT_S = 120.0
_LONGEST_LIFE_S = 1.2
_TAKEOVER_S = 2.0
# On a machine that does other work too, single rounds may take longer than the target.
_SLOWEST_TAKEOVER_S = 6.0


def _relaying(sink: SmtpSink, store: Store | None = None) -> RunningServer:
    return RunningServer(
        {
            **(store.settings if store else {}),
            "delivery.mode": "relay",
            "delivery.relay": sink.address,
            "delivery.sessions_per_site": str(_SESSIONS),
            # Small, so that rows also wait unleased in the database.
            "delivery.ready_messages": "100",
            "delivery.retry_delays_s": "[0.2]",
            "delivery.retry_jitter": "0",
            "account.verification": "instant",
        }
    )


def _leftovers(load: Load, sink: SmtpSink) -> set[str]:
    """Ids that were acknowledged and have not arrived anywhere."""
    arrived = {one.id for one in list(sink.received)}
    return {
        one.id for one in load.promised() if one.id not in arrived and any(to.startswith("ok") for to in one.recipients)
    }


def _wait_for_takeover(load: Load, sink: SmtpSink, left: set[str]) -> float | None:
    """Give the seconds until the first leftover arrives; None where nothing was left over."""
    if not left:
        return None
    begun = time.monotonic()
    sink.wait(lambda one: one.id in left, "a leftover of the killed process", timeout_s=_SLOWEST_TAKEOVER_S)
    return time.monotonic() - begun


def _wait_until_accepted(load: Load) -> None:
    """Wait until a client is promised something again."""
    before = len(load.promised())
    wait_until(lambda: len(load.promised()) > before, "mail is accepted again", timeout_s=20)


def _more(events: list[dict[str, Any]], server: RunningServer, url: str) -> list[dict[str, Any]]:
    """Add what the queue has now to the events taken before."""
    events += take_events(server, url, 1, polls=1)
    return events


def _say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        print(text, flush=True)


def test_acknowledged_mail_survives_kills_at_random_moments(
    store: Store, rounds: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    takeovers: list[float] = []
    with SmtpSink(delay_s=0.03) as sink, _relaying(sink, store) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        with Load(server, seed=seed, receiver=sink) as load:
            for number in range(1, rounds + 1):
                time.sleep(dice.uniform(0.05, _LONGEST_LIFE_S))
                if dice.random() < 0.2:
                    # An impatient supervisor: SIGTERM, and SIGKILL in the middle of the orderly end.
                    server.ask_to_stop()
                    time.sleep(dice.uniform(0.0, 0.5))
                server.kill9()
                left = _leftovers(load, sink)
                server.start()
                if (took_s := _wait_for_takeover(load, sink, left)) is not None:
                    takeovers.append(took_s)
                if number % 10 == 0:
                    done = f"{len(load.promised())} promised, {len(sink.received)} arrived"
                    _say(capsys, f"kill {number}/{rounds}: {done}")
        assert not load.faults, load.faults
        wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=_SETTLE_TIMEOUT_S)
        ledger, got = Ledger.of(server), copies(sink.received)
        check_books(ledger, load.promised(), got)
        server.stop()
        server.check_stderr()
    twice = sum(count - 1 for count in got.values())
    assert ledger.possible_duplicates <= rounds * _SESSIONS * 3, "more doubtful attempts than sessions at the kills"
    assert len(load.promised()) > rounds * 10, "there was hardly any load"
    assert takeovers, "no kill left anything to take over"
    _say(
        capsys,
        f"{rounds} kills (seed {seed}): {len(load.promised())} messages promised, {load.unanswered} unanswered, "
        f"{len(got)} deliveries, {twice} twice, {ledger.possible_duplicates} owned up to, "
        f"takeover {statistics.median(takeovers):.2f} s (median), {max(takeovers):.2f} s (worst)",
    )
    assert statistics.median(takeovers) <= _TAKEOVER_S


def test_acknowledged_mail_survives_crashes_of_the_database(
    rounds: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL dies at random moments, and now and then the server with it."""
    dice = random.Random(seed)
    with Postgres() as database, SmtpSink(delay_s=0.03) as sink:
        store = Store({"store.url": database.create_database("chaos")}, database)
        with _relaying(sink, store) as server:
            server.client("sesv2").create_email_identity(EmailIdentity="example.com")
            with Load(server, seed=seed, receiver=sink) as load:
                for _ in range(rounds):
                    time.sleep(dice.uniform(0.3, _LONGEST_LIFE_S))
                    both = dice.random() < 0.3
                    database.stop(signal.SIGQUIT)
                    if both:
                        server.kill9()
                    time.sleep(dice.uniform(0.0, 2.0))
                    database.start()
                    if both:
                        server.start()
                    _wait_until_accepted(load)
            assert not load.faults, load.faults
            wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=_SETTLE_TIMEOUT_S)
            ledger, got = Ledger.of(server), copies(sink.received)
            check_books(ledger, load.promised(), got)
            server.stop()
            server.check_stderr()
    twice = sum(count - 1 for count in got.values())
    _say(
        capsys,
        f"{rounds} crashes of PostgreSQL (seed {seed}): {len(load.promised())} messages promised, "
        f"{load.unanswered} unanswered, {len(got)} deliveries, {twice} twice, "
        f"{ledger.possible_duplicates} owned up to",
    )


def test_mailbox_mode_keeps_everything_once_with_its_events(rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    with RunningServer({"local.inbox_messages": "1000000"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        topic, url = topic_with_queue(server, "chaos")
        configuration_set_to(server, "chaos", topic, "SEND", "DELIVERY")
        with Load(server, seed=seed, smtp=1, api=1, set_name="chaos") as load:
            for _ in range(min(rounds, 20)):
                time.sleep(dice.uniform(0.05, _LONGEST_LIFE_S / 2))
                server.kill9()
                server.start()
        assert not load.faults, load.faults
        wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=60)
        ledger = Ledger.of(server)
        assert not ledger.missing(load.promised())
        assert {row.state for row in ledger.rows.values()} == {DELIVERED}
        assert ledger.possible_duplicates == 0
        with server.store() as store:
            kept = [row[0] for row in store.execute("SELECT message_id FROM inbox_message")]
        assert len(kept) == len(set(kept))
        assert set(kept) == {identifier for identifier, _ in ledger.rows}
        ids = {identifier for identifier, _ in ledger.rows}
        events = take_events(server, url, 2 * len(ids), polls=2 * len(ids))
        for kind in ("Send", "Delivery"):
            told = [event["mail"]["messageId"] for event in events if event["eventType"] == kind]
            assert sorted(told) == sorted(ids), f"{kind} events (seed {seed})"


def test_crashes_before_the_ready_line_harm_nothing(rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    with SmtpSink() as sink, _relaying(sink) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        server.configure("delivery.relay", "127.0.0.1:1")
        server.restart()
        identifiers = [send_simple(server, [f"ok+{number}@example.net"]) for number in range(20)]
        server.kill9()
        server.configure("delivery.relay", sink.address)
        for _ in range(min(rounds, 20)):
            server.spawn()
            time.sleep(dice.uniform(0.0, 1.0))
            server.kill9()
        server.start()
        sink.wait(lambda one: one.id in identifiers, "all twenty messages", count=20, timeout_s=60)
        wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=60)
        got = copies(sink.received)
        for place, row in Ledger.of(server).rows.items():
            assert row.state == DELIVERED
            assert 0 <= got[place] - 1 <= row.possible_duplicates


def test_crashes_during_the_very_first_start_leave_a_usable_folder(rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    server = RunningServer()
    server.spawn()
    for _ in range(min(rounds, 20)):
        time.sleep(dice.uniform(0.2, 1.0))
        server.kill9()
        server.spawn()
    server.kill9()
    with server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        identifier = send_simple(server, ["reader@example.net"])
        assert server.inbox(to="reader@example.net")[0]["id"] == identifier


def test_a_stopped_receiver_and_a_kill_do_not_lose_deferred_mail(seed: int) -> None:
    with SmtpSink() as sink, _relaying(sink) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        topic, url = topic_with_queue(server, "deferred")
        configuration_set_to(server, "deferred", topic, "SEND", "DELIVERY", "DELIVERY_DELAY")
        to = "greylist-3+deferred@example.net"
        send_simple(server, [to], ConfigurationSetName="deferred")
        wait_until(lambda: len(sink.tries(to)) >= 1, "the first attempt")
        server.kill9()
        server.start()
        sink.wait_for(to, timeout_s=30)
        events: list[dict[str, Any]] = []
        wait_until(lambda: "Delivery" in kinds(_more(events, server, url)), "the Delivery event")
        assert kinds(events)[0] == "Send"
        assert kinds(events).count("Delivery") == 1
        assert sink.copies(to) == 1
