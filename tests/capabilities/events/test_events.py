"""The published JSON, to the member (surface: event-publishing-retrieving-sns-examples)."""

from __future__ import annotations

import json

from msgspec import Raw

from hatobin.capabilities import events
from hatobin.capabilities.events import Event, MailFacts, MailJson
from hatobin.capabilities.queue import MessageKey
from hatobin.words.event import EventKind
from hatobin.words.outcome import Bounced, BounceSubType, BounceType, Deferred, DelayType, Delivered, Hop
from hatobin.words.reply import Reply

KEY = MessageKey("123456789012", "us-east-1", "0100-1")
HOP = Hop(host="mx.example.net", remote_ip="192.0.2.1", local_ip="192.0.2.9")
AT = 1_501_893_662.669


def mail() -> MailJson:
    facts = MailFacts(
        accepted_at=1_501_893_602.012,
        source="Sender Name <sender@example.com>",
        source_arn="arn:aws:ses:us-east-1:123456789012:identity/sender@example.com",
        account_id="123456789012",
        message_id="0100-1",
        destination=["recipient@example.com"],
        headers=Raw(b'[{"name":"From","value":"Sender Name <sender@example.com>"}]'),
        headers_truncated=False,
        common_headers=Raw(b'{"from":["Sender Name <sender@example.com>"],"messageId":"0100-1","subject":"Hi"}'),
    )
    tags = events.mail_tags(
        operation="SendEmail",
        configuration_set="ConfigSet",
        source_ip="192.0.2.0",
        from_domain="example.com",
        caller_identity="ses_user",
        tls_version="TLSv1.3",
        custom={"myCustomTag1": "myCustomTagValue1"},
    )
    return MailJson(events.mail_head(facts), tags)


def published(kind: EventKind, detail: str, outgoing_ip: str = "") -> dict[str, object]:
    event = Event(KEY, "ConfigSet", kind, AT, detail, outgoing_ip=outgoing_ip)
    decoded: dict[str, object] = json.loads(event.payload(mail().head, event.tags(mail())))
    return decoded


def test_send_has_the_common_part_and_nothing_else() -> None:
    event = published(EventKind.SEND, events.send_detail())
    assert list(event) == ["eventType", "mail", "send"]
    assert event["send"] == {}
    assert event["mail"] == {
        "timestamp": "2017-08-05T00:40:02.012Z",
        "source": "Sender Name <sender@example.com>",
        "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/sender@example.com",
        "sendingAccountId": "123456789012",
        "messageId": "0100-1",
        "destination": ["recipient@example.com"],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": "Sender Name <sender@example.com>"}],
        "commonHeaders": {"from": ["Sender Name <sender@example.com>"], "messageId": "0100-1", "subject": "Hi"},
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": ["ConfigSet"],
            "ses:source-tls-version": ["TLSv1.3"],
            "ses:source-ip": ["192.0.2.0"],
            "ses:from-domain": ["example.com"],
            "ses:caller-identity": ["ses_user"],
            "myCustomTag1": ["myCustomTagValue1"],
        },
    }


def test_delivery_adds_the_outgoing_ip_to_the_tags() -> None:
    detail = events.delivery_detail(
        ["recipient@example.com"],
        Delivered(Reply.of(250, "2.6.0 Message received"), HOP),
        at=AT,
        accepted_at=1_501_893_602.012,
        reporting_mta="email.example.net",
    )
    event = published(EventKind.DELIVERY, detail, "192.0.2.9")
    assert event["mail"]["tags"]["ses:outgoing-ip"] == ["192.0.2.9"]  # type: ignore[index]
    assert event["delivery"] == {
        "timestamp": "2017-08-05T00:41:02.669Z",
        "processingTimeMillis": 60657,
        "recipients": ["recipient@example.com"],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "email.example.net",
    }


def test_bounce_names_each_recipient_with_status_and_diagnostic() -> None:
    outcome = Bounced(BounceType.PERMANENT, BounceSubType.GENERAL, Reply.of(550, "5.1.1 user unknown"), HOP, True)
    detail = events.bounce_detail([("r@example.com", outcome)], at=AT, feedback_id="f", reporting_mta="mta.example")
    assert published(EventKind.BOUNCE, detail)["bounce"] == {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": "r@example.com",
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
        ],
        "timestamp": "2017-08-05T00:41:02.669Z",
        "feedbackId": "f",
        "reportingMTA": "dsn; mta.example",
    }


def test_a_reply_without_an_enhanced_code_gives_only_its_class() -> None:
    outcome = Bounced(BounceType.PERMANENT, BounceSubType.GENERAL, Reply.of(550, "go away"), HOP)
    detail = json.loads(events.bounce_detail([("r@e.org", outcome)], at=AT, feedback_id="f", reporting_mta="m"))
    assert detail["bouncedRecipients"][0]["status"] == "5.0.0"


def test_complaint_leaves_out_what_the_report_did_not_say() -> None:
    detail = json.loads(events.complaint_detail(["r@e.org"], at=AT, feedback_id="f"))
    assert set(detail) == {"complainedRecipients", "timestamp", "feedbackId", "complaintSubType"}


def test_rendering_failure_delay_and_reject() -> None:
    failure = events.failure_detail("Attribute 'attributeName' is not present in the rendering data.", "MyTemplate")
    event = published(EventKind.RENDERING_FAILURE, failure)
    assert event["eventType"] == "Rendering Failure"
    assert event["failure"] == {
        "errorMessage": "Attribute 'attributeName' is not present in the rendering data.",
        "templateName": "MyTemplate",
    }
    delayed = Deferred(DelayType.TRANSIENT_COMMUNICATION_FAILURE, Reply.of(421, "4.4.1 Unable to connect"), HOP)
    delay = json.loads(events.delay_detail([("r@e.org", delayed)], at=AT, expires_at=AT + 60))
    assert delay["delayType"] == "TransientCommunicationFailure"
    assert delay["delayedRecipients"] == [
        {"emailAddress": "r@e.org", "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 Unable to connect"}
    ]
    assert published(EventKind.REJECT, events.reject_detail("Bad content"))["reject"] == {"reason": "Bad content"}
