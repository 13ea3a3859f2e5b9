"""What a message may be: its body, attributes and size, checked before it is kept.

Refs: SQS API reference 2012-11-05, SendMessage and SendMessageBatch;
developer guide "Amazon SQS message metadata".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from hatobin.companions.sqs.model import (
    MAX_ATTRIBUTES,
    MAX_BATCH_ENTRIES,
    MAX_DELAY_S,
    MAX_VISIBILITY_S,
    MessageAttribute,
)
from hatobin.gateway.models.sqs import MessageAttributeValue
from hatobin.words.errors import CallerError

# XML 1.0 §2.2, Char: SQS keeps to it whatever the wire.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_\-.]{1,256}")
_RESERVED_PREFIXES = ("aws.", "amazon.")
_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_BASE_TYPES = frozenset({"String", "Number", "Binary"})


class BatchEntry(Protocol):
    """Anything with a batch entry id."""

    @property
    def id(self) -> str:
        """The id that the caller chose."""
        ...


def check_body(body: str) -> None:
    """Raise MissingParameter for an empty body, InvalidMessageContents for characters that SQS refuses."""
    if not body:
        raise CallerError("MissingParameter", "The request must contain the parameter MessageBody.")
    if _FORBIDDEN.search(body):
        raise CallerError(
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are"
            " #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        )


def check_delay(delay_s: int) -> None:
    """Raise InvalidParameterValue for a delay out of bounds."""
    if not 0 <= delay_s <= MAX_DELAY_S:
        raise _invalid(delay_s, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {MAX_DELAY_S}")


def check_size(size: int, limit: int) -> None:
    """Raise InvalidParameterValue for a message of more bytes than the queue takes."""
    if size > limit:
        raise CallerError(
            "InvalidParameterValue",
            f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.",
        )


def check_visibility(visibility_s: int) -> None:
    """Raise InvalidParameterValue for a visibility timeout out of bounds."""
    if not 0 <= visibility_s <= MAX_VISIBILITY_S:
        raise _invalid(
            visibility_s, "VisibilityTimeout", f"VisibilityTimeout must be an integer between 0 and {MAX_VISIBILITY_S}"
        )


def check_between(value: int, name: str, low: int, high: int, reason: str) -> None:
    """Raise InvalidParameterValue with SQS's reason when `value` is out of bounds."""
    if not low <= value <= high:
        raise _invalid(value, name, reason)


def check_batch(entries: Sequence[BatchEntry], entry_name: str) -> None:
    """Raise the error of a batch that is empty, too long, or has ids that are odd or repeated."""
    if not entries:
        raise CallerError("EmptyBatchRequest", f"There should be at least one {entry_name} in the request.")
    if len(entries) > MAX_BATCH_ENTRIES:
        raise CallerError(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {MAX_BATCH_ENTRIES}. You have sent {len(entries)}.",
        )
    seen: set[str] = set()
    for entry in entries:
        if not _BATCH_ID.fullmatch(entry.id):
            raise CallerError(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores."
                " It can be at most 80 letters long.",
            )
        if entry.id in seen:
            raise CallerError("BatchEntryIdsNotDistinct", f"Id {entry.id} repeated.")
        seen.add(entry.id)


def read_attributes(values: Mapping[str, MessageAttributeValue] | None) -> dict[str, MessageAttribute]:
    """Check message attributes and give them in our own form; raises InvalidParameterValue."""
    if not values:
        return {}
    if len(values) > MAX_ATTRIBUTES:
        raise CallerError(
            "InvalidParameterValue",
            f"Number of message attributes [{len(values)}] exceeds the allowed maximum [{MAX_ATTRIBUTES}].",
        )
    return {name: _read_attribute(name, value) for name, value in values.items()}


def attributes_size(attributes: Mapping[str, MessageAttribute]) -> int:
    """Count the bytes of names, types and values, as the message quota does."""
    return sum(
        len(name.encode())
        + len(attribute.data_type.encode())
        + len((attribute.string_value or "").encode())
        + len(attribute.binary_value or b"")
        for name, attribute in attributes.items()
    )


def selected_attributes(
    attributes: Mapping[str, MessageAttribute], names: Sequence[str]
) -> dict[str, MessageAttribute]:
    """Give the attributes that a receiver asked for: by name, by "prefix.*", or "All" and ".*" for all."""
    if not attributes or not names:
        return {}
    if "All" in names or ".*" in names:
        return dict(attributes)
    exact = {name for name in names if not name.endswith(".*")}
    prefixes = tuple(name[:-1] for name in names if name.endswith(".*"))
    return {
        name: attribute
        for name, attribute in attributes.items()
        if name in exact or (prefixes and name.startswith(prefixes))
    }


def _read_attribute(name: str, value: MessageAttributeValue) -> MessageAttribute:
    lowered = name.lower()
    if (
        not _ATTRIBUTE_NAME.fullmatch(name)
        or lowered.startswith(_RESERVED_PREFIXES)
        or name.startswith(".")
        or name.endswith(".")
        or ".." in name
    ):
        raise CallerError("InvalidParameterValue", f"Message attribute name '{name}' is invalid.")
    base = value.data_type.partition(".")[0]
    if base not in _BASE_TYPES or len(value.data_type) > 256:
        raise CallerError(
            "InvalidParameterValue",
            f"The type of message attribute '{name}' is invalid. You must use only the following supported type"
            " prefixes: Binary, Number, String.",
        )
    filled = value.binary_value if base == "Binary" else value.string_value
    other = value.string_value if base == "Binary" else value.binary_value
    if not filled or other is not None:
        raise CallerError(
            "InvalidParameterValue",
            f"Message attribute '{name}' must contain a non-empty value of type '{base}' and no other value.",
        )
    if base == "Binary":
        return MessageAttribute(value.data_type, binary_value=value.binary_value)
    if value.string_value and _FORBIDDEN.search(value.string_value):
        raise CallerError("InvalidMessageContents", f"Message attribute '{name}' has characters that are not allowed.")
    if base == "Number" and not _is_number(value.string_value or ""):
        raise CallerError("InvalidParameterValue", f"Can't cast the value of message attribute '{name}' to a number.")
    return MessageAttribute(value.data_type, string_value=value.string_value)


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def _invalid(value: int, name: str, reason: str) -> CallerError:
    return CallerError("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}.")
