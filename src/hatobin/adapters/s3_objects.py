"""The port `Objects` over a real S3, or a store that speaks as it does.

Where `aws.s3.endpoint_url` is set, what the rest of the product reads from
buckets and puts there goes through here. The endpoint is the operator's own
choice, so no outbound guard stands before it.

The extra `hatobin[s3]` brings obstore. Its paths cannot name every key that
S3 has: one with an empty part, `.` or `..` between slashes is refused.

Refs: Amazon S3 API Reference, GetObject, PutObject, CreateMultipartUpload.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obstore import get_async, head_async, open_writer_async, put_async
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from hatobin.adapters.s3_blobs import DEFAULT_REGION, PIECE_BYTES, RETRIES, client_options, is_missing_object
from hatobin.ports.objects import (
    BucketFacts,
    BucketMissing,
    ObjectFacts,
    ObjectMissing,
    ObjectsRefused,
    ObjectsUnavailable,
    OpenObject,
)

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import S3Config

PART_BYTES = 5 * 1024 * 1024
"""What does not fit into one part goes up in parts of this size, two of them in memory."""
OPEN_BUCKETS = 64
"""Buckets whose clients are kept."""

_PROBE = "hatobin-probe"
_PREFIX = "x-amz-meta-"
# What obstore calls the headers that S3 keeps; every other attribute is metadata.
_ATTRIBUTES = {
    "cache-control": "Cache-Control",
    "content-disposition": "Content-Disposition",
    "content-encoding": "Content-Encoding",
    "content-language": "Content-Language",
    "content-type": "Content-Type",
}


@dataclass(frozen=True, slots=True)
class S3Login:
    """Where the store is, and who asks. Without a key, obstore looks for the machine's own role."""

    endpoint_url: str
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""


class S3Objects:
    """Buckets of a real S3; path style where the endpoint is not Amazon's."""

    def __init__(self, login: S3Login) -> None:
        """Use the store at `login`; nothing is sent yet."""
        self._login = login
        self._stores: dict[str, S3Store] = {}

    async def bucket(self, name: str) -> BucketFacts:
        """See `Objects.bucket`. An object that is not there is asked for, which needs no right to list."""
        try:
            await get_async(self._store(name), _PROBE)
        except (BaseError, OSError, ValueError) as error:
            if not is_missing_object(error):
                raise self._judged(error, name, "") from error
        return BucketFacts(name, self._login.region or DEFAULT_REGION, None, None)

    async def open(self, bucket: str, key: str, *, start: int = 0) -> OpenObject:
        """See `Objects.open`."""
        options: GetOptions = {"range": {"offset": start}} if start else {}
        try:
            found = await get_async(self._store(bucket), _path(key), options=options)
        except (BaseError, OSError, ValueError) as error:
            raise self._judged(error, bucket, key) from error
        headers = {_header(str(name)): str(value) for name, value in found.attributes.items()}
        facts = ObjectFacts(found.meta["size"], (found.meta["e_tag"] or "").strip('"'), headers)

        async def pieces() -> AsyncGenerator[bytes, None]:
            try:
                async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                    yield bytes(piece)
            except (BaseError, OSError) as error:
                raise self._judged(error, bucket, key) from error

        return OpenObject(facts, pieces())

    async def put(
        self, bucket: str, key: str, pieces: AsyncIterable[bytes], *, headers: Mapping[str, str] | None = None
    ) -> ObjectFacts:
        """See `Objects.put`. What fits into one part goes up whole, the rest in parts."""
        store, path = self._store(bucket), _path(key)
        attributes = {_attribute(name): value for name, value in (headers or {}).items()}
        parts = _in_parts(pieces)
        first = await anext(parts, b"")
        try:
            if len(first) < PART_BYTES:
                done = await put_async(store, path, first, attributes=attributes, use_multipart=False)
                return ObjectFacts(len(first), (done["e_tag"] or "").strip('"'), dict(headers or {}))
            writer = open_writer_async(store, path, attributes=attributes, buffer_size=PART_BYTES, max_concurrency=1)
            size = len(first)
            await writer.write(first)
            async for part in parts:
                size += len(part)
                await writer.write(part)
            await writer.close()
            tag = (await head_async(store, path))["e_tag"]
        except (BaseError, OSError, ValueError) as error:
            raise self._judged(error, bucket, key) from error
        return ObjectFacts(size, (tag or "").strip('"'), dict(headers or {}))

    def _store(self, bucket: str) -> S3Store:
        store = self._stores.get(bucket)
        if store is None:
            if len(self._stores) >= OPEN_BUCKETS:
                del self._stores[next(iter(self._stores))]
            endpoint = self._login.endpoint_url
            store = S3Store(
                bucket, config=self._config(endpoint), client_options=client_options(endpoint), retry_config=RETRIES
            )
            self._stores[bucket] = store
        return store

    def _config(self, endpoint: str) -> S3Config:
        login = self._login
        config: S3Config = {
            "region": login.region or DEFAULT_REGION,
            "endpoint": endpoint,
            "virtual_hosted_style_request": False,
        }
        if login.access_key_id:
            config["access_key_id"] = login.access_key_id
            config["secret_access_key"] = login.secret_access_key
            if login.session_token:
                config["session_token"] = login.session_token
        return config

    def _judged(self, error: Exception, bucket: str, key: str) -> Exception:
        """Turn what obstore says into the port's words, without the login."""
        place = f"s3://{bucket}/{key}"
        if isinstance(error, ObjectsUnavailable | ObjectsRefused):
            return error
        if is_missing_object(error):
            return ObjectMissing(place)
        if isinstance(error, NotFoundError | FileNotFoundError):
            return BucketMissing(bucket)
        if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError):
            return ObjectsRefused(f"{place} at {self._login.endpoint_url}: {_first_line(error)}")
        return ObjectsUnavailable(f"{place} at {self._login.endpoint_url}: {_first_line(error)}")


async def _in_parts(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Gather pieces to parts."""
    part = bytearray()
    async for piece in pieces:
        part += piece
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def _path(key: str) -> str:
    if not key or any(part in ("", ".", "..") for part in key.split("/")):
        raise ObjectsRefused(f"the key {key!r} cannot be named in this store")
    return key


def _attribute(header: str) -> str:
    return _ATTRIBUTES.get(header) or header.removeprefix(_PREFIX)


def _header(attribute: str) -> str:
    known = next((header for header, name in _ATTRIBUTES.items() if name.lower() == attribute.lower()), None)
    return known or _PREFIX + attribute.lower()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
