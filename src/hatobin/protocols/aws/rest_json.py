"""REST-JSON: input from path, query string, headers and a JSON body or one that is no JSON; the same out.

SES v2 and Lambda speak it.

Refs: Smithy 2.0, restJson1 protocol and HTTP bindings.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from hatobin.protocols.aws.forms import scalar_value
from hatobin.protocols.aws.json_body import body_decoder, error_body, read_object, write_object
from hatobin.protocols.aws.model import OperationModel, ServiceModel
from hatobin.protocols.aws.nodes import ListNode, Node, ScalarNode, StructNode, struct_node
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Answer, Malformed, Parcel, Refusal

# A query string may hold this many pairs; the longest list member there is a page of tag keys.
MAX_QUERY_PAIRS = 1000
NO_CONTENT = 204


class RestJsonWire:
    """REST-JSON in both directions."""

    def read(self, parcel: Parcel) -> Shape:
        """See `Wire.read`; a request that is all body is decoded straight into its type."""
        operation = parcel.operation
        if not (operation.labels or operation.query or operation.headers or operation.payload):
            return body_decoder(operation.input).decode(parcel.body or b"{}")
        try:
            return msgspec.convert(self.read_untyped(parcel), operation.input)
        except Malformed as malformed:
            raise msgspec.DecodeError(str(malformed)) from malformed

    def read_untyped(self, parcel: Parcel) -> Any:
        """See `Wire.read_untyped`. What a route binds is never taken from the body."""
        operation = parcel.operation
        values = _payload(operation.payload, parcel.body) if operation.payload else read_object(parcel.body)
        if not isinstance(values, dict):
            return values
        members = {member.wire: member for member in struct_node(operation.input).members}
        for label, member in operation.labels:
            values[member] = _bound(members[member].node, [parcel.labels[label]])
        pairs = _query_pairs(parcel.query)
        for name, member in operation.query:
            given = pairs.get(name)
            if given is not None:
                values[member] = _bound(members[member].node, given)
            elif members[member].is_required and isinstance(members[member].node, ListNode):
                values[member] = []  # A query string cannot tell an empty list from none.
            else:
                values.pop(member, None)
        for name, member in operation.headers:
            if (text := parcel.headers.get(name)) is not None:
                values[member] = _bound(members[member].node, [text])
            else:
                values.pop(member, None)
        return values

    def answer(self, service: ServiceModel, operation: OperationModel, output: Shape | None, request_id: str) -> Answer:
        """See `Wire.answer`."""
        is_bound = operation.answered_headers or operation.answered_payload or operation.answered_status
        if output is not None and is_bound:
            return _bound_answer(operation, output, request_id)
        body = b"" if operation.status == NO_CONTENT else write_object(output)
        return Answer(operation.status, _headers_of(body, request_id), body)

    def refuse(self, service: ServiceModel, refusal: Refusal, request_id: str) -> Answer:
        """See `Wire.refuse`."""
        headers = (*_headers(request_id), ("x-amzn-errortype", refusal.code))
        if service.name == "lambda" and refusal.code in service.errors:
            # Observed: the errors of its model say whose fault it is, and spell Message with a capital.
            text = {"Type": "User" if refusal.is_sender_fault else "Service", "Message": refusal.message}
            return Answer(refusal.status, headers, msgspec.json.encode(text))
        return Answer(refusal.status, headers, error_body(refusal.message))


def _headers(request_id: str) -> tuple[tuple[str, str], ...]:
    return (("content-type", "application/json"), ("x-amzn-requestid", request_id))


def _payload(member: str, body: bytes) -> dict[str, Any]:
    """Give a body that is taken as it is, as JSON would hold it; none is no member."""
    return {member: b64encode(body).decode()} if body else {}


def _bound_answer(operation: OperationModel, output: Shape, request_id: str) -> Answer:
    """Write an answer of which some members are headers, the status, or the whole body."""
    members = {member.wire: member.field for member in struct_node(type(output)).members}

    def value(member: str) -> Any:
        return getattr(output, members[member])

    headers: list[tuple[str, str]] = []
    given = [(name, value(member)) for name, member in operation.answered_headers]
    headers += [(name, str(text)) for name, text in given if text is not None]
    body = (value(operation.answered_payload) or b"") if operation.answered_payload else b""
    status = value(operation.answered_status) if operation.answered_status else None
    return Answer(status or operation.status, (*_headers_of(body, request_id), *headers), body)


def _headers_of(body: bytes, request_id: str) -> tuple[tuple[str, str], ...]:
    """Give the headers of every answer; one without a body has no kind of content either."""
    return _headers(request_id) if body else _headers(request_id)[1:]


def _bound(node: Node, given: list[str]) -> Any:
    """Convert what a path label or the query string gave for one member."""
    if isinstance(node, ListNode):
        return [_bound(node.item, [text]) for text in given]
    if isinstance(node, ScalarNode):
        return scalar_value(node, given[0])
    raise TypeError(f"no service binds {StructNode.__name__} to a URI")


def _query_pairs(query: str) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    if not query:
        return pairs
    for part in query.split("&", MAX_QUERY_PAIRS):
        name, _, value = part.partition("=")
        pairs.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return pairs
