"""Smithy RPC v2 CBOR: `POST /service/<Service>/operation/<Operation>` (Mail Manager).

Refs: Smithy 2.0, rpcv2Cbor protocol; RFC 8949 §3.4.2 (tag 1, epoch time).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from math import isfinite
from typing import Any, NoReturn

import cbor2
import msgspec

from hatobin.protocols.aws.model import OperationModel, ServiceModel
from hatobin.protocols.aws.nodes import Kind, ListNode, MapNode, Node, ScalarNode, StructNode, struct_node, wire_value
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Answer, Malformed, Parcel, Refusal

# Items nest this deep; no service model goes beyond ten.
MAX_DEPTH = 64
_EPOCH_TAG = 1
# Shared values and string references unfold to more than was sent; the others build objects that
# no service model has (RFC 8949 §3.4 and the IANA registry of CBOR tags).
_REFUSED_TAGS = (0, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004)


@dataclass(frozen=True, slots=True)
class RpcCborWire:
    """RPC v2 CBOR in both directions; `has_query_errors` adds the header that former Query clients read."""

    has_query_errors: bool = False

    def read(self, parcel: Parcel) -> Shape:
        """See `Wire.read`."""
        try:
            return msgspec.convert(self.read_untyped(parcel), parcel.operation.input)
        except Malformed as malformed:
            raise msgspec.DecodeError(str(malformed)) from malformed

    def read_untyped(self, parcel: Parcel) -> Any:
        """See `Wire.read_untyped`."""
        if not parcel.body:
            return {}
        decoder = cbor2.CBORDecoder(BytesIO(parcel.body), max_depth=MAX_DEPTH, semantic_decoders=_DECODERS)
        try:
            return _plain(decoder.decode())
        except (cbor2.CBORError, ValueError, TypeError, OverflowError):
            raise Malformed(None) from None

    def answer(self, service: ServiceModel, operation: OperationModel, output: Shape | None, request_id: str) -> Answer:
        """See `Wire.answer`."""
        values: Any = {} if output is None else _tagged(struct_node(type(output)), wire_value(output))
        return Answer(200, _headers(request_id), cbor2.dumps(values))

    def refuse(self, service: ServiceModel, refusal: Refusal, request_id: str) -> Answer:
        """See `Wire.refuse`."""
        members = {"__type": f"com.amazonaws.{service.name}#{refusal.code}"}
        if refusal.message is not None:
            members["message"] = refusal.message
        headers = _headers(request_id)
        if self.has_query_errors:
            fault = "Sender" if refusal.is_sender_fault else "Receiver"
            headers = (*headers, ("x-amzn-query-error", f"{refusal.query_code};{fault}"))
        return Answer(refusal.status, headers, cbor2.dumps(members))


def _headers(request_id: str) -> tuple[tuple[str, str], ...]:
    return (
        ("content-type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-requestid", request_id),
    )


def _epoch(value: Any, _immutable: bool) -> float:
    return float(value)


def _refused(_value: Any, _immutable: bool) -> NoReturn:
    raise ValueError("this tag has no place in a request")


_DECODERS = {_EPOCH_TAG: _epoch, **dict.fromkeys(_REFUSED_TAGS, _refused)}


def _plain(value: Any) -> Any:
    """Give decoded items with undefined as null (rpcv2Cbor: both mean absent); refuses NaN and infinities."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("not a number that a service takes")
    return None if value is cbor2.undefined else value


def _tagged(node: Node, value: Any) -> Any:
    """Put tag 1 around every timestamp."""
    if isinstance(node, StructNode):
        nodes = {member.wire: member.node for member in node.members}
        return {name: _tagged(nodes[name], item) for name, item in value.items() if item is not None}
    if isinstance(node, ListNode):
        return [_tagged(node.item, item) for item in value]
    if isinstance(node, MapNode):
        return {key: _tagged(node.value, item) for key, item in value.items()}
    if isinstance(node, ScalarNode) and node.kind is Kind.TIMESTAMP:
        return cbor2.CBORTag(_EPOCH_TAG, value)
    return value
