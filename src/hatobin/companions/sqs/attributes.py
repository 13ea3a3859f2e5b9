"""Queue attributes: which exist, what they may hold, and their defaults.

Refs: Amazon SQS API reference 2012-11-05, CreateQueue and SetQueueAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from hatobin.companions.sqs.model import MAX_DELAY_S, MAX_MESSAGE_BYTES, MAX_VISIBILITY_S, MAX_WAIT_S, parse_redrive
from hatobin.protocols.aws.json_text import read_json
from hatobin.words.errors import CallerError


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole-number attribute with its bounds and default."""

    low: int
    high: int
    default: int


NUMBERS: Mapping[str, WholeNumber] = {
    "VisibilityTimeout": WholeNumber(0, MAX_VISIBILITY_S, 30),
    "MaximumMessageSize": WholeNumber(1024, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES),
    "MessageRetentionPeriod": WholeNumber(60, 1_209_600, 345_600),
    "DelaySeconds": WholeNumber(0, MAX_DELAY_S, 0),
    "ReceiveMessageWaitTimeSeconds": WholeNumber(0, MAX_WAIT_S, 0),
}
# Kept and shown; of these only RedrivePolicy is acted upon.
DOCUMENTS = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy"})
TEXTS = frozenset({"KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"})
FIFO = frozenset({"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"})
COUNTED = frozenset(
    {
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    }
)
_DIGITS = re.compile(r"[0-9]{1,20}")
COMPUTED = COUNTED | {"QueueArn", "CreatedTimestamp", "LastModifiedTimestamp"}


def refuse_fifo(queue_name: str, attributes: Mapping[str, str]) -> None:
    """Raise UnsupportedOperation for anything that asks for a FIFO queue."""
    # Deviates: there are only standard queues; saying so is better than a queue that does not keep its order.
    if queue_name.endswith(".fifo") or attributes.get("FifoQueue", "false").lower() == "true":
        raise CallerError("UnsupportedOperation", "FIFO queues are not supported by this server.")


def checked(attributes: Mapping[str, str]) -> dict[str, str]:
    """Give settable attributes in their normal form.

    Raises InvalidAttributeName, InvalidAttributeValue, and
    InvalidParameterValue for a policy that cannot be read.
    """
    return {name: _checked_value(name, value) for name, value in attributes.items() if name not in FIFO}


def with_defaults(attributes: Mapping[str, str]) -> dict[str, str]:
    """Give all attributes of a new queue. An empty document means none."""
    defaults = {name: str(number.default) for name, number in NUMBERS.items()}
    return updated({**defaults, "SqsManagedSseEnabled": "true"}, attributes)


def updated(current: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Give the attributes after a change; an empty document removes it."""
    return {name: value for name, value in {**current, **changes}.items() if value != ""}


def first_difference(current: Mapping[str, str], wanted: Mapping[str, str]) -> str | None:
    """Name the first wanted attribute whose value differs from the queue's; what is not named does not count."""
    return next((name for name, value in wanted.items() if current.get(name, "") != value), None)


def asked_for(names: Iterable[str]) -> frozenset[str] | None:
    """Give the names to show, None for all. Raises InvalidAttributeName."""
    wanted = frozenset(names)
    if "All" in wanted:
        return None
    for name in sorted(wanted - COMPUTED - DOCUMENTS - TEXTS - FIFO - NUMBERS.keys()):
        raise _unknown(name)
    return wanted


def _checked_value(name: str, value: str) -> str:
    number = NUMBERS.get(name)
    if number is not None:
        if not _DIGITS.fullmatch(value) or not number.low <= int(value) <= number.high:
            raise CallerError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        return str(int(value))
    if name in DOCUMENTS:
        return _checked_document(name, value) if value else ""
    if name in TEXTS:
        return value
    raise _unknown(name)


def _checked_document(name: str, value: str) -> str:
    try:
        document = read_json(value)
    except msgspec.DecodeError:
        document = None
    if not isinstance(document, dict):
        raise _bad_document(name, value, "Must be valid JSON")
    if name == "RedrivePolicy" and parse_redrive(value) is None:
        raise _bad_document(name, value, "deadLetterTargetArn and maxReceiveCount (1 to 1000) are mandatory")
    # One spelling, so that the same policy with other blanks is the same attribute.
    return msgspec.json.encode(document).decode()


def _bad_document(name: str, value: str, reason: str) -> CallerError:
    return CallerError("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}.")


def _unknown(name: str) -> CallerError:
    return CallerError("InvalidAttributeName", f"Unknown Attribute {name}.")
