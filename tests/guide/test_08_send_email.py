"""Sample 8: an order confirmation by boto3, with tags and a contact list."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guide.marks import printed_form, there_must_be, waits_for
from tests.guide.reader import SENDER, Reader

_SET, _LIST = "guide-08", "monthly-newsletter"


@pytest.fixture(scope="module")
def shop(reader: Reader) -> Reader:
    """What the sample names must exist: a set, its events, and the account's one contact list."""
    reader.configuration_set(_SET, reader.topic(_SET), ["SEND", "DELIVERY", "BOUNCE"])
    reader.client("sesv2").create_contact_list(ContactListName=_LIST)
    return reader


def _confirm(reader: Reader, to: str, order: str, amount: int, **changed: Any) -> str:
    text = f"注文番号: {order}\n合計: ¥{amount:,}"
    call: dict[str, Any] = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": [to], "CcAddresses": ["support@example.com"], "BccAddresses": []},
        "Content": {
            "Simple": {
                "Subject": {"Data": f"ご注文 {order}", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": text, "Charset": "UTF-8"},
                    "Html": {"Data": f"<p>{text}</p>", "Charset": "UTF-8"},
                },
            }
        },
        "ConfigurationSetName": _SET,
        "EmailTags": [{"Name": "order-id", "Value": order}, {"Name": "email-type", "Value": "order-confirmation"}],
        "ListManagementOptions": {"ContactListName": _LIST},
    }
    identifier: str = reader.client("sesv2").send_email(**call | changed)["MessageId"]
    return identifier


def test_delivered_to_both_with_tags_in_the_events(shop: Reader) -> None:
    identifier = _confirm(shop, "buyer-08@example.net", "ORD-1", 12800)
    mail = shop.mail("buyer-08@example.net")
    assert mail["Subject"] == "ご注文 ORD-1"
    assert mail["Cc"] == "support@example.com"
    text, html = mail.iter_parts()
    assert text.get_content().replace("\r\n", "\n").strip() == "注文番号: ORD-1\n合計: ¥12,800"
    assert html.get_content_type() == "text/html"
    sent = next(event for event in shop.events(_SET, 2) if event["eventType"] == "Send")
    assert sent["mail"]["messageId"] == identifier
    assert sent["mail"]["tags"]["order-id"] == ["ORD-1"]
    assert sent["mail"]["tags"]["email-type"] == ["order-confirmation"]


def test_recipient_becomes_a_contact_and_who_opted_out_gets_nothing(shop: Reader) -> None:
    client = shop.client("sesv2")
    alone = {"Destination": {"ToAddresses": ["left-08@example.net"]}}
    _confirm(shop, "left-08@example.net", "ORD-2", 1, **alone)
    shop.mail("left-08@example.net")
    contact = client.get_contact(ContactListName=_LIST, EmailAddress="left-08@example.net")
    assert contact["UnsubscribeAll"] is False
    client.update_contact(ContactListName=_LIST, EmailAddress="left-08@example.net", UnsubscribeAll=True)
    _confirm(shop, "left-08@example.net", "ORD-3", 1, **alone)
    bounce = next(event for event in _until_bounce(shop) if event["eventType"] == "Bounce")
    assert bounce["bounce"]["bouncedRecipients"][0]["emailAddress"] == "left-08@example.net"
    assert len(shop.server.inbox(to="left-08@example.net")) == 1


def _until_bounce(shop: Reader) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while not any(event["eventType"] == "Bounce" for event in events):
        events += shop.events(_SET, 1)
    return events


def test_one_recipient_gets_the_headers_to_unsubscribe(shop: Reader) -> None:
    _confirm(shop, "one-08@example.net", "ORD-4", 1, Destination={"ToAddresses": ["one-08@example.net"]})
    mail = shop.mail("one-08@example.net")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<http" in mail["List-Unsubscribe"]


@waits_for("unsubscribing by mail")
def test_one_recipient_may_unsubscribe_by_mail(shop: Reader) -> None:
    _confirm(shop, "mail-08@example.net", "ORD-6", 1, Destination={"ToAddresses": ["mail-08@example.net"]})
    there_must_be("<mailto:" in shop.mail("mail-08@example.net")["List-Unsubscribe"], "no mail is received yet")


@printed_form("works in part")
def test_no_client_ever_sees_the_printed_error_code(shop: Reader) -> None:
    """v2 has `MailFromDomainNotVerifiedException`; a sender that is not verified is a MessageRejected anyway."""
    client = shop.client("sesv2")
    codes = {client.meta.service_model.shape_for(shape.name).name for shape in client.meta.service_model.error_shapes}
    assert "MailFromDomainNotVerifiedException" in codes
    assert "MailFromDomainNotVerified" not in codes
    with pytest.raises(ClientError) as refused:
        _confirm(shop, "buyer-08@example.net", "ORD-5", 1, FromEmailAddress="nobody@unverified-08.example")
    assert refused.value.response["Error"]["Code"] == "MessageRejected"
    assert "nobody@unverified-08.example" in refused.value.response["Error"]["Message"]
