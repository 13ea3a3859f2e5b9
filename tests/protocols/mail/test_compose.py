"""Composed messages: what the standard library reads is what was put in."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatobin.protocols.mail import (
    Attachment,
    Content,
    HeaderError,
    Simple,
    TransferEncoding,
    check_message,
    compose,
    guess_type,
    read_message,
    split_message,
)
from hatobin.protocols.mail.transfer import longest_line_exceeds
from hatobin.words.address import parse_mailbox

SENDER = parse_mailbox("Sender Name <sender@example.com>")
TO = (parse_mailbox("recipient@example.com"),)
HELLO = Content("Hello")
TEXT = Content("Hello,\nworld\n")
HTML = Content("<p>Hello, wörld</p>\n")


class Boundaries:
    """Gives numbered boundaries in SES's form."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        return f"----=_Part_{self.count}_1629847660.1516840721503"


def built(**members: object) -> bytes:
    return compose(Simple(**{"sender": SENDER, "subject": HELLO, "to": TO, "text": TEXT} | members), Boundaries())  # type: ignore[arg-type]


def read(raw: bytes) -> EmailMessage:
    """Parse with the standard library, which must find nothing to complain about."""
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not any(part.defects for part in parsed.walk())
    return parsed


def tree(message: MIMEPart) -> str:
    kind = message.get_content_type()
    if not message.is_multipart():
        return kind.partition("/")[2]
    return f"{kind.partition('/')[2]}({', '.join(tree(part) for part in message.iter_parts())})"


def test_a_text_message_is_one_leaf() -> None:
    assert built() == (
        b"From: Sender Name <sender@example.com>\r\n"
        b"To: recipient@example.com\r\n"
        b"Subject: Hello\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=UTF-8\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hello,\r\nworld\r\n"
    )


PNG = Attachment("logo.png", b"\x89PNG\r\n", is_inline=True, content_id="logo")
PDF = Attachment("a.pdf", b"%PDF-1.7\n\x00")


@pytest.mark.parametrize(
    ("members", "shape"),
    [
        ({}, "plain"),
        ({"text": None, "html": HTML}, "html"),
        ({"html": HTML}, "alternative(plain, html)"),
        ({"html": HTML, "attachments": (PDF,)}, "mixed(alternative(plain, html), pdf)"),
        ({"html": HTML, "attachments": (PNG,)}, "alternative(plain, related(html, png))"),
        ({"html": HTML, "attachments": (PDF, PNG)}, "mixed(alternative(plain, related(html, png)), pdf)"),
        ({"attachments": (PNG, PDF)}, "mixed(plain, png, pdf)"),
        ({"text": None, "html": HTML, "attachments": (PNG,)}, "related(html, png)"),
        ({"text": None}, "plain"),
    ],
)
def test_the_tree_is_the_smallest_that_holds_the_parts(members: dict[str, object], shape: str) -> None:
    assert tree(read(built(**members))) == shape


def test_every_address_field_is_written_and_bcc_does_not_exist() -> None:
    raw = built(
        to=tuple(parse_mailbox(f"Recipient Number {number} <r{number}@example.com>") for number in range(50)),
        cc=(parse_mailbox('"Doe, Jane" <jane@example.com>'),),
        reply_to=(parse_mailbox("山田 太郎 <yamada@example.com>"),),
    )
    message = read(raw)
    assert [address.addr_spec for address in message["To"].addresses] == [f"r{n}@example.com" for n in range(50)]
    assert message["Cc"].addresses[0].display_name == "Doe, Jane"
    assert message["Reply-To"].addresses[0].display_name == "山田 太郎"
    assert message["Bcc"] is None
    assert not any(field == "bcc" for field in Simple.__slots__)


_chars = st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_text = st.one_of(
    st.text(_chars, max_size=200),
    st.lists(st.sampled_from(["é", "日本語", "a", ".", "\n", " ", "=", "From ", "x" * 500]), max_size=30).map("".join),
)
_charset = st.sampled_from(["UTF-8", "ISO-8859-1", "Shift_JIS", "ISO-2022-JP", "US-ASCII", "bogus"])
_content = st.builds(Content, _text, _charset)
_subject = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=100).map(str.strip)
_file = st.builds(
    Attachment,
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'%"), min_size=1, max_size=60).map(
        lambda name: name.strip() + "x"
    ),
    st.binary(max_size=200),
    st.sampled_from([None, "application/pdf", "image/png"]),
    st.booleans(),
    st.sampled_from([None, "logo@example"]),
    st.sampled_from([None, "A description"]),
    st.sampled_from(TransferEncoding),
)


def same_text(found: str, given_text: str) -> bool:
    """Texts are equal with CRLF line ends; a lone 7bit leaf must end its last line."""
    wanted = given_text.replace("\n", "\r\n")
    return found.removesuffix("\r\n") == wanted.removesuffix("\r\n")


def leaf_text(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset("ascii"))


