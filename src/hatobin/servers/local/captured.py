"""A captured message, decoded for people and their tests: header fields, text, HTML, attachments.

Header fields are ours (`protocols/mail`); bodies come from fast-mail-parser,
which also reads the Japanese mail that the standard library does not. What it
refuses (a broken base64 part) is read again by the standard library, which
keeps the rest of the message.

Refs: RFC 2045–2049, RFC 2183 (disposition), RFC 2392 (cid).
"""

from __future__ import annotations

import email
import email.policy
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage

import fast_mail_parser

from hatobin.capabilities.queue import MessageKey
from hatobin.protocols.mail import HeaderError, decode_words, display_list, split_message
from hatobin.words.address import AddressError, parse_mailbox

MAX_FILE_NAME = 200
"""Characters of an attachment's name that are kept."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A part that is not the message's text. `content_id` has no angle brackets; `name` may be made up."""

    name: str
    content_type: str
    content_id: str | None
    disposition: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class MailBody:
    """What the message says; None where it has no such part. Line ends are LF."""

    text: str | None
    html: str | None
    files: tuple[AttachedFile, ...]


@dataclass(frozen=True, slots=True)
class CapturedMail:
    """One message of the inbox, whole. `headers` are decoded, in order; instants are seconds since the epoch."""

    number: int
    key: MessageKey
    reverse_path: str
    recipients: tuple[str, ...]
    subject: str
    received_at: float
    raw: bytes
    headers: tuple[tuple[str, str], ...]
    body: MailBody

    def addresses(self, name: str) -> list[str]:
        """Give the mailboxes of an address field (lower-case name), one text each."""
        return header_addresses(self.raw, name)

    @property
    def hidden_recipients(self) -> list[str]:
        """Give the recipients that no address field names: Bcc."""
        return hidden_recipients(self.raw, self.recipients)


def decoded_headers(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Give name and decoded value of each field; nothing for a head that is no head."""
    try:
        return tuple((field.name, decode_words(field.value)) for field in split_message(raw).fields)
    except HeaderError:
        return ()


def header_addresses(raw: bytes, name: str) -> list[str]:
    """Give the mailboxes of all fields of a lower-case name, decoded, as they are shown to people."""
    try:
        fields = split_message(raw).all(name)
    except HeaderError:
        return []
    return [mailbox for field in fields for mailbox in display_list(field.value)]


def hidden_recipients(raw: bytes, recipients: Iterable[str]) -> list[str]:
    """Give those of `recipients` that neither To nor Cc names, in their order."""
    shown = {bare_address(text) for name in ("to", "cc") for text in header_addresses(raw, name)}
    return [recipient for recipient in recipients if recipient.lower() not in shown]


def bare_address(mailbox: str) -> str:
    """Give the lower-case address of a mailbox in text form; the text itself where it is none."""
    try:
        return str(parse_mailbox(mailbox).address).lower()
    except AddressError:
        return mailbox.strip().lower()


def read_body(raw: bytes) -> MailBody:
    """Decode the parts of a message. Never fails: what cannot be decoded is missing or has replacement characters."""
    try:
        parsed = fast_mail_parser.parse_email(raw)
    except fast_mail_parser.ParseError:
        return _read_by_standard_library(raw)
    files = [
        _file(number, part.filename, part.mimetype, part.content_id, part.disposition, part.content)
        for number, part in enumerate(parsed.attachments, start=1)
    ]
    return MailBody(_joined(parsed.text_plain), _joined(parsed.text_html), tuple(files))


def _joined(texts: list[str]) -> str | None:
    """Join the parts of one kind; parts that follow each other are one text to the reader."""
    return "\n".join(texts).replace("\r\n", "\n") if texts else None


def _file(
    number: int, name: str, content_type: str, content_id: str | None, disposition: str | None, content: bytes
) -> AttachedFile:
    media_type = content_type.partition(";")[0].strip().lower() or "application/octet-stream"
    if not name:
        name = f"part-{number}{mimetypes.guess_extension(media_type) or '.bin'}"
    return AttachedFile(name[:MAX_FILE_NAME], media_type, content_id or None, disposition, content)


def _read_by_standard_library(raw: bytes) -> MailBody:
    message = email.message_from_bytes(raw, policy=email.policy.default.clone(raise_on_defect=False))
    plain: list[str] = []
    html: list[str] = []
    files: list[AttachedFile] = []
    for part in message.walk():
        if part.is_multipart() or not isinstance(part, EmailMessage):
            continue
        content = _payload(part)
        kind = part.get_content_type()
        disposition = part.get_content_disposition()
        if kind in ("text/plain", "text/html") and disposition != "attachment":
            (plain if kind == "text/plain" else html).append(_text(content, part.get_content_charset()))
        else:
            content_id = str(part.get("content-id", "")).strip().strip("<>")
            files.append(_file(len(files) + 1, part.get_filename() or "", kind, content_id, disposition, content))
    return MailBody(_joined(plain), _joined(html), tuple(files))


def _payload(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8", "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
