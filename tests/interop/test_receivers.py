"""Receivers that say "later", "never", or nothing at all (DEV-IS-26, DEV-IS-27)."""

from __future__ import annotations

import itertools
import uuid

import pytest

from tests.interop.sending import configuration_set_to, kinds, send_simple, take_events, topic_with_queue
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer, wait_until

_ALL = ("SEND", "DELIVERY", "BOUNCE", "DELIVERY_DELAY", "REJECT", "COMPLAINT")


@pytest.fixture
def watched(relaying: RunningServer) -> tuple[str, str]:
    """A configuration set of this test's own, and the queue that gets all its events."""
    name = f"set-{uuid.uuid4().hex[:12]}"
    topic, url = topic_with_queue(relaying, name)
    configuration_set_to(relaying, name, topic, *_ALL)
    return name, url


def _suppressed(server: RunningServer) -> set[str]:
    found = server.client("sesv2").list_suppressed_destinations(PageSize=1000)["SuppressedDestinationSummaries"]
    return {one["EmailAddress"] for one in found}


@pytest.mark.parametrize("word", ["greylist", "tempfail", "full", "busy"])
def test_a_temporary_refusal_is_tried_again_and_delivered(
    relaying: RunningServer, sink: SmtpSink, watched: tuple[str, str], word: str
) -> None:
    name, url = watched
    to = f"{word}-2+{name}@example.net"
    identifier = send_simple(relaying, [to], ConfigurationSetName=name)
    assert sink.wait_for(to, timeout_s=30).id == identifier
    events = take_events(relaying, url, 4)
    assert kinds(events)[0] == "Send"
    assert kinds(events)[-1] == "Delivery"
    assert set(kinds(events)) == {"Send", "DeliveryDelay", "Delivery"}
    tries = sink.tries(to)
    assert len(tries) == 3
    gaps = [after[0] - before[0] for before, after in itertools.pairwise(tries)]
    assert gaps[0] >= 0.3
    assert gaps[1] >= 0.5
    assert sink.copies(to) == 1
    assert to not in _suppressed(relaying)


def test_temporary_for_a_long_time_is_never_a_bounce(
    relaying: RunningServer, sink: SmtpSink, watched: tuple[str, str]
) -> None:
    name, url = watched
    to = f"tempfail+{name}@example.net"
    send_simple(relaying, [to], ConfigurationSetName=name)
    wait_until(lambda: len(sink.tries(to)) >= 5, "five attempts", timeout_s=30)
    events = take_events(relaying, url, 4)
    assert set(kinds(events)) <= {"Send", "DeliveryDelay"}
    assert to not in _suppressed(relaying)


