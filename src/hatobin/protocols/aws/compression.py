"""Compressed request bodies: SDKs pack large calls of PutMetricData with gzip before they sign them.

Refs: Smithy 2.0, "requestCompression trait"; RFC 9110 §8.4.1.3.
"""

from __future__ import annotations

import zlib

from hatobin.protocols.aws.wire import Malformed

MAX_UNPACKED_BYTES = 1024 * 1024
"""What PutMetricData takes of one call (CloudWatch user guide, "quotas"); no other operation is sent packed."""

_GZIP_WINDOW = 31


def unpacked(body: bytes, content_encoding: str) -> bytes:
    """Give a body as it was before it was packed. Raises `Malformed` for what is no gzip, or too much.

    >>> import gzip
    >>> unpacked(gzip.compress(b"Action=ListMetrics"), "gzip")
    b'Action=ListMetrics'
    """
    if content_encoding.strip().lower() != "gzip":
        return body
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        found = stream.decompress(body, MAX_UNPACKED_BYTES + 1)
    except zlib.error:
        raise Malformed(None) from None
    if len(found) > MAX_UNPACKED_BYTES or not stream.eof:
        raise Malformed(None)
    return found
