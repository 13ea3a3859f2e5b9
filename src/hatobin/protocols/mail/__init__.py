"""Mail as octets: header blocks, MIME, rewriting, signatures. Pure: bytes in, values out.

The life of an outbound message here: `read_message` or `compose`,
`check_message` and `parse_control_headers` at acceptance, `rewrite` and
`prepare` / `finish` when it leaves; `event_headers` and `common_headers` for
what events tell about it. `verify` judges signatures on what comes in.

Law: RFC 5322, RFC 2045–2049, RFC 2231, RFC 6376, RFC 8463, and the SES developer guide.
"""

from __future__ import annotations

from hatobin.protocols.mail.attachment import Attachment, TransferEncoding, guess_type
from hatobin.protocols.mail.compose import Content, Simple, check_custom_headers, compose
from hatobin.protocols.mail.control import ControlHeaders, ListManagement, parse_control_headers
from hatobin.protocols.mail.dates import format_date
from hatobin.protocols.mail.dkim_sign import (
    SIGNED_FIELDS,
    Signer,
    SigningKey,
    Unsigned,
    algorithm_of,
    finish,
    prepare,
    prepare_all,
    sign,
    sign_payload,
)
from hatobin.protocols.mail.dkim_verify import DkimResult, KeyAnswer, KeyLookup, SignatureResult, verify
from hatobin.protocols.mail.encoded_words import decode_words, encode_words, mailbox_field, text_field
from hatobin.protocols.mail.errors import HeaderError, LineTooLong, MessageError, TagError
from hatobin.protocols.mail.headers import Field, Message, ascii_field, find_duplicate, split_message, unfold
from hatobin.protocols.mail.mail_object import EventHeaders, common_headers, display_list, event_headers
from hatobin.protocols.mail.mime import Part, parse_parts
from hatobin.protocols.mail.participants import header_recipients, header_senders
from hatobin.protocols.mail.recode import fit_lines, to_seven_bit
from hatobin.protocols.mail.rewrite import check_message, read_message, rewrite
from hatobin.protocols.mail.tags import FEEDBACK_ID_TAGS, MessageTag, check_tag, check_tags, parse_tags

__all__ = [
    "FEEDBACK_ID_TAGS",
    "SIGNED_FIELDS",
    "Attachment",
    "Content",
    "ControlHeaders",
    "DkimResult",
    "EventHeaders",
    "Field",
    "HeaderError",
    "KeyAnswer",
    "KeyLookup",
    "LineTooLong",
    "ListManagement",
    "Message",
    "MessageError",
    "MessageTag",
    "Part",
    "SignatureResult",
    "Signer",
    "SigningKey",
    "Simple",
    "TagError",
    "TransferEncoding",
    "Unsigned",
    "algorithm_of",
    "ascii_field",
    "check_custom_headers",
    "check_message",
    "check_tag",
    "check_tags",
    "common_headers",
    "compose",
    "decode_words",
    "display_list",
    "encode_words",
    "event_headers",
    "find_duplicate",
    "finish",
    "fit_lines",
    "format_date",
    "guess_type",
    "header_recipients",
    "header_senders",
    "mailbox_field",
    "parse_control_headers",
    "parse_parts",
    "parse_tags",
    "prepare",
    "prepare_all",
    "read_message",
    "rewrite",
    "sign",
    "sign_payload",
    "split_message",
    "text_field",
    "to_seven_bit",
    "unfold",
    "verify",
]
