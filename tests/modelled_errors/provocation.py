"""What provokes one modelled error of one operation, and the servers on which it does.

The errors leave nothing behind, so many provocations share one server: a
`stage` names it, `stages` sets it up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.gateway.samples import sample, service

PLAIN = "plain"
"""A server with one of each resource."""
LAST_HANDLE = "the receipt handle of the message that was received and given back"
"""Stands for a handle that only the server can give."""


@dataclass(frozen=True)
class Provocation:
    """A call, the error it must get (the name of its shape in the model), and the text; None is no text at all."""

    service: str
    operation: str
    error: str
    arguments: dict[str, Any]
    text: str | None
    stage: str = PLAIN

    @property
    def pair(self) -> tuple[str, str, str]:
        """What this proves."""
        return (self.service, self.operation, self.error)


@dataclass(frozen=True)
class Group:
    """Provocations of one service on one stage, in short."""

    service: str
    stage: str = PLAIN

    def one(self, operation: str, error: str, text: str | None, **changes: Any) -> Provocation:
        """Give a call with what the operation needs, and these arguments."""
        return Provocation(
            self.service, operation, error, {**needed(self.service, operation), **changes}, text, self.stage
        )

    def each(self, operations: Iterable[str], error: str, text: str | None, **changes: Any) -> list[Provocation]:
        """Give the same for several operations."""
        return [self.one(operation, error, text, **changes) for operation in operations]


def needed(name: str, operation: str) -> dict[str, Any]:
    """Give the arguments that an operation cannot do without."""
    shape = service(name).operation_model(operation).input_shape
    arguments: dict[str, Any] = {} if shape is None else sample(shape, required_only=True)
    return arguments


def without_required(name: str, operation: str) -> Provocation | None:
    """Leave out a member that SES v2 needs and that the path does not hold; None where there is none."""
    shape = service(name).operation_model(operation).input_shape
    missing = [
        member
        for member in (shape.required_members if shape is not None else ())
        if shape.members[member].serialization.get("location") is None
    ]
    if not missing:
        return None
    arguments = sample(shape, required_only=True)
    for member in missing:
        del arguments[member]
    noun = "error" if len(missing) == 1 else "errors"
    found = "; ".join(
        f"Value at '{member[0].lower()}{member[1:]}' failed to satisfy constraint: Member must not be null"
        for member in shape.members
        if member in missing
    )
    text = f"{len(missing)} validation {noun} detected: {found}"
    return Provocation(name, operation, "BadRequestException", arguments, text)
