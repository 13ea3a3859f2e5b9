"""Sample 22: what a client sees when it sends too fast, or may not send."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guide.marks import printed_form
from tests.guide.reader import SENDER, TOKYO, Reader
from tests.running import RunningServer, smtp_password

_RATE = 1
_CROWD = 50  # The largest message. At one recipient a second nothing more goes for most of a minute.


@pytest.fixture(scope="module")
def slow() -> Iterator[Reader]:
    """A server that allows one recipient a second; Tokyo has spent what it has."""
    with RunningServer({"account.max_send_rate": str(_RATE)}) as server:
        reader = Reader(server)
        client = reader.client("sesv2")
        client.create_email_identity(EmailIdentity="example.com")
        assert client.get_account()["SendQuota"]["MaxSendRate"] == _RATE
        client.send_email(
            FromEmailAddress=SENDER,
            Destination={"BccAddresses": [f"crowd-22-{number}@example.net" for number in range(_CROWD)]},
            Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        )
        yield reader


def _refusal(work: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        work()
    error = refused.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


@printed_form("works in part")
def test_too_fast_is_429_in_v2_400_in_v1_and_454_by_smtp(slow: Reader) -> None:
    """The printed code 420 is none of them."""
    text = "Maximum sending rate exceeded."
    assert _refusal(lambda: slow.send("late@example.net")) == (429, "TooManyRequestsException", text)
    body = {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}
    v1 = slow.client("ses")
    work = {"Source": SENDER, "Destination": {"ToAddresses": ["late@example.net"]}, "Message": body}
    assert _refusal(lambda: v1.send_email(**work)) == (400, "Throttling", text)
    with slow.smtp_session() as session:
        session.mail(SENDER)
        session.rcpt("late@example.net")
        code, reply = session.data("From: noreply@example.com\r\nSubject: x\r\n\r\nx\r\n")
    assert (code, reply.decode()) == (454, "Throttling failure: Maximum sending rate exceeded")


def test_what_was_refused_left_no_trace(slow: Reader) -> None:
    assert slow.server.inbox(to="late@example.net", wait_s=0) == []


def test_an_unverified_sender_is_message_rejected_and_554(reader: Reader) -> None:
    work = {
        "FromEmailAddress": "x@unknown-22.example",
        "Destination": {"ToAddresses": ["x@example.net"]},
        "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    }
    status, code, text = _refusal(lambda: reader.client("sesv2").send_email(**work))
    assert (status, code) == (400, "MessageRejected")
    expected = (
        "Email address is not verified. The following identities failed the check in region "
        f"{TOKYO.upper()}: x@unknown-22.example"
    )
    assert text.startswith(expected)
    with reader.smtp_session() as session:
        session.mail("x@unknown-22.example")
        session.rcpt("x@example.net")
        smtp_code, reply = session.data("From: x@unknown-22.example\r\nSubject: x\r\n\r\nx\r\n")
    assert smtp_code == 554
    assert reply.decode().startswith(f"Message rejected: {expected}")


def test_wrong_credentials_are_535(reader: Reader) -> None:
    with smtplib.SMTP("localhost", reader.server.port("submission"), timeout=30) as session:
        session.starttls(context=reader.server.tls_context())
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            session.login(reader.server.access_key_id, smtp_password("not the secret", TOKYO))
    assert refused.value.smtp_code == 535


def test_in_the_sandbox_only_verified_recipients_are_reached() -> None:
    with RunningServer({"account.sandbox": "true"}) as server:
        reader = Reader(server)
        reader.client("sesv2").create_email_identity(EmailIdentity="example.com")
        assert reader.client("sesv2").get_account()["ProductionAccessEnabled"] is False
        status, code, text = _refusal(lambda: reader.send("stranger-22@example.net"))
        assert (status, code) == (400, "MessageRejected")
        assert "stranger-22@example.net" in text
        assert reader.send("success@simulator.amazonses.com")
