"""Which texts of a message are tracked, and that all its other octets stay."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import LinkSeals, Tracking
from hatobin.flow.outbound.tracked import tracked
from hatobin.protocols.mail.errors import HeaderError, MessageError
from hatobin.protocols.mail.mime import parse_parts
from hatobin.protocols.mail.rewrite import read_message
from hatobin.protocols.mail.text_parts import content_of, shown_texts
from hatobin.words.settings import Service, Settings
from tests.corpus import corpus_path

SEALS = LinkSeals({1: b"k" * 64}, Settings(service=Service(public_http="http://t", public_https="https://t")))
KEY = MessageKey("123456789012", "us-east-1", "m")
BOTH = Tracking("app", opens=True, clicks=True)
LINK = '<a href="http://a.test">x</a>'
HEAD = "From: a@example.com\r\nMIME-Version: 1.0\r\n"


def multipart(kind: str, *parts: str, more: str = "") -> str:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return f'{HEAD}Content-Type: multipart/{kind}; boundary="b"{more}\r\n\r\n{body}--b--\r\n'


def html(text: str = LINK, fields: str = "") -> str:
    return f"Content-Type: text/html; charset=utf-8\r\n{fields}\r\n{text}"


def result(message: str, tracking: Tracking = BOTH) -> str:
    return tracked(SEALS, tracking, read_message(message.encode()), KEY).raw.decode()


@pytest.mark.parametrize(
    "message",
    [
        f"{HEAD}Content-Type: text/plain\r\n\r\n{LINK}",
        f"{HEAD}\r\n{LINK}",
        multipart("mixed", html(fields="Content-Disposition: attachment; filename=a.html\r\n")),
        multipart("mixed", f"Content-Type: application/octet-stream\r\n\r\n{LINK}"),
        multipart("mixed", f"Content-Type: message/rfc822\r\n\r\n{HEAD}{html()}"),
        multipart("mixed", f"Content-Type: text/calendar\r\n\r\n{LINK}"),
        multipart(
            "signed",
            html(),
            "Content-Type: application/pkcs7-signature\r\n\r\nMII",
            more='; protocol="application/pkcs7-signature"',
        ),
        multipart("encrypted", "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", html()),
        f"{HEAD}Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n{LINK}",
    ],
)
def test_what_is_no_shown_html_stays_octet_for_octet(message: str) -> None:
    assert result(message) == message


def test_only_the_html_of_an_alternative_changes() -> None:
    plain = f"Content-Type: text/plain\r\n\r\n{LINK}"
    message = multipart("alternative", plain, html())
    before, after = message.split(LINK + "\r\n--b--")
    done = result(message)
    assert done.startswith(before)
    assert done.endswith("\r\n--b--" + after)
    assert done.count("/L0/") == done.count("/I0/") == 1


def test_one_pixel_in_several_texts_and_links_counted_over_all() -> None:
    texts = [html(LINK * 200), html(LINK * 200)]
    done = result(multipart("mixed", *texts))
    assert done.count("/L0/") == 250
    assert done.count("/I0/") == 1
    assert done.index("/I0/") > done.rindex("/L0/")
    asked = result(multipart("mixed", html("{{ses:openTracker}}one"), html("two{{ses:openTracker}}")))
    assert asked.count("/I0/") == 1
    assert asked.index("/I0/") < asked.index("one")
    assert "openTracker" not in asked


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_text_keeps_its_encoding_and_all_but_its_links(encoding: str) -> None:
    import base64
    import quopri

    text = f"<p>Größe = 5</p>\r\n{'x' * 200}\r\n{LINK}\r\n"
    encoded = base64.encodebytes(text.encode()) if encoding == "base64" else quopri.encodestring(text.encode())
    body = encoded.decode().replace("\r\n", "\n").replace("\n", "\r\n")
    message = f"{HEAD}{html('', f'Content-Transfer-Encoding: {encoding}' + chr(13) + chr(10))}{body}"
    done = message_from_bytes(
        result(message, Tracking("app", opens=False, clicks=True)).encode(), policy=policy.default
    )
    assert done["Content-Transfer-Encoding"] == encoding
    content = done.get_content()  # type: ignore[attr-defined]
    assert "/L0/http:%2F%2Fa.test/1/m/" in content
    start, end = content.index('"http://t/'), content.index('">x</a>')
    assert f'{content[:start]}"http://a.test{content[end:]}'.replace("\r\n", "\n") == text.replace("\r\n", "\n")


def test_mail_of_other_programs_keeps_its_parts_and_its_plain_texts() -> None:
    """DEV-CO-08, DEV-CO-09."""
    seen = 0
    for path in sorted(corpus_path("mime").rglob("*.eml")):
        try:
            before = read_message(path.read_bytes())
            tree = parse_parts(before)
        except (MessageError, HeaderError):
            continue
        after = tracked(SEALS, BOTH, before, KEY)
        seen += 1
        assert [str(part.content_type) for part in parse_parts(after).walk()] == [
            str(part.content_type) for part in tree.walk()
        ]
        for one, other in zip(shown_texts(before), shown_texts(after), strict=True):
            if one.content_type.sub == "plain":
                assert content_of(before, one) == content_of(after, other)
    assert seen > 20
