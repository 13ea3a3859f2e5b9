"""Bounces and complaints that are told by mail: to whom, when, and what the mail says."""

from __future__ import annotations

import json
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from hatobin.capabilities import inbox
from hatobin.words.settings import Account, Delivery, Service, Settings
from tests.api.harness import OTHER_ACCOUNT, Api
from tests.api.submission import submit
from tests.simulation.receiver import Accepts, Defers, KnowsNobody, Receiver
from tests.simulation.server import RECEIVER_IP
from tests.stores import not_on_postgres

SENDER, DOMAIN = "sender@example.com", "example.com"
BOUNCE, COMPLAINT = "bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"
RELAYING = Settings(
    account=Account(verification="instant"),
    delivery=Delivery(mode="relay", relay=RECEIVER_IP, service_signature=False),
    service=Service(domain="mail.example"),
)


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity=DOMAIN)
    return client


def by_v2(api: Api, to: str = BOUNCE, text: str = "Hello", **more: Any) -> None:
    api.client("sesv2").send_email(
        FromEmailAddress=f"Ann <{SENDER}>",
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "Grüße"}, "Body": {"Text": {"Data": text}}}},
        **more,
    )


def by_v1(api: Api, **more: Any) -> None:
    api.client("ses").send_email(
        Source=SENDER,
        Destination={"ToAddresses": [BOUNCE]},
        Message={"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}},
        **more,
    )


def raw(return_path: str | None = None) -> bytes:
    header = "" if return_path is None else f"Return-Path: {return_path}\r\n"
    return f"{header}From: {SENDER}\r\nTo: {BOUNCE}\r\nSubject: Hi\r\n\r\nHello\r\n".encode()


def by_raw(api: Api, data: bytes, **more: Any) -> None:
    api.client("sesv2").send_email(Content={"Raw": {"Data": data}}, **more)


def by_smtp(api: Api, data: bytes, reverse_path: str) -> None:
    assert submit(api, data, BOUNCE, reverse_path=reverse_path).startswith("250")


def entries(api: Api) -> list[inbox.InboxEntry]:
    api.wait_until_delivered()
    return api.read(lambda s: inbox.search(s, limit=10))


def told(api: Api) -> list[str]:
    """Give who was told, newest first."""
    return [to for entry in entries(api) for to in entry.recipients]


def report(api: Api) -> Message:
    [entry] = entries(api)
    assert entry.content is not None
    return message_from_bytes(entry.content)


def test_a_bounce_is_told_by_mail(api: Api, ses: Any) -> None:
    by_v2(api)
    [entry] = entries(api)
    assert (entry.reverse_path, entry.recipients) == ("", (SENDER,))
    message = report(api)
    assert message["From"] == "<MAILER-DAEMON@hatobin.localhost>"
    assert message["To"] == f"<{SENDER}>"
    assert message["Subject"] == "Delivery Status Notification (Failure)"
    assert message["Auto-Submitted"] == "auto-replied"
    assert (message.get_content_type(), message.get_param("report-type")) == ("multipart/report", "delivery-status")
    people, machine, original = message.get_payload()
    assert BOUNCE in people.get_payload()
    of_message, of_recipient = machine.get_payload()
    assert of_message["Reporting-MTA"] == "dns; hatobin.localhost"
    assert dict(of_recipient) == {
        "Final-Recipient": f"rfc822; {BOUNCE}",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; a.simulator.amazonses.com",
        "Diagnostic-Code": "smtp; 550 5.1.1 user unknown",
    }
    assert original.get_content_type() == "text/rfc822-headers"
    assert f"From: Ann <{SENDER}>" in original.get_payload()
    assert "Hello" not in original.get_payload()


def test_a_complaint_is_told_by_mail(api: Api, ses: Any) -> None:
    by_v2(api, COMPLAINT)
    message = report(api)
    assert message["From"] == "<complaints@hatobin.localhost>"
    assert (message.get_content_type(), message.get_param("report-type")) == ("multipart/report", "feedback-report")
    _, machine, original = message.get_payload()
    [facts] = machine.get_payload()
    assert facts["Feedback-Type"] == "abuse"
    assert facts["Original-Rcpt-To"] == COMPLAINT
    assert f"To: {COMPLAINT}" in original.get_payload()


@pytest.mark.parametrize(("name", "count"), [("success", 0), ("ooto", 0), ("suppressionlist", 1), ("nobody", 1)])
def test_what_else_the_simulator_does(api: Api, ses: Any, name: str, count: int) -> None:
    by_v2(api, f"{name}@simulator.amazonses.com")
    assert told(api) == [SENDER] * count


_OTHER, _HEADER, _PATH = "other@example.com", "header@example.com", "path@example.com"


@pytest.mark.parametrize(
    ("send", "to"),
    [
        (lambda api: by_v2(api), SENDER),
        (lambda api: by_v2(api, FeedbackForwardingEmailAddress=_OTHER), _OTHER),
        (lambda api: by_v1(api), SENDER),
        (lambda api: by_v1(api, ReturnPath=_OTHER), _OTHER),
        (lambda api: by_raw(api, raw()), SENDER),
        (lambda api: by_raw(api, raw(), FromEmailAddress=_OTHER), _OTHER),
        (lambda api: by_raw(api, raw(f"<{_HEADER}>"), FromEmailAddress=_OTHER), _HEADER),
        (lambda api: by_raw(api, raw(_HEADER), FeedbackForwardingEmailAddress=_OTHER), _OTHER),
        (lambda api: by_raw(api, raw("<>")), SENDER),
        (lambda api: by_smtp(api, raw(), _PATH), _PATH),
        (lambda api: by_smtp(api, raw(_HEADER), _PATH), _HEADER),
    ],
)
def test_the_return_path_is_told_else_the_source(api: Api, ses: Any, send: Callable[[Api], None], to: str) -> None:
    send(api)
    assert told(api) == [to]


def _topic(api: Api, kind: str) -> None:
    arn = api.client("sns").create_topic(Name="feedback")["TopicArn"]
    api.client("ses").set_identity_notification_topic(Identity=DOMAIN, NotificationType=kind, SnsTopic=arn)


def _published(api: Api, ses: Any, *kinds: str, enabled: bool = True) -> None:
    arn = api.client("sns").create_topic(Name="events")["TopicArn"]
    ses.create_configuration_set(ConfigurationSetName="cs")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="cs",
        EventDestinationName="there",
        EventDestination={
            "Enabled": enabled,
            "MatchingEventTypes": list(kinds),
            "SnsDestination": {"TopicArn": arn},
        },
    )


