"""kill -9 at moments that the chaos run does not see: with subscribers, before the ready line, at the first start."""

from __future__ import annotations

import random
import time
from typing import Any

from tests.chaos.ledger import Ledger, State, copies, is_settled
from tests.chaos.load import Load
from tests.interop.sending import configuration_set_to, kinds, send_simple, take_events, topic_with_queue
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

_LONGEST_LIFE_S = 1.2
_KILLS = 4


def _relaying(sink: SmtpSink) -> RunningServer:
    return RunningServer(
        {
            "delivery.mode": "relay",
            "delivery.relay": sink.address,
            "delivery.retry_delays_s": "[0.2]",
            "delivery.retry_jitter": "0",
            "account.verification": "instant",
        }
    )


def _more(events: list[dict[str, Any]], server: RunningServer, url: str) -> list[dict[str, Any]]:
    """Add what the queue has now to the events taken before."""
    events += take_events(server, url, 1, polls=1)
    return events


def test_mailbox_mode_keeps_everything_once_with_its_events(seed: int) -> None:
    dice = random.Random(seed)
    with RunningServer({"local.inbox_messages": "1000000"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        topic, url = topic_with_queue(server, "chaos")
        configuration_set_to(server, "chaos", topic, "SEND", "DELIVERY")
        with Load(server, seed=seed, smtp=1, api=1, set_name="chaos") as load:
            for _ in range(_KILLS):
                time.sleep(dice.uniform(0.05, _LONGEST_LIFE_S / 2))
                server.kill9()
                server.start()
        assert not load.faults, load.faults
        wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=60)
        ledger = Ledger.of(server)
        assert not ledger.missing(load.promised())
        assert {row.state for row in ledger.rows.values()} == {State.DELIVERED}
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


def test_crashes_before_the_ready_line_harm_nothing(seed: int) -> None:
    dice = random.Random(seed)
    with SmtpSink() as sink, _relaying(sink) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        server.configure("delivery.relay", "127.0.0.1:1")
        server.restart()
        identifiers = [send_simple(server, [f"ok+{number}@example.net"]) for number in range(20)]
        server.kill9()
        server.configure("delivery.relay", sink.address)
        for _ in range(_KILLS):
            server.spawn()
            time.sleep(dice.uniform(0.0, 1.0))
            server.kill9()
        server.start()
        sink.wait(lambda one: one.id in identifiers, "all twenty messages", count=20, timeout_s=60)
        wait_until(lambda: is_settled(server), f"the queue empties (seed {seed})", timeout_s=60)
        got = copies(sink.received)
        for place, row in Ledger.of(server).rows.items():
            assert row.state is State.DELIVERED
            assert 0 <= got[place] - 1 <= row.possible_duplicates


def test_crashes_during_the_very_first_start_leave_a_usable_folder(seed: int) -> None:
    dice = random.Random(seed)
    server = RunningServer()
    server.spawn()
    for _ in range(_KILLS):
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
