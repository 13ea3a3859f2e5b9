"""The `aws-chunked` body: pieces with sizes, perhaps each with a signature, perhaps with fields behind them.

    STREAMING-AWS4-HMAC-SHA256-PAYLOAD          each chunk signed, on the signature of the one before
    STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER  the same, and the trailer fields signed as well
    STREAMING-UNSIGNED-PAYLOAD-TRAILER          nothing signed; the trailer holds a checksum

`ChunkDecoder` takes octets in whatever pieces they come and gives the
payload on as it comes: it holds no chunk. What it gave is to be believed only
after `finish`, which refuses what has not come to its end.

Refs: Amazon S3 API Reference, "Signature calculations for the Authorization
header: transferring payload in multiple chunks", and the same "including trailing headers".
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re

from msgspec import Struct

from hatobin.protocols.aws.claims import Claim
from hatobin.protocols.aws.s3.errors import refusal
from hatobin.protocols.aws.sigv4 import EMPTY_SHA256, signing_key

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
MODES = frozenset({SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER})

MAX_LINE_OCTETS = 1024
"""A line of size and signature, or one trailer field."""
MAX_TRAILER_FIELDS = 8

_SIGNATURE = "x-amz-trailer-signature"
_HEADER = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?\Z")
_FIELD = re.compile(rb"([A-Za-z0-9-]{1,128}):[ \t]*([\x21-\x7e]*)[ \t]*\n?\Z")
_CRLF = b"\r\n"


class ChunkSigning(Struct, frozen=True):
    """What the signatures of chunks are made with: they continue the one of the request's head."""

    key: bytes
    amz_date: str
    scope: str
    seed: str

    @classmethod
    def of(cls, claim: Claim, secret: str) -> ChunkSigning:
        """Take it from the verified claim of a request (Version 4)."""
        scope = claim.scope
        key = signing_key(secret, scope.day, scope.regions[0], scope.service)
        return cls(key, claim.amz_date, scope.text, claim.signature)

    def chunk(self, previous: str, digest: str) -> str:
        """Sign a chunk by its SHA-256."""
        return self._sign("PAYLOAD", previous, f"{EMPTY_SHA256}\n{digest}")

    def trailer(self, previous: str, digest: str) -> str:
        """Sign the trailer fields by their SHA-256."""
        return self._sign("TRAILER", previous, digest)

    def _sign(self, kind: str, previous: str, rest: str) -> str:
        text = f"AWS4-HMAC-SHA256-{kind}\n{self.amz_date}\n{self.scope}\n{previous}\n{rest}"
        return hmac.digest(self.key, text.encode("latin-1"), "sha256").hex()


class _At(enum.Enum):
    """What has to come next."""

    SIZE = enum.auto()
    DATA = enum.auto()
    DATA_END = enum.auto()
    TRAILER = enum.auto()
    END = enum.auto()


class ChunkDecoder:
    """Takes the body as it comes and gives its payload. Raises `S3Error`; then it is of no more use."""

    def __init__(self, mode: str, signing: ChunkSigning | None, trailer_names: frozenset[str] = frozenset()) -> None:
        """`mode` is one of MODES; those that sign need `signing`. `trailer_names` are the fields that must come."""
        self._signing = None if mode == UNSIGNED_TRAILER else signing
        assert mode == UNSIGNED_TRAILER or signing is not None, "signed chunks are verified"
        self._awaited = trailer_names
        self._has_trailer = mode != SIGNED
        self._previous = signing.seed if signing is not None else ""
        self._at = _At.SIZE
        self._line = bytearray()
        self._left = 0
        self._is_last = False
        self._stated = ""
        self._digest = hashlib.sha256()
        self._trailer: dict[str, str] = {}
        self._trailer_signature: str | None = None

    def feed(self, data: bytes) -> list[memoryview]:
        """Take the next octets and give what payload is in them, in order."""
        found: list[memoryview] = []
        view, place = memoryview(data), 0
        while place < len(view):
            if self._at is _At.DATA:
                piece = view[place : place + self._left]
                place += len(piece)
                self._take(piece)
                found.append(piece)
            elif self._at is _At.END:
                raise refusal("IncompleteBody", "The request body is longer than its last chunk says")
            else:
                place = self._gather(data, place)
        return found

    def finish(self) -> dict[str, str]:
        """Give the trailer fields, in lower case. Raises `S3Error` when the body has not come to its end."""
        if self._at is not _At.END:
            raise refusal("IncompleteBody")
        return self._trailer

    def _take(self, piece: memoryview) -> None:
        self._left -= len(piece)
        if self._signing is not None:
            self._digest.update(piece)
        if not self._left:
            self._at = _At.DATA_END
            self._check_chunk()

    def _gather(self, data: bytes, place: int) -> int:
        """Take octets up to the end of a line; give where the next part begins."""
        end = data.find(b"\n", place)
        stop = len(data) if end < 0 else end + 1
        self._line += data[place:stop]
        if len(self._line) > MAX_LINE_OCTETS:
            raise self._malformed()
        # A line feed alone ends no line: some clients sent one before the real end of a trailer field.
        if self._line.endswith(_CRLF):
            line = bytes(self._line[:-2])
            self._line.clear()
            self._read(line)
        return stop

    def _read(self, line: bytes) -> None:
        if self._at is _At.SIZE:
            self._read_size(line)
        elif self._at is _At.DATA_END:
            if line:
                raise self._malformed()
            self._at = _At.SIZE
        elif line:
            self._read_field(line)
        else:
            self._end_trailer()

    def _read_size(self, line: bytes) -> None:
        match = _HEADER.match(line)
        if match is None or (match[2] is None) != (self._signing is None):
            raise self._malformed()
        self._left = int(match[1], 16)
        self._stated = (match[2] or b"").decode()
        self._digest = hashlib.sha256()
        if self._left:
            self._at = _At.DATA
            return
        self._check_chunk()
        self._at = _At.TRAILER

    def _check_chunk(self) -> None:
        if self._signing is None:
            return
        expected = self._signing.chunk(self._previous, self._digest.hexdigest())
        if not hmac.compare_digest(expected, self._stated):
            raise refusal("SignatureDoesNotMatch")
        self._previous = expected

    def _read_field(self, line: bytes) -> None:
        match = _FIELD.match(line)
        if match is None or not self._has_trailer or len(self._trailer) >= MAX_TRAILER_FIELDS:
            raise refusal("MalformedTrailerError")
        name, value = match[1].decode().lower(), match[2].decode()
        if self._trailer_signature is not None or name in self._trailer:
            raise refusal("MalformedTrailerError")  # The signature comes last.
        if name == _SIGNATURE:
            self._trailer_signature = value
        elif name in self._awaited:
            self._trailer[name] = value
        else:
            raise refusal("MalformedTrailerError")

    def _end_trailer(self) -> None:
        if self._has_trailer and self._trailer.keys() != self._awaited:
            raise refusal("MalformedTrailerError")
        if self._has_trailer and self._signing is not None:
            fields = "".join(f"{name}:{value}\n" for name, value in self._trailer.items())
            digest = hashlib.sha256(fields.encode("latin-1")).hexdigest()
            expected = self._signing.trailer(self._previous, digest)
            if not hmac.compare_digest(expected, self._trailer_signature or ""):
                raise refusal("SignatureDoesNotMatch")
        elif self._trailer_signature is not None:
            raise refusal("MalformedTrailerError")
        self._at = _At.END

    def _malformed(self) -> Exception:
        return refusal("InvalidRequest", "The chunks of the request body are not well-formed")