def test_mail_comes_beside_the_notifications_of_a_topic(api: Api, ses: Any) -> None:
    _topic(api, "Bounce")
    by_v2(api)
    assert told(api) == [SENDER]


@pytest.mark.parametrize(("kind", "count"), [("Bounce", 0), ("Complaint", 1)])
def test_forwarding_that_is_off_is_replaced_by_a_topic_of_that_kind(api: Api, ses: Any, kind: str, count: int) -> None:
    _topic(api, kind)
    ses.put_email_identity_feedback_attributes(EmailIdentity=DOMAIN, EmailForwardingEnabled=False)
    by_v2(api)
    assert told(api) == [SENDER] * count


@pytest.mark.parametrize(
    ("kinds", "enabled", "count"), [(["BOUNCE", "SEND"], True, 0), (["COMPLAINT"], True, 1), (["BOUNCE"], False, 1)]
)
def test_forwarding_that_is_off_is_replaced_by_events(
    api: Api, ses: Any, kinds: list[str], enabled: bool, count: int
) -> None:
    _published(api, ses, *kinds, enabled=enabled)
    ses.put_email_identity_feedback_attributes(EmailIdentity=DOMAIN, EmailForwardingEnabled=False)
    by_v2(api, ConfigurationSetName="cs")
    assert told(api) == [SENDER] * count


def test_forwarding_that_is_off_goes_on_while_nobody_else_is_told(api: Api, ses: Any) -> None:
    ses.put_email_identity_feedback_attributes(EmailIdentity=DOMAIN, EmailForwardingEnabled=False)
    by_v2(api)
    by_v2(api, COMPLAINT)
    assert told(api) == [SENDER, SENDER]


