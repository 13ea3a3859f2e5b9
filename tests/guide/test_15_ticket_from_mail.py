"""Sample 15: a function reads a stored mail from S3 and writes a ticket to DynamoDB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage

import pytest

from tests.guide.functions import tickets
from tests.guide.marks import printed_form, waits_for
from tests.guide.reader import SENDER, TOKYO, Reader
from tests.guide.reception import deliver, stored_keys
from tests.peers.http_receiver import HttpReceiver
from tests.running import RunningServer, wait_until


def _mail(to: str, charset: str, *, html: bool) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, to, "荷物が届きません"
    message.set_content("鳩はまだ来ません。", charset=charset)
    if html:
        message.add_alternative("<p>鳩はまだ来ません。</p>", subtype="html", charset=charset)
    return message


def _through_the_server(reader: Reader, message: EmailMessage) -> bytes:
    """Send a mail and give its bytes as they arrived, which is what a rule would store."""
    with reader.smtp_session() as session:
        session.send_message(message)
    return reader.mail_bytes(str(message["To"]))


@pytest.mark.parametrize("html", [False, True], ids=["single-part", "multipart"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp"])
def test_ticket_text_of_any_structure_and_charset(reader: Reader, charset: str, html: bool) -> None:
    to = f"ticket-15-{charset}-{html}@example.net".lower()
    stored = _through_the_server(reader, _mail(to, charset, html=html))
    assert tickets.ticket(stored) == {
        "sender": SENDER,
        "subject": "荷物が届きません",
        "body": "鳩はまだ来ません。",
    }


@printed_form("works in part")
def test_printed_reading_gives_none_for_multipart_and_fails_for_other_charsets(reader: Reader) -> None:
    multipart = _through_the_server(reader, _mail("printed-15@example.net", "utf-8", html=True))
    assert message_from_bytes(multipart).get_payload(decode=True) is None
    other = _through_the_server(reader, _mail("printed-15-jp@example.net", "iso-2022-jp", html=False))
    octets = message_from_bytes(other).get_payload(decode=True)
    assert isinstance(octets, bytes)
    # ISO-2022-JP is seven bits wide: it decodes as UTF-8 without an error, to nonsense.
    assert "鳩" not in octets.decode("utf-8")
    single = _through_the_server(reader, _mail("printed-15-one@example.net", "utf-8", html=False))
    octets = message_from_bytes(single).get_payload(decode=True)
    assert isinstance(octets, bytes)
    assert octets.decode("utf-8").strip() == "鳩はまだ来ません。"


@pytest.fixture
def dynamodb() -> Iterator[HttpReceiver]:
    """Stands where DynamoDB would: keeps the requests that are forwarded to it."""
    with HttpReceiver() as receiver:
        yield receiver


@waits_for("receipt rules")
def test_a_stored_mail_becomes_a_ticket(dynamodb: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"endpoint_url": dynamodb.url, "access_key_id": "far", "secret_access_key": "far"}
    with RunningServer({f"aws.dynamodb.{key}": value for key, value in table.items()}) as server:
        reader = Reader(server)
        for name, text in server.client_environment(TOKYO).items():
            monkeypatch.setenv(name, text)
        monkeypatch.setenv("MAIL_BUCKET", "support-15")
        _store_mail_of(reader, "support@example.com", "support-15")
        deliver(reader, "support@example.com", _mail("support@example.com", "iso-2022-jp", html=True).as_bytes())
        [key] = wait_until(lambda: stored_keys(reader, "support-15", "raw/"), "the mail is stored")
        mail = {"messageId": key.removeprefix("raw/"), "timestamp": "2026-04-26T00:00:00.000Z"}
        tickets.handle({"Records": [{"eventSource": "aws:ses", "ses": {"mail": mail, "receipt": {}}}]}, None)
    [request] = dynamodb.wait(lambda one: "PutItem" in one.headers.get("x-amz-target", ""), "the ticket")
    item = json.loads(request.body)["Item"]
    assert (item["body"], item["status"]) == ({"S": "鳩はまだ来ません。"}, {"S": "new"})


def _store_mail_of(reader: Reader, recipient: str, bucket: str) -> None:
    ses = reader.client("ses")
    reader.client("sesv2").create_email_identity(EmailIdentity=recipient.partition("@")[2])
    ses.create_receipt_rule_set(RuleSetName="tickets")
    reader.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": TOKYO})
    ses.create_receipt_rule(
        RuleSetName="tickets",
        Rule={
            "Name": "store",
            "Enabled": True,
            "Recipients": [recipient],
            "Actions": [{"S3Action": {"BucketName": bucket, "ObjectKeyPrefix": "raw/"}}],
        },
    )
    ses.set_active_receipt_rule_set(RuleSetName="tickets")
