"""Sample 9: a Japanese text and HTML mail by Python's smtplib, with the certificate verified."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from tests.guide.reader import SENDER, Reader

_TEXT, _HTML = "ご注文を承りました。", "<h1>ご注文を承りました</h1>"


def _check(mail: EmailMessage) -> None:
    assert mail["Subject"] == "ご注文確認"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), text.get_content().strip()) == ("text/plain", _TEXT)
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", _HTML)


def test_the_old_mime_classes_of_the_sample(reader: Reader) -> None:
    to = "mime-09@example.net"
    message = MIMEMultipart("alternative")
    message["Subject"], message["From"], message["To"] = "ご注文確認", SENDER, to
    message.attach(MIMEText(_TEXT, "plain"))
    message.attach(MIMEText(_HTML, "html"))
    with reader.smtp_session() as session:
        session.sendmail(SENDER, [to], message.as_string())
    _check(reader.mail(to))


def test_the_same_with_email_message(reader: Reader) -> None:
    to = "message-09@example.net"
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "ご注文確認", SENDER, to
    message.set_content(_TEXT)
    message.add_alternative(_HTML, subtype="html")
    with reader.smtp_session() as session:
        session.send_message(message)
    _check(reader.mail(to))
