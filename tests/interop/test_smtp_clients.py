"""DEV-CL-10: SMTP clients by both ways into TLS and both AUTH mechanisms."""

from __future__ import annotations

import email
import email.policy
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.interop.sending import accepted_id, submission, submit
from tests.interop.smtp_clients import CLIENTS, Errand
from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer, smtp_password

_ATTACHMENT = bytes(range(256)) * 8


def _message(to: str, cc: str) -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Täube <sender@example.com>"
    message["To"] = to
    message["Cc"] = cc
    message["Subject"] = "鳩便 — pigeon post"
    message.set_content("Grüße aus der Luft\n.\n..und Punkte\n", cte="quoted-printable")
    message.add_attachment(_ATTACHMENT, maintype="application", subtype="octet-stream", filename="Anhang ü.bin")
    return message.as_bytes()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("implicit_tls", [False, True], ids=["starttls", "tls"])
@pytest.mark.parametrize("name", CLIENTS)
def test_client_sends_to_two_recipients_and_one_hidden(
    mailbox: RunningServer, tmp_path: Path, name: str, implicit_tls: bool, mechanism: str
) -> None:
    cell = f"{name}-{'tls' if implicit_tls else 'starttls'}-{mechanism}".lower()
    to, cc, hidden = (f"{role}-{cell}@example.net" for role in ("to", "cc", "hidden"))
    errand = Errand(mailbox, implicit_tls, mechanism, "sender@example.com", (to, cc, hidden), _message(to, cc))
    identifier = accepted_id(CLIENTS[name](errand, tmp_path))
    for recipient in (to, cc, hidden):
        found = mailbox.inbox(to=recipient)
        assert [one["id"] for one in found] == [identifier]
    data = mailbox.inbox_bytes(found[0])
    assert hidden.encode() not in data
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    assert parsed["Message-ID"].startswith(f"<{identifier}@")
    assert parsed["Subject"] == "鳩便 — pigeon post"
    text, attachment = parsed.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == "Grüße aus der Luft\n.\n..und Punkte\n"
    assert attachment.get_filename() == "Anhang ü.bin"
    assert attachment.get_content() == _ATTACHMENT


def test_what_ehlo_offers_before_and_after_starttls(mailbox: RunningServer) -> None:
    with smtplib.SMTP("localhost", mailbox.port("submission"), timeout=30) as session:
        session.ehlo()
        assert {"8bitmime", "size", "starttls"} <= set(session.esmtp_features)
        assert not session.has_extn("auth"), "AUTH must not be offered on plain text"
        assert not session.has_extn("smtputf8")
        session.starttls(context=mailbox.tls_context())
        session.ehlo()
        assert {"8bitmime", "size", "auth"} <= set(session.esmtp_features)
        assert set(session.esmtp_features["auth"].split()) == {"PLAIN", "LOGIN"}
        assert not session.has_extn("starttls")
        assert not session.has_extn("smtputf8")


def test_login_without_tls_is_impossible(mailbox: RunningServer) -> None:
    with smtplib.SMTP("localhost", mailbox.port("submission"), timeout=30) as session:
        session.ehlo()
        code, _ = session.docmd("AUTH", "PLAIN AHRlc3QAdGVzdA==")
        assert code == 530


def test_the_certificate_is_not_trusted_without_our_authority(mailbox: RunningServer) -> None:
    with smtplib.SMTP("localhost", mailbox.port("submission"), timeout=30) as session:
        with pytest.raises(ssl.SSLCertVerificationError):
            session.starttls(context=ssl.create_default_context())
        session.close()


def test_wrong_passwords_get_535_and_the_session_goes_on(mailbox: RunningServer) -> None:
    session = submission(mailbox, login=False)
    with session:
        for password in (SECRET, "", smtp_password("other", REGION)):
            with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
                session.login(ACCESS_KEY_ID, password)
            assert refused.value.smtp_code == 535
            assert session.rset()[0] == 250
        session.login(ACCESS_KEY_ID, smtp_password(SECRET, REGION))


def test_the_region_follows_from_the_password(mailbox: RunningServer) -> None:
    mailbox.client("sesv2", "ap-northeast-1").create_email_identity(EmailIdentity="tokyo.example")
    data = b"From: a@tokyo.example\r\nTo: b@example.net\r\nSubject: x\r\n\r\nx\r\n"
    with submission(mailbox) as session:
        refused = submit(session, "a@tokyo.example", ["b@example.net"], data)
    assert refused.startswith("554 Message rejected: Email address is not verified.")
    assert "US-EAST-1" in refused
    with submission(mailbox, login=False) as session:
        session.login(ACCESS_KEY_ID, smtp_password(SECRET, "ap-northeast-1"))
        identifier = accepted_id(submit(session, "a@tokyo.example", ["from-tokyo@example.net"], data))
    assert mailbox.inbox(to="from-tokyo@example.net")[0]["id"] == identifier


def test_many_messages_over_one_session(mailbox: RunningServer) -> None:
    data = b"From: sender@example.com\r\nSubject: again\r\n\r\nx\r\n"
    with submission(mailbox) as session:
        made = [
            accepted_id(submit(session, "sender@example.com", [f"again-{number}@example.net"], data))
            for number in range(20)
        ]
    assert len(set(made)) == 20
    assert mailbox.inbox(to="again-19@example.net")[0]["id"] == made[19]
