"""What every AWS protocol does: read a typed request, write an answer, write an error.

One module per protocol implements `Wire`; the gateway knows only this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from hatobin.protocols.aws.model import OperationModel, ServiceModel
from hatobin.protocols.aws.shapes import Shape


class Malformed(Exception):
    """The request cannot be read at all; the text is AWS's, or None where AWS says nothing."""

    def __init__(self, message: str | None) -> None:
        super().__init__(message)
        self.message = message


class Parcel(Struct, frozen=True):
    """A request after routing: what a protocol reads its input from.

    `labels` are the decoded path labels by their name in the route, `form`
    the pairs of a Query request, `headers` have names in lower case.
    """

    operation: OperationModel
    body: bytes
    query: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Answer(Struct, frozen=True):
    """What goes back: status, headers beyond the length, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Refusal(Struct, frozen=True):
    """An error as it goes to the caller. `query_code` is for Query clients of a JSON service."""

    code: str
    message: str | None
    status: int
    query_code: str
    is_sender_fault: bool


class Wire(Protocol):
    """One protocol, both directions."""

    def read(self, parcel: Parcel) -> Shape:
        """Decode on the fast path; raises msgspec's errors, whatever is wrong."""
        ...

    def read_untyped(self, parcel: Parcel) -> Any:
        """Decode to plain values, for the walker that words what is wrong. Raises `Malformed`."""
        ...

    def answer(self, service: ServiceModel, operation: OperationModel, output: Shape | None, request_id: str) -> Answer:
        """Encode a successful answer."""
        ...

    def refuse(self, service: ServiceModel, refusal: Refusal, request_id: str) -> Answer:
        """Encode an error."""
        ...