@given(_content, _content, _subject, _charset, st.lists(_file, max_size=3))
@settings(max_examples=60)
@example(Content("x" * 20_000), Content("é" * 20_000), "s", "UTF-8", [])
@example(Content("①㈱"), Content("①", "ISO-2022-JP"), "件名" * 40, "ISO-2022-JP", [])
def test_the_standard_library_reads_back_what_was_composed(
    text: Content, html: Content, subject: str, charset: str, files: list[Attachment]
) -> None:
    raw = built(text=text, html=html, subject=Content(subject, charset), attachments=tuple(files))
    assert raw.isascii()
    assert longest_line_exceeds(raw) < 0
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    check_message(read_message(raw))
    message = read(raw)
    assert message["From"] == "Sender Name <sender@example.com>"
    leaves = [part for part in message.walk() if not part.is_multipart()]
    assert same_text(leaf_text(leaves[0]), text.data)
    assert same_text(leaf_text(leaves[1]), html.data)
    found = leaves[2:]
    wanted = [file for file in files if file.is_inline] + [file for file in files if not file.is_inline]
    assert [part.get_payload(decode=True) for part in found] == [file.content for file in wanted]
    assert [part.get_filename() for part in found] == [file.file_name for file in wanted]
    for part, file in zip(found, wanted, strict=True):
        assert part.get_content_disposition() == ("inline" if file.is_inline else "attachment")
        assert part["Content-ID"] == (f"<{file.content_id}>" if file.content_id else None)
        assert part["Content-Description"] == file.description


@pytest.mark.parametrize("html", ["x" * 20_000, "é" + "x" * 20_000, "日" * 20_000])
def test_one_long_line_of_html_alone_decodes_to_the_very_same_octets(html: str) -> None:
    raw = built(text=None, html=Content(html))
    assert longest_line_exceeds(raw) < 0
    assert read(raw).get_payload(decode=True) == html.encode()


def test_a_text_that_quotes_a_message_in_quoted_printable_ends_like_any_other() -> None:
    quoted = "You sent:\r\n\r\nX: y\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello"
    assert built(text=Content(quoted)).endswith(b"\r\n\r\nHello\r\n")


def test_the_declared_charset_is_used_and_utf_8_stands_in_where_it_cannot_hold_the_text() -> None:
    japanese = read(built(text=Content("日本語", "ISO-2022-JP")))
    assert japanese.get_content_charset() == "iso-2022-jp"
    assert japanese["Content-Transfer-Encoding"] == "7bit"
    assert read(built(text=Content("①", "ISO-2022-JP"))).get_content_charset() == "utf-8"
    assert read(built(text=Content("é", "ISO-8859-1"))).get_payload(decode=True) == b"\xe9"
    assert read(built(text=Content("é", 'x"; evil="'))).get_content_charset() == "utf-8"


def test_custom_headers_are_written_in_order() -> None:
    raw = built(headers=(("X-B", "2"), ("List-Unsubscribe", "<https://example.com/" + "u" * 200 + ">"), ("X-A", "")))
    names = [field.name for field in split_message(raw).fields]
    assert names[3:6] == ["X-B", "List-Unsubscribe", "X-A"]


@pytest.mark.parametrize(
    "headers",
    [
        (("X" * 127, "v"),),
        (("X", "v" * 996),),
        (("X" * 100, "v" * 897),),
        (("", "v"),),
        (("A B", "v"),),
        (("A:", "v"),),
        (("A", "v\r\nBcc: x"),),
        (("A", "v\n"),),
        (("A", "é"),),
        (("Subject", "v"),),
        (("BCC", "v"),),
        (("message-id", "v"),),
        tuple((f"X-{number}", "v") for number in range(16)),
    ],
)
def test_custom_headers_beyond_the_rules_are_refused(headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(HeaderError):
        built(headers=headers)


def test_custom_headers_at_the_limits_are_accepted() -> None:
    built(headers=tuple((f"X-{number}", "v") for number in range(15)))
    raw = built(headers=(("X", "v" * 995), ("Y" * 126, "v " * 400)))
    assert longest_line_exceeds(raw) < 0


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment("a\r\nb", b""),
        Attachment("a" * 256, b""),
        Attachment("a", b"", content_type="text"),
        Attachment("a", b"", content_type="text/plain\r\nBcc: x"),
        Attachment("a", b"", content_type="text/plain; " + "x" * 80),
        Attachment("a", b"", content_id="a b"),
        Attachment("a", b"", content_id="c" * 79),
        Attachment("a", b"", description="d\nx"),
        Attachment("a", b"", description="d" * 1001),
    ],
)
def test_attachments_that_cannot_be_written_are_refused(attachment: Attachment) -> None:
    with pytest.raises(HeaderError):
        built(attachments=(attachment,))


def test_an_attached_message_is_never_encoded() -> None:
    inner = b"From: a@x\r\nSubject: inner\r\n\r\nbody\r\n"
    seven = Attachment("m.eml", inner, transfer_encoding=TransferEncoding.SEVEN_BIT)
    assert tree(read(built(attachments=(seven,)))) == "mixed(plain, rfc822(plain))"
    assert tree(read(built(attachments=(Attachment("m.eml", inner),)))) == "mixed(plain, octet-stream)"


def test_seven_bit_falls_back_to_base64_when_the_content_does_not_fit() -> None:
    raw = built(attachments=(Attachment("a.bin", b"\xff\n", transfer_encoding=TransferEncoding.SEVEN_BIT),))
    part = next(iter(read(raw).iter_attachments()))
    assert part["Content-Transfer-Encoding"] == "base64"
    assert part.get_payload(decode=True) == b"\xff\n"


def test_types_are_guessed_from_the_name() -> None:
    assert guess_type("Report.PDF") == "application/pdf"
    assert guess_type("noextension") == "application/octet-stream"


def test_an_illegal_boundary_is_our_own_fault() -> None:
    with pytest.raises(ValueError, match="boundary"):
        compose(Simple(SENDER, HELLO, TO, text=TEXT, html=HTML), lambda: 'a"\r\n')
