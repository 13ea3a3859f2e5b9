"""One request to S3, verified and addressed, as every operation sees it; and the answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct, structs

from hatobin.companions.s3.access import AccessRequest, Authorization
from hatobin.companions.s3.contents import FLUSH_OCTETS, beside
from hatobin.companions.s3.model import Bucket, bucket_arn
from hatobin.gateway import Permissions, Principal
from hatobin.ports import Ports
from hatobin.protocols.aws.s3 import checksums
from hatobin.protocols.aws.s3.addressing import Place
from hatobin.protocols.aws.s3.chunked import ChunkSigning
from hatobin.protocols.aws.s3.documents import MAX_DOCUMENT_OCTETS
from hatobin.protocols.aws.s3.errors import refusal
from hatobin.protocols.aws.s3.inflow import Inflow, Received
from hatobin.words.settings import Settings

_LISTING = frozenset({"s3:ListBucket", "s3:ListBucketMultipartUploads"})


class BodySource(Protocol):
    """The body of a request as it comes."""

    async def read(self) -> bytes:
        """Give the next octets; none at the end. Raises when the client has gone."""
        ...


class S3Request(Struct, frozen=True):
    """The head of a request, as `gateway.HttpRequest` has it.

    Text is Latin-1; header names are in lower case, repeated ones joined with a comma.
    """

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    source_ip: str
    is_secure: bool
    is_vouched: bool = True


class S3Answer(Struct, frozen=True):
    """An answer: its body whole, or in pieces of `length` octets together."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | AsyncGenerator[bytes, None] = b""
    length: int | None = None


class RequestBody:
    """The body of one verified request: read once, as octets of an object or as a small document."""

    def __init__(
        self,
        source: BodySource,
        headers: Mapping[str, str],
        payload_hash: str,
        signing: ChunkSigning | None,
        ports: Ports,
    ) -> None:
        self._source = source
        self._headers = headers
        self._payload_hash = payload_hash
        self._signing = signing
        self._ports = ports
        self._inflow: Inflow | None = None

    def begin(self, *, algorithm: str | None = None) -> Inflow:
        """Read what the head says of the body. Raises `S3Error`."""
        self._inflow = Inflow(self._headers, self._payload_hash, self._signing, algorithm=algorithm)
        return self._inflow

    async def payload(self) -> AsyncIterator[bytes]:
        """Give the payload as it comes; it is to be believed after `received`. Raises `S3Error`."""
        inflow = self._inflow
        assert inflow is not None, "begin comes first"
        waiting: list[bytes] = []
        size = 0
        while data := await self._source.read():
            waiting.append(data)
            size += len(data)
            if size >= FLUSH_OCTETS:
                yield await self._digest(inflow, waiting)
                waiting, size = [], 0
        if waiting:
            yield await self._digest(inflow, waiting)

    def received(self) -> Received:
        """Say what came, once all of it is here and right. Raises `S3Error`."""
        assert self._inflow is not None, "begin comes first"
        return self._inflow.finish()

    async def document(self, *, is_described: bool = True) -> bytes:
        """Read a small body whole. Raises `S3Error`.

        Without `is_described`, a checksum in the head is one of something else.
        """
        if not int(self._headers.get("content-length", "0") or "0") and "transfer-encoding" not in self._headers:
            return b""
        if not is_described:
            self._headers = {n: v for n, v in self._headers.items() if not n.startswith(checksums.HEADER)}
        inflow = self.begin()
        if inflow.size > MAX_DOCUMENT_OCTETS:
            raise refusal("MaxMessageLengthExceeded", MaxMessageLengthBytes=str(MAX_DOCUMENT_OCTETS))
        whole = b"".join([data async for data in self.payload()])
        self.received()
        return whole

    async def _digest(self, inflow: Inflow, waiting: list[bytes]) -> bytes:
        data = waiting[0] if len(waiting) == 1 else b"".join(waiting)
        return await beside(self._ports, len(data), lambda: inflow.feed(data))


class S3Call(Struct, frozen=True):
    """One request, verified.

    `headers` are those that count; a bucket is found for all but the list of buckets and the making of one.
    """

    operation: str
    principal: Principal
    permissions: Permissions
    region: str
    request_id: str
    place: Place
    query: Mapping[str, str]
    headers: Mapping[str, str]
    source_ip: str
    is_secure: bool
    body: RequestBody
    found: Bucket | None
    ports: Ports
    settings: Settings
    authorization: Authorization

    @property
    def bucket(self) -> Bucket:
        """The bucket that the request names."""
        assert self.found is not None, "only called where there is one"
        return self.found

    @property
    def turn(self) -> str:
        """The place of this call's writes in a group (see `Database.write`)."""
        return f"s3 {self.place.bucket}"

    async def authorize(self, action: str, *, bucket: Bucket | None = None, key: str = "") -> None:
        """Ask whether the caller may do this, with the request's bucket unless another is given.

        Raises AccessDenied.
        """
        named = bucket or self.found
        name = named.name if named is not None else self.place.bucket
        await self.authorization.check(
            AccessRequest(
                principal=self.principal,
                permissions=self.permissions,
                action=action,
                resource=bucket_arn(name, key) if name else "*",
                bucket=named,
                region=self.region,
                source_ip=self.source_ip,
                is_secure=self.is_secure,
                now=self.ports.clock.now(),
                user_agent=self.headers.get("user-agent", ""),
                extra=self._list_context() if action in _LISTING else {},
            )
        )

    def _list_context(self) -> dict[str, tuple[str, ...]]:
        """Give the keys by which policies tell the folders of one bucket apart."""
        names = {"s3:prefix": "prefix", "s3:delimiter": "delimiter", "s3:max-keys": "max-keys"}
        return {key: (self.query[name],) for key, name in names.items() if name in self.query}

    def integer(self, name: str, default: int, *, most: int) -> int:
        """Read a number of the query, at most `most`. Raises `S3Error` (InvalidArgument)."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > 2**31 - 1:
            raise refusal(
                "InvalidArgument",
                f"Provided {name} not an integer or within integer range",
                ArgumentName=name,
                ArgumentValue=text,
            )
        return min(int(text), most)

    def in_bucket(self, bucket: Bucket) -> S3Call:
        """Give the call with the bucket it names."""
        return structs.replace(self, found=bucket)


Operation = Callable[[S3Call], Awaitable[S3Answer]]
