"""A body on its way in: decoded, counted and digested as it passes, believed only at its end.

What S3 lets a client say about a body is checked here: its length
(`Content-Length`, `x-amz-decoded-content-length`), its SHA-256 as signed in the
head, or the signatures of its chunks, `Content-MD5`, and one `x-amz-checksum-…`
in the head or behind the body.

Refs: Amazon S3 user guide, "Checking object integrity"; RFC 1864 (Content-MD5).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping

from msgspec import Struct

from hatobin.protocols.aws.claims import Claim
from hatobin.protocols.aws.s3 import checksums
from hatobin.protocols.aws.s3.chunked import MODES, UNSIGNED_TRAILER, ChunkDecoder, ChunkSigning
from hatobin.protocols.aws.s3.errors import S3Error, refusal
from hatobin.protocols.aws.sigv4 import UNSIGNED_PAYLOAD

CONTENT_SHA256 = "x-amz-content-sha256"
DECODED_LENGTH = "x-amz-decoded-content-length"
MAX_LENGTH_DIGITS = 15

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_CHECKSUM_NAMES = re.compile(rf"{checksums.HEADER}(?!algorithm\Z|type\Z|mode\Z).+\Z")


class Received(Struct, frozen=True):
    """A body that is what its request says: payload octets, MD5 in hexadecimal, and the checksum it came with."""

    size: int
    md5: str
    algorithm: str | None
    checksum: str | None


class Inflow:
    """Takes one body in pieces. `feed` may run in a thread, one call at a time; both methods raise `S3Error`."""

    def __init__(
        self,
        headers: Mapping[str, str],
        payload_hash: str,
        signing: ChunkSigning | None,
        *,
        algorithm: str | None = None,
    ) -> None:
        """Read what `headers` say of the body. `payload_hash` is what the signature covers.

        `algorithm` is a checksum that is computed although the request may have none.
        """
        self._is_chunked = payload_hash in MODES
        self._sha256 = hashlib.sha256() if _SHA256.match(payload_hash) else None
        self._payload_hash = payload_hash
        self.size = _length(headers, DECODED_LENGTH if self._is_chunked else "content-length")
        self._content_md5 = _content_md5(headers.get("content-md5"))
        self._expected = _stated_checksum(headers)
        trailer = _trailer_names(headers) if self._is_chunked else frozenset()
        self._algorithm = self._expected[0] if self._expected else _only_algorithm(trailer) or algorithm
        if self._expected and trailer:
            raise refusal("InvalidRequest", "Expecting a single x-amz-checksum- header")
        if "x-amz-sdk-checksum-algorithm" in headers and not (self._expected or trailer):
            raise refusal(
                "InvalidRequest",
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                "headers were found.",
            )
        self._decoder = ChunkDecoder(payload_hash, signing, trailer) if self._is_chunked else None
        self._checksum = checksums.begin(self._algorithm) if self._algorithm else None
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._taken = 0

    @property
    def algorithm(self) -> str | None:
        """The checksum algorithm of this body, if any."""
        return self._algorithm

    def feed(self, data: bytes) -> bytes:
        """Take the next octets of the body and give the payload in them."""
        payload = data if self._decoder is None else b"".join(self._decoder.feed(data))
        self._taken += len(payload)
        if self._taken > self.size:
            raise refusal("IncompleteBody", "The request body is longer than its headers say")
        self._md5.update(payload)
        if self._sha256 is not None:
            self._sha256.update(payload)
        if self._checksum is not None:
            self._checksum.update(payload)
        return payload

    def finish(self) -> Received:
        """Say what came, once it is all here and right."""
        trailer = self._decoder.finish() if self._decoder is not None else {}
        if self._taken != self.size:
            raise refusal(
                "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
            )
        if self._sha256 is not None and not hmac.compare_digest(self._sha256.hexdigest(), self._payload_hash):
            raise refusal(
                "XAmzContentSHA256Mismatch",
                ClientComputedContentSHA256=self._payload_hash,
                S3ComputedContentSHA256=self._sha256.hexdigest(),
            )
        if self._content_md5 is not None and self._content_md5 != self._md5.digest():
            raise refusal("BadDigest")
        checksum = self._checksum.text() if self._checksum is not None else None
        stated = self._expected[1] if self._expected else next(iter(trailer.values()), None)
        if stated is not None and stated != checksum:
            raise _checksum_mismatch(self._algorithm or "")
        return Received(self._taken, self._md5.hexdigest(), self._algorithm, checksum)


def payload_hash(headers: Mapping[str, str], claim: Claim) -> str:
    """Give what the signature of a request says about its body. Raises `S3Error` for what S3 does not take."""
    stated = headers.get(CONTENT_SHA256)
    if stated is None:
        if not claim.is_presigned:
            raise refusal("InvalidRequest", f"Missing required header for this request: {CONTENT_SHA256}")
        return UNSIGNED_PAYLOAD
    if stated == UNSIGNED_PAYLOAD or _SHA256.match(stated):
        return stated
    if stated in MODES and not claim.is_presigned:
        if claim.scope.algorithm != "AWS4-HMAC-SHA256" and stated != UNSIGNED_TRAILER:
            raise refusal("NotImplemented", "Chunks signed with Signature Version 4A are not implemented.")
        return stated
    if stated.startswith("STREAMING-"):
        raise refusal("NotImplemented", f"The payload form {stated} is not implemented.")
    raise refusal(
        "InvalidArgument",
        f"{CONTENT_SHA256} must be UNSIGNED-PAYLOAD, {', '.join(sorted(MODES))}, or a valid sha256 value.",
        ArgumentName=CONTENT_SHA256,
        ArgumentValue=stated,
    )


def _length(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name)
    if text is None:
        raise refusal("MissingContentLength")
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_LENGTH_DIGITS:
        raise refusal("InvalidArgument", f"{name} is not a number", ArgumentName=name, ArgumentValue=text)
    return int(text)


def _content_md5(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refusal("InvalidDigest") from None
    if len(digest) != 16:
        raise refusal("InvalidDigest")
    return digest


def _stated_checksum(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Read the one checksum header there may be."""
    names = [name for name in headers if _CHECKSUM_NAMES.match(name)]
    if not names:
        return None
    if len(names) > 1:
        raise refusal(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    return _known_algorithm(names[0], headers[names[0]])


def _known_algorithm(name: str, value: str) -> tuple[str, str]:
    algorithm = checksums.algorithm_of(name)
    if algorithm is None:
        raise refusal("NotImplemented", f"The checksum of {name} is not implemented.")
    if not checksums.is_checksum(algorithm, value):
        raise refusal("InvalidRequest", f"Value for {name} header is invalid.")
    return algorithm, value


def _trailer_names(headers: Mapping[str, str]) -> frozenset[str]:
    text = headers.get("x-amz-trailer")
    if text is None:
        if headers.get(CONTENT_SHA256) in MODES and headers[CONTENT_SHA256].endswith("-TRAILER"):
            raise refusal("InvalidRequest", "The x-amz-trailer header is missing.")
        return frozenset()
    if not headers.get(CONTENT_SHA256, "").endswith("-TRAILER"):
        raise refusal("InvalidRequest", "x-amz-trailer needs a payload form with a trailer.")
    names = frozenset(name.strip().lower() for name in text.split(","))
    if len(names) != 1 or not all(name.startswith(checksums.HEADER) for name in names):
        raise refusal("InvalidRequest", "The value specified in the x-amz-trailer header is not supported.")
    return names


def _only_algorithm(trailer: frozenset[str]) -> str | None:
    for name in trailer:
        algorithm = checksums.algorithm_of(name)
        if algorithm is None:
            raise refusal("NotImplemented", f"The checksum of {name} is not implemented.")
        return algorithm
    return None


def _checksum_mismatch(algorithm: str) -> S3Error:
    # Observed: BadDigest with the name of the algorithm, whether it came in the head or behind the body.
    return refusal("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
