"""Sample 1: Rails ActionMailer sends by SMTP with LOGIN and STARTTLS.

Ruby is no dependency of this project. What stands here is the dialogue that
ActionMailer's `authentication: :login, enable_starttls_auto: true` makes, step
by step: EHLO, STARTTLS with verification, EHLO again, AUTH LOGIN, the message.
"""

from __future__ import annotations

import smtplib
import ssl

import pytest

from tests.guide.reader import SENDER, Reader

_MESSAGE = (
    "From: noreply@example.com\r\nTo: rails@example.net\r\nSubject: =?UTF-8?B?44GU5rOo5paH56K66KqN?=\r\n"
    "Mime-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "44GC44KK44GM44Go44GG\r\n"
)


def test_login_over_starttls_with_a_verified_certificate(reader: Reader) -> None:
    with smtplib.SMTP("localhost", reader.server.port("submission"), timeout=30) as session:
        session.ehlo()
        assert session.has_extn("starttls"), "enable_starttls_auto turns TLS on only where it is offered"
        session.starttls(context=reader.server.tls_context())
        session.ehlo()
        session.user, session.password = reader.server.access_key_id, reader.smtp_password
        session.auth("LOGIN", session.auth_login)
        session.sendmail(SENDER, ["rails@example.net"], _MESSAGE)
    mail = reader.mail("rails@example.net")
    assert (mail["Subject"], mail.get_content().strip()) == ("ご注文確認", "ありがとう")


def test_without_our_authority_the_certificate_is_refused(reader: Reader) -> None:
    with smtplib.SMTP("localhost", reader.server.port("submission"), timeout=30) as session:
        with pytest.raises(ssl.SSLCertVerificationError):
            session.starttls(context=ssl.create_default_context())
        session.close()


def test_trust_prints_the_line_for_rails(reader: Reader) -> None:
    printed = reader.server.command("trust")
    assert printed["ca"] == str(reader.server.ca)
    assert f"ca_file: '{reader.server.ca}'" in printed["clients"]["Rails"]
