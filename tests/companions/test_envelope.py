"""The three messages as receivers verify them: text, signature, layout."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from hatobin.companions.sns.envelope import Notice, render, render_attributes, timestamp_text
from hatobin.companions.sns.model import Kind, MessageAttribute
from hatobin.companions.sns.signer import SnsSigner
from tests.companions.world import CERTIFICATE_URL, LINK_BASE, NOON, signing_key

TOPIC = "arn:aws:sns:us-east-1:123456789012:events"
SIGNED_MEMBERS = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def verify(text: str) -> dict[str, Any]:
    """Check a message as a receiver does, from its JSON alone; raises `InvalidSignature`."""
    message: dict[str, Any] = json.loads(text)
    lines = ""
    for name in SIGNED_MEMBERS[message["Type"]]:
        if name in message:
            lines += f"{name}\n{message[name]}\n"
    digest = {"1": hashes.SHA1(), "2": hashes.SHA256()}[message["SignatureVersion"]]
    signature = base64.b64decode(message["Signature"], validate=True)
    signing_key().public_key().verify(signature, lines.encode(), padding.PKCS1v15(), digest)
    return message


def notice(kind: Kind = Kind.NOTIFICATION, **changes: Any) -> Notice:
    given: dict[str, Any] = {
        "kind": kind,
        "message_id": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "topic_arn": TOPIC,
        "message": 'Grüße, "鳩便"\r\nline two \\ \u2028 end',
        "published_at": NOON + 0.125,
    }
    if kind is not Kind.NOTIFICATION:
        given |= {"token": "abcdef", "subscribe_url": f"{LINK_BASE}/?Action=ConfirmSubscription"}
    return Notice(**(given | changes))


def written(message: Notice, version: str = "1", unsubscribe_url: str | None = None) -> str:
    signer = SnsSigner(signing_key(), CERTIFICATE_URL, link_base=LINK_BASE)
    return render(message, signer.seal(message, version), unsubscribe_url=unsubscribe_url)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "message",
    [
        notice(),
        notice(subject="Amazon SES Email Event Notification"),
        notice(Kind.SUBSCRIPTION_CONFIRMATION),
        notice(Kind.UNSUBSCRIBE_CONFIRMATION),
    ],
    ids=["notification", "with subject", "subscription", "unsubscribe"],
)
def test_an_independent_check_accepts_every_message(message: Notice, version: str) -> None:
    found = verify(written(message, version))
    assert found["SignatureVersion"] == version
    assert found["Message"] == message.message
    assert ("Subject" in found) is (message.subject is not None)


@pytest.mark.parametrize("member", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn"])
def test_a_tampered_member_fails(member: str) -> None:
    message = json.loads(written(notice(subject="s")))
    message[member] += "x"
    with pytest.raises(InvalidSignature):
        verify(json.dumps(message))


def test_members_stand_in_the_order_of_the_guide() -> None:
    attributes = render_attributes({"k": MessageAttribute("String", "v"), "b": MessageAttribute("Binary", b"\x00\xff")})
    text = written(notice(subject="s", attributes=attributes), unsubscribe_url="http://u/")
    assert list(json.loads(text)) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    ]
    assert json.loads(text)["MessageAttributes"] == {
        "k": {"Type": "String", "Value": "v"},
        "b": {"Type": "Binary", "Value": "AP8="},
    }
    assert text.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "22b8')
    assert list(json.loads(written(notice(Kind.SUBSCRIPTION_CONFIRMATION)))) == [
        "Type",
        "MessageId",
        "Token",
        "TopicArn",
        "Message",
        "SubscribeURL",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (1335920046.655, "2012-05-02T00:54:06.655Z"),
        (0.9996, "1970-01-01T00:00:01.000Z"),
        (NOON, "2026-01-01T12:00:00.000Z"),
    ],
)
def test_timestamps_have_milliseconds(moment: float, text: str) -> None:
    assert timestamp_text(moment) == text
