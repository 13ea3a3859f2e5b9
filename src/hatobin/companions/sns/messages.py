"""What a message may be, checked before it is published.

Refs: SNS API reference 2010-03-31, Publish and PublishBatch; developer guide
"Amazon SNS message attributes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from hatobin.companions.sns.addresses import invalid
from hatobin.companions.sns.model import MAX_MESSAGE_BYTES, MAX_SUBJECT_CHARACTERS, MessageAttribute
from hatobin.gateway.models.sns import MessageAttributeValue, PublishBatchRequestEntry, PublishInput
from hatobin.protocols.aws.json_text import read_json
from hatobin.words.errors import CallerError

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_\-.]{1,256}")
_BASE_TYPES = frozenset({"String", "Number", "Binary"})


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that may be published. `by_protocol` is what MessageStructure=json spells out."""

    message: str
    subject: str | None
    attributes: Mapping[str, MessageAttribute]
    by_protocol: Mapping[str, str] | None
    size: int


def read_letter(request: PublishInput | PublishBatchRequestEntry) -> Letter:
    """Check a request's message; raises InvalidParameter or ParameterValueInvalid."""
    if not request.message:
        raise invalid("Empty message")
    if request.subject is not None and (
        not 1 <= len(request.subject) <= MAX_SUBJECT_CHARACTERS or _CONTROL.search(request.subject)
    ):
        raise invalid("Subject")
    if request.message_group_id or request.message_deduplication_id:
        raise invalid(
            "MessageGroupId Reason: The request includes MessageGroupId parameter that is not valid for this topic type"
        )
    attributes = {name: _read_attribute(name, value) for name, value in (request.message_attributes or {}).items()}
    size = len(request.message.encode()) + _attributes_size(attributes)
    if size > MAX_MESSAGE_BYTES:
        raise invalid("Message too long")
    by_protocol = _read_structure(request.message, request.message_structure)
    message = request.message if by_protocol is None else by_protocol["default"]
    return Letter(message, request.subject, attributes, by_protocol, size)


def _read_structure(message: str, structure: str | None) -> dict[str, str] | None:
    if not structure:
        return None
    if structure != "json":
        raise invalid("MessageStructure")
    try:
        document = read_json(message)
    except msgspec.DecodeError:
        document = None
    if not isinstance(document, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(document.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return {protocol: text for protocol, text in document.items() if isinstance(text, str)}


def _read_attribute(name: str, value: MessageAttributeValue) -> MessageAttribute:
    if not _ATTRIBUTE_NAME.fullmatch(name) or name.startswith(".") or name.endswith(".") or ".." in name:
        raise _refused(f"The message attribute name '{name}' is not valid.")
    if not value.data_type:
        raise _refused(f"The message attribute '{name}' must contain non-empty message attribute type.")
    base = value.data_type.partition(".")[0]
    if base not in _BASE_TYPES:
        raise _refused(
            f"The message attribute '{name}' has an invalid message attribute type,"
            " the set of supported type prefixes is Binary, Number, and String."
        )
    content = value.binary_value if base == "Binary" else value.string_value
    if not content:
        raise _refused(
            f"The message attribute '{name}' must contain non-empty message attribute value"
            f" for message attribute type '{value.data_type}'."
        )
    if base == "Number" and not _is_number(str(content)):
        raise _refused(f"Could not cast message attribute '{name}' value to number.")
    if value.data_type == "String.Array" and not _is_array(str(content)):
        raise _refused(f"The message attribute '{name}' must be a JSON array of strings, numbers, booleans or nulls.")
    return MessageAttribute(value.data_type, content)


def _attributes_size(attributes: Mapping[str, MessageAttribute]) -> int:
    return sum(
        len(name.encode()) + len(item.data_type) + len(_content_bytes(item)) for name, item in attributes.items()
    )


def _content_bytes(attribute: MessageAttribute) -> bytes:
    return attribute.value if isinstance(attribute.value, bytes) else attribute.value.encode()


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _is_array(text: str) -> bool:
    try:
        items = read_json(text)
    except msgspec.DecodeError:
        return False
    return isinstance(items, list) and not any(isinstance(item, dict | list) for item in items)


def _refused(message: str) -> CallerError:
    return CallerError("ParameterValueInvalid", message)
