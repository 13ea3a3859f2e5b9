"""CBOR that no client sends: refused as malformed, never unfolded, never a crash."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.gateway.models import service_model
from hatobin.protocols.aws.rpc_cbor import RpcCborWire
from hatobin.protocols.aws.wire import Malformed, Parcel

OPERATION = service_model("mailmanager").operations["StartArchiveSearch"]


def read(body: bytes) -> object:
    return RpcCborWire().read_untyped(Parcel(OPERATION, body))


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\xa1\x61a",
        b"\x81" * 1000,
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xd8\x1c\x81\xd8\x1d\x00",
        b"\xc0\x74" + b"2026-01-01T00:00:00Z",
        b"\xd8\x23\x61(",
        b"\xc1\x61a",
        cbor2.dumps({"a": float("nan")}),
        cbor2.dumps({"a": cbor2.CBORTag(1, float("inf"))}),
    ],
    ids=bytes.hex,
)
def test_what_has_no_place_in_a_request_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)


def test_a_tagged_moment_is_a_number_and_undefined_is_absent() -> None:
    body = cbor2.dumps({"FromTimestamp": cbor2.CBORTag(1, 17.5), "Filters": cbor2.undefined})
    assert read(body) == {"FromTimestamp": 17.5, "Filters": None}


def test_no_body_is_an_empty_structure() -> None:
    assert read(b"") == {}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    try:
        read(body)
    except Malformed:
        pass