def test_an_address_decides_before_its_domain(api: Api, ses: Any) -> None:
    _topic(api, "Bounce")
    ses.create_email_identity(EmailIdentity=SENDER)
    ses.put_email_identity_feedback_attributes(EmailIdentity=SENDER, EmailForwardingEnabled=False)
    by_v2(api)
    assert told(api) == []


def test_mail_that_tells_of_a_bounce_is_told_nobody_when_it_bounces(api: Api, ses: Any) -> None:
    api.client("sesv2").create_email_identity(EmailIdentity="simulator.amazonses.com")
    by_v2(api, FeedbackForwardingEmailAddress=BOUNCE)
    assert told(api) == []
    assert api.world.count("SELECT COUNT(*) FROM queue_message") == 2
    assert api.world.count("SELECT COUNT(*) FROM queue_message WHERE account_id = 'service'") == 1


@pytest.mark.parametrize("api", [RELAYING], indirect=True)
def test_null_reverse_path_reaches_the_wire_and_a_refusal_ends_it(api: Api, ses: Any) -> None:
    receiver = api.world.network.receivers[RECEIVER_IP] = Receiver(KnowsNobody())
    by_v2(api, "you@example.net")
    api.wait_until_delivered()
    assert receiver.visits == {"you@example.net": 1, SENDER: 1}
    assert api.world.count("SELECT COUNT(*) FROM queue_message") == 2


def test_report_of_a_large_message_has_its_header(api: Api, ses: Any) -> None:
    by_v2(api, text="A line.\r\n" * 30_000)
    original = report(api).get_payload()[2]
    assert f"From: Ann <{SENDER}>" in original.get_payload()


@not_on_postgres
@pytest.mark.parametrize("api", [RELAYING], indirect=True)
@pytest.mark.parametrize("text", ["Hello", "A line.\r\n" * 30_000], ids=["small", "large"])
def test_a_message_that_expired_is_told_with_its_header(api: Api, ses: Any, text: str) -> None:
    receiver = api.world.network.receivers[RECEIVER_IP] = Receiver(Defers(times=1_000_000))
    by_v2(api, "you@example.net", text=text)
    api.wait(lambda: api.world.count("SELECT COUNT(*) FROM queue_recipient WHERE state = 3") == 1, limit_s=60_000)
    receiver.behaviour = Accepts()
    api.wait_until_delivered()
    [taken] = receiver.taken
    assert (taken.reverse_path, taken.recipients) == ("", (SENDER,))
    _, machine, original = message_from_bytes(taken.content).get_payload()
    assert machine.get_payload()[1]["Status"].startswith("4.")
    assert f"From: Ann <{SENDER}>" in original.get_payload()


def test_reports_are_in_nobody_s_quota(api: Api, ses: Any) -> None:
    by_v2(api, "you@example.net")
    by_v2(api)
    assert told(api) == [SENDER, "you@example.net"]
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 1  # The simulator's recipients do not count.


@pytest.mark.parametrize("api", [RELAYING], indirect=True)
def test_nobody_is_told_once_the_identity_is_gone(api: Api, ses: Any) -> None:
    by_v2(api, "you@example.net")
    api.wait(lambda: api.world.count("SELECT COUNT(*) FROM queue_recipient WHERE attempts = 1") == 1)
    ses.delete_email_identity(EmailIdentity=DOMAIN)
    receiver = api.world.network.receivers[RECEIVER_IP] = Receiver(KnowsNobody())
    api.wait_until_delivered()
    assert receiver.visits == {"you@example.net": 1}


def test_whoever_sent_with_another_accounts_identity_is_told(api: Api, ses: Any) -> None:
    arn = f"arn:aws:ses:us-east-1:123456789012:identity/{DOMAIN}"
    statement = {"Effect": "Allow", "Action": "ses:*", "Resource": arn, "Principal": {"AWS": OTHER_ACCOUNT}}
    ses.create_email_identity_policy(EmailIdentity=DOMAIN, PolicyName="p", Policy=json.dumps({"Statement": statement}))
    api.client("sesv2", account_id=OTHER_ACCOUNT).send_email(
        FromEmailAddress=SENDER,
        FromEmailAddressIdentityArn=arn,
        Destination={"ToAddresses": [BOUNCE]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
    )
    assert len(told(api)) == 1
