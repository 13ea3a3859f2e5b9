"""Attachments of a composed message: one leaf each, named and encoded.

Law: RFC 2183 (Content-Disposition), RFC 2231 (names outside ASCII), RFC 2392
(Content-ID), RFC 2046 §5.2 (what may not be encoded). Members and limits are
those of SES API v2, Attachment.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from hatobin.protocols.mail.content_type import extended_parameter, name_parameter, parse_content_type
from hatobin.protocols.mail.encoded_words import text_field
from hatobin.protocols.mail.errors import HeaderError, MessageError
from hatobin.protocols.mail.headers import check_value, printable
from hatobin.protocols.mail.transfer import Encoding, encode_base64, encode_quoted_printable, is_seven_bit

MAX_FILE_NAME = 255
MAX_CONTENT_ID = 78
MAX_DESCRIPTION = 1000
MAX_CONTENT_TYPE = 78

_CONTENT_ID = re.compile(r"[!-;=?-~]+", re.ASCII)
_TYPES = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "css": "text/css",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eml": "message/rfc822",
    "gif": "image/gif",
    "gz": "application/gzip",
    "htm": "text/html",
    "html": "text/html",
    "ics": "text/calendar",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "md": "text/markdown",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "vcf": "text/vcard",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}


class TransferEncoding(Enum):
    """How the caller wants an attachment encoded, by SES's names."""

    BASE64 = "BASE64"
    QUOTED_PRINTABLE = "QUOTED_PRINTABLE"
    SEVEN_BIT = "SEVEN_BIT"


class Attachment(Struct, frozen=True):
    """A file to be sent along. Without `content_type` the name's extension decides."""

    file_name: str
    content: bytes
    content_type: str | None = None
    is_inline: bool = False
    content_id: str | None = None
    description: str | None = None
    transfer_encoding: TransferEncoding = TransferEncoding.BASE64


def guess_type(file_name: str) -> str:
    """Give the media type for a file name by its extension; unknown ones are octet streams."""
    return _TYPES.get(file_name.rpartition(".")[2].lower(), "application/octet-stream")


def attachment_part(attachment: Attachment) -> bytes:
    """Build the leaf: header, empty line, body.

    "7bit" holds only while the content allows it; otherwise base64 is used,
    so the content always decodes octet for octet. Raises `HeaderError` for
    names, ids, descriptions and types that cannot be written.
    """
    _check_limits(attachment)
    media_type = _media_type(attachment)
    encoding, body = _encoded(attachment)
    if encoding != "7bit" and media_type.startswith(("message/", "multipart/")):
        media_type = "application/octet-stream"  # RFC 2046 §5.2.1, RFC 2045 §6.4
    kind = "inline" if attachment.is_inline else "attachment"
    name = attachment.file_name
    head = [
        f"Content-Type: {media_type}{name_parameter('name', name) if name else ''}\r\n",
        f"Content-Transfer-Encoding: {encoding}\r\n",
        f"Content-Disposition: {kind}{extended_parameter('filename', name) if name else ''}\r\n",
    ]
    if attachment.content_id is not None:
        head.append(f"Content-ID: <{_content_id(attachment.content_id)}>\r\n")
    if attachment.description:
        head.append(text_field("Content-Description", attachment.description)[1].decode("ascii"))
    return "".join([*head, "\r\n"]).encode("ascii") + body


def _check_limits(attachment: Attachment) -> None:
    check_value("Content-Disposition", attachment.file_name)
    for value, limit, what in (
        (attachment.file_name, MAX_FILE_NAME, "file name"),
        (attachment.content_id or "", MAX_CONTENT_ID, "content id"),
        (attachment.description or "", MAX_DESCRIPTION, "description"),
        (attachment.content_type or "", MAX_CONTENT_TYPE, "content type"),
    ):
        if len(value) > limit:
            raise HeaderError(f"The attachment's {what} is longer than {limit} characters.")


def _media_type(attachment: Attachment) -> str:
    if not attachment.content_type:
        return guess_type(attachment.file_name)
    check_value("Content-Type", attachment.content_type)
    try:
        parsed = parse_content_type(attachment.content_type)
    except MessageError as error:
        raise HeaderError(error.text) from error
    if not attachment.content_type.isascii() or "name" in parsed.parameters or "(" in attachment.content_type:
        return str(parsed)
    return attachment.content_type.strip().rstrip("; ")


def _content_id(value: str) -> str:
    bare = value.strip().removeprefix("<").removesuffix(">")
    if not _CONTENT_ID.fullmatch(bare):
        raise HeaderError(f"Invalid content id <{printable(bare)}>.")
    return bare


def _encoded(attachment: Attachment) -> tuple[Encoding, bytes]:
    content = attachment.content
    if attachment.transfer_encoding is TransferEncoding.SEVEN_BIT and is_seven_bit(content):
        return "7bit", content
    if attachment.transfer_encoding is TransferEncoding.QUOTED_PRINTABLE:
        # Without bare line ends the encoder keeps CRLFs readable; else each octet counts.
        ends = content.count(b"\r\n")
        text = content.count(b"\n") == ends and content.count(b"\r") == ends
        return "quoted-printable", encode_quoted_printable(content, text=text)
    return "base64", encode_base64(content)
