"""REST-JSON: input from path, query string and a JSON body; JSON out (SES v2).

Refs: Smithy 2.0, restJson1 protocol and HTTP bindings.
"""

from __future__ import annotations

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


class RestJsonWire:
    """REST-JSON in both directions."""

    def read(self, parcel: Parcel) -> Shape:
        """See `Wire.read`; a request that is all body is decoded straight into its type."""
        operation = parcel.operation
        if not operation.labels and not operation.query:
            return body_decoder(operation.input).decode(parcel.body or b"{}")
        try:
            return msgspec.convert(self.read_untyped(parcel), operation.input)
        except Malformed as malformed:
            raise msgspec.DecodeError(str(malformed)) from malformed

    def read_untyped(self, parcel: Parcel) -> Any:
        """See `Wire.read_untyped`. What a route binds is never taken from the body."""
        operation = parcel.operation
        values = read_object(parcel.body)
        if not operation.labels and not operation.query:
            return values
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
        return values

    def answer(self, service: ServiceModel, operation: OperationModel, output: Shape | None, request_id: str) -> Answer:
        """See `Wire.answer`."""
        return Answer(200, _headers(request_id), write_object(output))

    def refuse(self, service: ServiceModel, refusal: Refusal, request_id: str) -> Answer:
        """See `Wire.refuse`."""
        headers = (*_headers(request_id), ("x-amzn-errortype", refusal.code))
        return Answer(refusal.status, headers, error_body(refusal.message))


def _headers(request_id: str) -> tuple[tuple[str, str], ...]:
    return (("content-type", "application/json"), ("x-amzn-requestid", request_id))


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