def test_an_unknown_user_bounces_for_good_and_is_suppressed(
    relaying: RunningServer, sink: SmtpSink, watched: tuple[str, str]
) -> None:
    name, url = watched
    to = f"reject+{name}@example.net"
    send_simple(relaying, [to], ConfigurationSetName=name)
    events = take_events(relaying, url, 2)
    assert kinds(events) == ["Send", "Bounce"]
    bounce = events[1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Permanent", "General")
    assert bounce["bouncedRecipients"][0]["status"] == "5.1.1"
    assert "550 5.1.1 No such user here" in bounce["bouncedRecipients"][0]["diagnosticCode"]
    assert len(sink.tries(to)) == 1
    assert to in _suppressed(relaying)
    send_simple(relaying, [to], ConfigurationSetName=name)
    again = take_events(relaying, url, 2)
    assert kinds(again) == ["Send", "Bounce"]
    assert again[1]["bounce"]["bounceSubType"] == "OnAccountSuppressionList"
    assert len(sink.tries(to)) == 1


@pytest.mark.parametrize("word", ["content", "blocked"])
def test_a_refusal_of_the_content_or_the_sender_suppresses_nobody(
    relaying: RunningServer, watched: tuple[str, str], word: str
) -> None:
    name, url = watched
    to = f"{word}+{name}@example.net"
    send_simple(relaying, [to], ConfigurationSetName=name)
    events = take_events(relaying, url, 2)
    assert kinds(events) == ["Send", "Bounce"]
    assert events[1]["bounce"]["bounceType"] != "Permanent"
    assert to not in _suppressed(relaying)


def test_one_bad_recipient_among_good_ones(relaying: RunningServer, sink: SmtpSink, watched: tuple[str, str]) -> None:
    name, url = watched
    good, bad, later = f"good+{name}@example.net", f"reject+{name}@example.net", f"tempfail-1+{name}@example.net"
    send_simple(relaying, [good, bad, later], ConfigurationSetName=name)
    sink.wait_for(later)
    events = take_events(relaying, url, 5)
    assert [sink.copies(to) for to in (good, bad, later)] == [1, 0, 1]
    assert [len(sink.tries(to)) for to in (good, bad, later)] == [1, 1, 2]
    bounces = [event["bounce"] for event in events if event["eventType"] == "Bounce"]
    assert [[one["emailAddress"] for one in bounce["bouncedRecipients"]] for bounce in bounces] == [[bad]]
    delivered = [event["delivery"]["recipients"] for event in events if event["eventType"] == "Delivery"]
    assert delivered == [[good], [later]]


def test_a_connection_dropped_in_the_content_is_tried_again(
    relaying: RunningServer, sink: SmtpSink, watched: tuple[str, str]
) -> None:
    name, url = watched
    to = f"hangup-2+{name}@example.net"
    text = "The same line again and again.\n" * 4000
    content = {"Simple": {"Subject": {"Data": "long"}, "Body": {"Text": {"Data": text}}}}
    identifier = send_simple(relaying, [to], ConfigurationSetName=name, Content=content)
    received = sink.wait_for(to, timeout_s=30)
    assert received.id == identifier
    assert received.message.get_content().replace("\r\n", "\n").strip() == text.strip()
    assert sink.copies(to) == 1
    events = take_events(relaying, url, 4)
    assert set(kinds(events)) == {"Send", "DeliveryDelay", "Delivery"}


def test_no_word_after_the_final_dot_means_again(
    relaying: RunningServer, sink: SmtpSink, watched: tuple[str, str]
) -> None:
    # RFC 5321 §4.2.5, §4.5.4: without a reply nothing is known, so the sender must try again.
    name, url = watched
    to = f"silent-1+{name}@example.net"
    send_simple(relaying, [to], ConfigurationSetName=name)
    sink.wait_for(to, count=2, timeout_s=30)
    events = take_events(relaying, url, 3)
    assert kinds(events)[-1] == "Delivery"
    assert sink.copies(to) == 2


def test_sessions_are_used_again(relaying: RunningServer, sink: SmtpSink) -> None:
    mark = uuid.uuid4().hex[:8]
    for number in range(10):
        send_simple(relaying, [f"row-{mark}-{number}@example.net"])
    received = sink.wait(lambda one: f"row-{mark}-" in one.recipients[0], "ten messages", count=10)
    assert len({one.session for one in received}) < 10


def test_the_receiver_that_is_away_comes_back(sink: SmtpSink) -> None:
    settings = {
        "delivery.mode": "relay",
        "delivery.relay": "127.0.0.1:1",
        "delivery.retry_delays_s": "[0.3]",
        "delivery.connect_timeout_s": "2",
    }
    with RunningServer(settings | {"account.verification": "instant"}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        topic, url = topic_with_queue(server, "away")
        configuration_set_to(server, "away", topic, *_ALL)
        identifier = send_simple(server, ["patient@example.net"], ConfigurationSetName="away")
        assert kinds(take_events(server, url, 2)) == ["Send", "DeliveryDelay"]
        server.stop()
        server.configure("delivery.relay", sink.address)
        server.start()
        assert sink.wait_for("patient@example.net").id == identifier
