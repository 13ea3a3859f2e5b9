"""Messages built from their parts: what SES makes of Simple and template content.

Built by hand as octets, since the library's writer costs a hundred times as
much. The tree is the smallest that holds what there is: one leaf, or
alternative(text, html), with related(html, inline…) and mixed(…, attachments)
around it where needed. Bcc is never written: it is not even a field here.

Law: RFC 5322 §3.6, RFC 2045–2047, RFC 2183, RFC 2387. Limits of custom
fields: SES API v2, MessageHeader; names that callers may not set: developer
guide, "header-fields".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from hatobin.protocols.mail.attachment import Attachment, attachment_part
from hatobin.protocols.mail.charsets import encode_text
from hatobin.protocols.mail.content_type import quoted
from hatobin.protocols.mail.encoded_words import mailbox_field, text_field
from hatobin.protocols.mail.errors import HeaderError
from hatobin.protocols.mail.headers import ascii_field, printable
from hatobin.protocols.mail.transfer import crlf, encode_text_body
from hatobin.words.address import Mailbox

MAX_CUSTOM_HEADERS = 15
MAX_HEADER_NAME = 126
MAX_HEADER_VALUE = 995
MAX_HEADER_TOTAL = 996
RESERVED_HEADERS = frozenset(
    re.findall(
        r"\S+",
        "bcc cc content-disposition content-type date from message-id mime-version reply-to return-path subject to",
    )
)
"""Names that SES sets itself and refuses as custom headers."""

_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:()+\-]*", re.ASCII)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]", re.ASCII)  # RFC 2046 §5.1.1


class Content(Struct, frozen=True):
    """A text and the charset its author asked for."""

    data: str
    charset: str = "UTF-8"


class Simple(Struct, frozen=True):
    """A message to be built. `headers` are the caller's custom fields, in order. A preview has no sender."""

    sender: Mailbox | None
    subject: Content
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    text: Content | None = None
    html: Content | None = None
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()


def compose(simple: Simple, boundary: Callable[[], str]) -> bytes:
    """Build the message; `boundary` gives a fresh, unguessable MIME boundary each time.

    No line passes 998 octets, and every part decodes to the text it was given
    (line ends become CRLF) in its own charset, or in UTF-8 where that cannot
    hold it. Message-ID and Date are left to `rewrite`. Raises `HeaderError`
    for custom headers, names or subjects that cannot be written.
    """
    head: list[bytes] = [] if simple.sender is None else [mailbox_field("From", (simple.sender,))[1]]
    for name, mailboxes in (("Reply-To", simple.reply_to), ("To", simple.to), ("Cc", simple.cc)):
        if mailboxes:
            head.append(mailbox_field(name, mailboxes)[1])
    head.append(text_field("Subject", simple.subject.data, simple.subject.charset)[1])
    if simple.headers:
        check_custom_headers(simple.headers)
        head += [ascii_field(name, value)[1] for name, value in simple.headers]
    head.append(b"MIME-Version: 1.0\r\n")
    head.append(_body(simple, boundary))
    return b"".join(head)


def check_custom_headers(headers: Sequence[tuple[str, str]]) -> None:
    """Hold the caller's custom fields against SES's limits. Raises `HeaderError`."""
    if len(headers) > MAX_CUSTOM_HEADERS:
        raise HeaderError(f"The message has more than {MAX_CUSTOM_HEADERS} custom headers.")
    for name, value in headers:
        if not name:
            raise HeaderError("The header name must be specified.")
        if len(name) > MAX_HEADER_NAME or len(value) > MAX_HEADER_VALUE or len(name) + len(value) > MAX_HEADER_TOTAL:
            raise HeaderError(f"The header <{printable(name)}> is too long.")
        if name.lower() in RESERVED_HEADERS:
            raise HeaderError(f"The header <{printable(name)}> is set by the service and cannot be specified.")


def _body(simple: Simple, boundary: Callable[[], str]) -> bytes:
    """Build everything from Content-Type on: header fields, empty line, body."""
    inline = [part for part in simple.attachments if part.is_inline]
    attached = [part for part in simple.attachments if not part.is_inline]
    parts: list[bytes] = []
    if simple.text is not None:
        parts.append(text_part("plain", simple.text))
    if simple.html is not None:
        html = text_part("html", simple.html)
        if inline:
            html = multipart("related", [html, *map(attachment_part, inline)], boundary, '; type="text/html"')
            inline = []
        parts.append(html)
    if not parts:
        parts.append(text_part("plain", Content("", "us-ascii")))
    body = parts[0] if len(parts) == 1 else multipart("alternative", parts, boundary)
    if inline or attached:
        # An inline part without HTML to refer to it stands beside the text.
        return multipart("mixed", [body, *map(attachment_part, [*inline, *attached])], boundary)
    return body if body.endswith(b"\r\n") else body + _final_line_end(body)


def _final_line_end(leaf: bytes) -> bytes:
    """End a lone leaf's last line: softly where that is possible, so that it decodes without it."""
    head_end = leaf.index(b"\r\n\r\n")
    return b"=\r\n" if leaf.endswith(b"\r\nContent-Transfer-Encoding: quoted-printable", 0, head_end) else b"\r\n"


def text_part(subtype: str, content: Content) -> bytes:
    """Build a text leaf, header and body, its transfer encoding chosen by its content; no CRLF is added."""
    data, charset = encode_text(content.data, content.charset)
    if not _CHARSET.fullmatch(charset):
        data, charset = encode_text(content.data, "UTF-8")
    encoding, body = encode_text_body(crlf(data))
    head = f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("ascii") + body


def multipart(subtype: str, parts: Iterable[bytes], boundary: Callable[[], str], parameters: str = "") -> bytes:
    """Join parts; the CRLF after each belongs to the delimiter that follows (RFC 2046 §5.1.1)."""
    mark = boundary()
    if not _BOUNDARY.fullmatch(mark):
        raise ValueError("the boundary has characters that RFC 2046 does not allow")
    delimiter = b"--" + mark.encode("ascii")
    head = f"Content-Type: multipart/{subtype}; boundary={quoted(mark)}{parameters}\r\n\r\n".encode("ascii")
    pieces = [head]
    for part in parts:
        pieces += (delimiter, b"\r\n", part, b"\r\n")
    pieces += (delimiter, b"--\r\n")
    return b"".join(pieces)
