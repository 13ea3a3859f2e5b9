"""From a parcel to its typed request: straight into the type, or AWS's words about why not."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from hatobin.protocols.aws.constraints import Violation, coerced, violations, violations_text
from hatobin.protocols.aws.nodes import struct_node
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Malformed, Parcel, Wire
from hatobin.words.errors import CallerError


@dataclass(frozen=True, slots=True)
class _Style:
    """The codes of one service: for constraints, for values of a wrong kind."""

    constraint: str
    malformed: str


_STYLES = {
    "ses": _Style("ValidationError", "MalformedInput"),
    "sts": _Style("ValidationError", "MalformedInput"),
    "iam": _Style("ValidationError", "MalformedInput"),
    "sns": _Style("InvalidParameter", "MalformedInput"),
    "sqs": _Style("InvalidParameterValue", "SerializationException"),
    "sesv2": _Style("BadRequestException", "SerializationException"),
    "mailmanager": _Style("ValidationException", "SerializationException"),
    "cloudwatch": _Style("ValidationError", "SerializationException"),
    "firehose": _Style("ValidationException", "SerializationException"),
    "events": _Style("ValidationException", "SerializationException"),
    "lambda": _Style("ValidationException", "SerializationException"),
    "logs": _Style("InvalidParameterException", "SerializationException"),
}


def decode(service: str, wire: Wire, parcel: Parcel) -> Shape:
    """Give the typed request, or raise `CallerError` naming everything that is wrong with it."""
    try:
        return wire.read(parcel)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _explain(service, wire, parcel)


def malformed_error(service: str, malformed: Malformed) -> CallerError:
    """Give the error for a request that cannot be read."""
    return CallerError(_STYLES[service].malformed, malformed.message)


def _explain(service: str, wire: Wire, parcel: Parcel) -> Shape:
    """Walk a refused request; what AWS reads leniently still becomes a typed request."""
    kind = parcel.operation.input
    node = struct_node(kind)
    try:
        # A body of `null` is as good as none.
        values = coerced(node, wire.read_untyped(parcel)) or {}
    except Malformed as malformed:
        raise malformed_error(service, malformed) from None
    found = violations(node, values)
    if found:
        raise _constraint_error(service, found)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise CallerError(_STYLES[service].constraint, str(error)) from None


def _constraint_error(service: str, found: list[Violation]) -> CallerError:
    """Word violations as the service does; SQS and SNS name the first missing parameter alone."""
    missing = next((violation for violation in found if violation.is_missing), None)
    if missing is not None and service in ("sqs", "sns"):
        name = missing.path[:1].upper() + missing.path[1:]
        if service == "sqs":
            return CallerError("MissingParameter", f"The request must contain the parameter {name}.")
        return CallerError("InvalidParameter", f"Invalid parameter: {name} Reason: no value for required parameter")
    return CallerError(_STYLES[service].constraint, violations_text(found))
