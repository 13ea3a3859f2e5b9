"""SES v1 sends as boto3 clients see them."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.capabilities import inbox
from hatobin.words.settings import Account, Settings
from tests.api.harness import Api

SLOW = Settings(account=Account(max_send_rate=1.0))


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("ses")
    client.verify_domain_identity(Domain="example.com")
    return client


def send(ses: Any, **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "Source": "Shop <sender@example.com>",
        "Destination": {"ToAddresses": ["you@example.net"], "BccAddresses": ["hidden@example.net"]},
        "Message": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hi"}, "Html": {"Data": "<p>Hi</p>"}}},
    } | changes
    return ses.send_email(**arguments)["MessageId"]


def captured(api: Api) -> list[tuple[Any, Any]]:
    api.wait_until_delivered()
    entries = api.read(lambda session: inbox.search(session, limit=100))
    return [(entry, message_from_bytes(entry.content, policy=policy.default)) for entry in reversed(entries)]


def error_of(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.response["ResponseMetadata"]["RequestId"]
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_send_email_makes_an_alternative_message_without_bcc(api: Api, ses: Any) -> None:
    send(ses)
    entry, message = captured(api)[0]
    assert entry.recipients == ("you@example.net", "hidden@example.net")
    assert message["From"] == "Shop <sender@example.com>"
    assert message["Bcc"] is None
    assert message.get_content_type() == "multipart/alternative"


def test_send_raw_email_takes_the_sender_from_the_header(api: Api, ses: Any) -> None:
    raw = b"From: sender@example.com\r\nTo: you@example.net\r\nSubject: raw\r\n\r\nHi\r\n"
    ses.send_raw_email(RawMessage={"Data": raw})
    assert captured(api)[0][1]["Subject"] == "raw"


def test_send_templated_and_bulk(api: Api, ses: Any) -> None:
    ses.create_template(Template={"TemplateName": "t", "SubjectPart": "Hi {{n}}", "TextPart": "{{n}}"})
    ses.send_templated_email(
        Source="sender@example.com",
        Destination={"ToAddresses": ["a@example.net"]},
        Template="t",
        TemplateData=json.dumps({"n": "Ana"}),
    )
    answer = ses.send_bulk_templated_email(
        Source="sender@example.com",
        Template="t",
        DefaultTemplateData='{"n":"you"}',
        Destinations=[
            {"Destination": {"ToAddresses": ["b@example.net"]}, "ReplacementTemplateData": '{"n":"Ben"}'},
            {"Destination": {"ToAddresses": ["c@example.net"]}},
            {"Destination": {"ToAddresses": ["@"]}},
        ],
    )
    assert [status["Status"] for status in answer["Status"]] == ["Success", "Success", "InvalidParameterValue"]
    assert sorted(message["Subject"] for _, message in captured(api)) == ["Hi Ana", "Hi Ben", "Hi you"]


def test_only_what_was_received_here_can_be_bounced(ses: Any) -> None:
    asked = {
        "OriginalMessageId": "0123456789",
        "BounceSender": "sender@example.com",
        "BouncedRecipientInfoList": [{"Recipient": "you@example.com", "BounceType": "DoesNotExist"}],
    }
    code, text = error_of(ses.send_bounce, **asked)
    assert (code, text.partition(":")[0]) == ("MessageRejected", "Failed to generate a bounce for 0123456789")
    code, text = error_of(ses.send_bounce, **asked | {"BounceSender": "a@other.example"})
    assert (code, text.startswith("Email address is not verified.")) == ("MessageRejected", True)
    for change in ({"BounceSender": "nobody"}, {"BouncedRecipientInfoList": []}):
        assert error_of(ses.send_bounce, **asked | change)[0] == "InvalidParameterValue"
    assert error_of(ses.send_bounce, **asked | {"BouncedRecipientInfoList": [{"Recipient": "x y"}]})[0] == (
        "InvalidParameterValue"
    )


def test_what_is_wrong_is_said_in_v1_words(ses: Any) -> None:
    assert error_of(
        ses.send_email,
        Source="a@other.example",
        Destination={"ToAddresses": ["b@example.net"]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
    ) == (
        "MessageRejected",
        "Email address is not verified. The following identities failed the check in region US-EAST-1: a@other.example",
    )
    assert error_of(
        ses.send_templated_email,
        Source="sender@example.com",
        Destination={"ToAddresses": ["b@example.net"]},
        Template="nope",
        TemplateData="{}",
    ) == ("TemplateDoesNotExist", "Template nope does not exist.")
    assert error_of(ses.send_raw_email, RawMessage={"Data": b"To: a@example.net\r\n\r\nHi\r\n"}) == (
        "InvalidParameterValue",
        "Missing required header 'From'.",
    )
    code, _ = error_of(
        ses.send_raw_email,
        RawMessage={"Data": b"From: sender@example.com\r\nTo: a@example.net\r\n\r\nHi\r\n"},
        ConfigurationSetName="nope",
    )
    assert code == "ConfigurationSetDoesNotExist"


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("dån@example.com", "Local address contains control or whitespace"),
        ("user@bücher.example", "Domain contains illegal character"),
        ("no-at-sign", "Missing final '@domain'"),
    ],
)
def test_addresses_outside_ascii_are_refused(ses: Any, address: str, text: str) -> None:
    code, message = error_of(
        ses.send_email,
        Source="sender@example.com",
        Destination={"ToAddresses": [address]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}},
    )
    assert code == "InvalidParameterValue"
    assert text in message


@pytest.mark.parametrize("api", [SLOW], indirect=True)
def test_too_fast_is_throttling(api: Api, ses: Any) -> None:
    raw = b"From: sender@example.com\r\nTo: you@example.net\r\n\r\nHi\r\n"
    ses.send_raw_email(RawMessage={"Data": raw})
    assert error_of(ses.send_raw_email, RawMessage={"Data": raw}) == ("Throttling", "Maximum sending rate exceeded.")


def test_the_quota_shows_what_was_sent(api: Api, ses: Any) -> None:
    send(ses)
    quota = ses.get_send_quota()
    assert (quota["Max24HourSend"], quota["MaxSendRate"], quota["SentLast24Hours"]) == (-1.0, 10_000.0, 2.0)
