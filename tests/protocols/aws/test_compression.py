"""Packed bodies of requests."""

from __future__ import annotations

import gzip

import pytest

from hatobin.protocols.aws.compression import MAX_UNPACKED_BYTES, unpacked
from hatobin.protocols.aws.wire import Malformed

BODY = b"Action=PutMetricData&Namespace=Shop"


def test_a_body_without_encoding_stays_as_it_is() -> None:
    assert unpacked(BODY, "") is BODY
    assert unpacked(BODY, "identity") is BODY


def test_a_packed_body_is_unpacked() -> None:
    assert unpacked(gzip.compress(BODY), " GZIP ") == BODY
    whole = bytes(MAX_UNPACKED_BYTES)
    assert unpacked(gzip.compress(whole), "gzip") == whole


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY, id="no gzip"),
        pytest.param(gzip.compress(BODY)[:-1], id="cut off"),
        pytest.param(gzip.compress(bytes(MAX_UNPACKED_BYTES + 1)), id="one byte too much"),
        pytest.param(gzip.compress(bytes(100 * MAX_UNPACKED_BYTES)), id="a bomb"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_cannot_be_unpacked_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        unpacked(body, "gzip")
