"""The blobs port over an S3-compatible store, so that many nodes share their large bodies.

    s3://BUCKET/PREFIX?region=eu-west-1
    s3://BUCKET/PREFIX?endpoint=http://minio.example:9000&access_key_id=…&secret_access_key=…

A key is the object's name below the prefix. The store answers a PUT only when
the object is durable and shows it whole or not at all (S3 user guide,
"Amazon S3 data consistency model"); large objects go up in parts that become
one object at the end. Parts of an upload that was cut off lie in the bucket
unseen: give it a lifecycle rule that aborts incomplete uploads after a day.

The extra `hatobin[s3]` brings obstore, which is imported only here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from obstore import open_writer_async
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from hatobin.adapters.blobs import check_key
from hatobin.ports.blobs import BlobMissing, BlobsUnavailable

if TYPE_CHECKING:
    from obstore import AsyncWritableFile
    from obstore.store import ClientConfig, RetryConfig, S3Config

DEFAULT_REGION = "us-east-1"

PART_BYTES = 8 * 1024 * 1024
"""Larger objects go up in parts of this size (S3 asks for at least 5 MiB)."""

PARTS_AT_ONCE = 4
KEYS_PER_PAGE = 500

STREAMED_PART_BYTES = 5 * 1024 * 1024
"""A blob written in pieces holds one part while the one before is on its way; the smallest that S3 takes."""

PIECE_BYTES = 256 * 1024
"""What is gathered of a blob that is read in pieces before it is given on."""

CONNECT_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_S = 60.0
"""One request, with the transfer of one part."""

MAX_RETRIES = 3
RETRY_FOR_S = 20.0
"""A request that failed is tried again this often and this long; whoever asked tries again by itself."""

_CODE = re.compile(r"<Code>([^<]+)</Code>")
_WORDS = re.compile(r"<Message>([^<]+)</Message>")
_PROBE = "hatobin-probe"
_OPTIONS = frozenset(
    {"endpoint", "region", "access_key_id", "secret_access_key", "session_token", "virtual_hosted_style"}
)
# What the AWS SDKs read, in their order.
_ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "access_key_id": ("AWS_ACCESS_KEY_ID",),
    "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
}


class S3Unavailable(BlobsUnavailable):
    """The object store did not do what it was asked for."""


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket, where it is, and who asks. Without a key, obstore looks for the machine's own role."""

    bucket: str
    prefix: str
    region: str
    endpoint: str
    access_key_id: str | None
    secret_access_key: str | None
    session_token: str | None
    virtual_hosted_style: bool

    @classmethod
    def parse(cls, url: str, environment: Mapping[str, str]) -> S3Address:
        """Read `s3://…`; what the URL does not say is taken from `environment`. Raises `ValueError`."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError('an S3 store is "s3://BUCKET/PREFIX?region=…&endpoint=…"')
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        if unknown := given.keys() - _OPTIONS:
            raise ValueError(f"an S3 store has no option {', '.join(sorted(unknown))}")
        prefix = parts.path.strip("/")
        if prefix:
            check_key(prefix)

        def option(name: str) -> str | None:
            names = _ENVIRONMENT.get(name, ())
            return given.get(name) or next((environment[known] for known in names if environment.get(known)), None)

        if ("access_key_id" in given) != ("secret_access_key" in given):
            raise ValueError("access_key_id and secret_access_key belong together")
        region = option("region") or DEFAULT_REGION
        endpoint = given.get("endpoint")
        return cls(
            bucket=parts.netloc,
            prefix=prefix,
            region=region,
            # Said in any case: AWS_ENDPOINT_URL of this machine may well be hatobin itself.
            endpoint=endpoint or f"https://s3.{region}.amazonaws.com",
            access_key_id=option("access_key_id"),
            secret_access_key=option("secret_access_key"),
            # A token from elsewhere does not belong to a key of the URL.
            session_token=given.get("session_token") if "access_key_id" in given else option("session_token"),
            # Stores of one's own rarely have a name per bucket.
            virtual_hosted_style=given.get("virtual_hosted_style", "false").lower() in ("true", "1"),
        )


class S3Blobs:
    """Blobs in a bucket, below a prefix; several nodes may share it."""

    def __init__(self, url: str, environment: Mapping[str, str] | None = None) -> None:
        """Use the store that `url` names; nothing is sent yet. Raises `ValueError` for a URL that is none."""
        self._address = S3Address.parse(url, environment or {})
        self._store = S3Store(
            self._address.bucket,
            prefix=self._address.prefix or None,
            config=_config(self._address),
            client_options=client_options(self._address.endpoint),
            retry_config=RETRIES,
        )

    async def check(self) -> None:
        """Ask the store for an object that is not there; raises `S3Unavailable` when it cannot be asked."""
        try:
            await self.get(_PROBE)
        except BlobMissing:
            return

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` whole under `key`; durable when this returns.

        Raises `ValueError` for a bad key and `S3Unavailable` when the store does not take it.
        """
        check_key(key)
        try:
            await self._store.put_async(
                key,
                data,
                use_multipart=len(data) > PART_BYTES,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        except (BaseError, OSError) as error:
            raise self._unavailable("put", key, error) from error

    async def get(self, key: str) -> bytes:
        """Give the whole blob; raises `BlobMissing`, and `S3Unavailable` when the store does not answer."""
        check_key(key)
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except (BaseError, OSError) as error:
            if is_missing_object(error):
                raise BlobMissing(key) from None
            raise self._unavailable("get", key, error) from error

    def writer(self, key: str) -> S3BlobWriter:
        """See `Blobs.writer`. Raises `ValueError` for a bad key."""
        check_key(key)
        file = open_writer_async(self._store, key, buffer_size=STREAMED_PART_BYTES, max_concurrency=1)
        return S3BlobWriter(file, lambda error: self._unavailable("put", key, error))

    async def pieces(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """See `Blobs.pieces`. Raises `S3Unavailable` when the store does not answer, or stops in the middle."""
        check_key(key)
        try:
            if start or end is not None:
                size = (await self._store.head_async(key))["size"]
                # A range that begins behind the end is an error to the store, and here it is empty.
                if start >= (end := size if end is None else min(end, size)):
                    return
                found = await self._store.get_async(key, options={"range": (start, end)})
            else:
                found = await self._store.get_async(key)
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)
        except (BaseError, OSError) as error:
            if is_missing_object(error):
                raise BlobMissing(key) from None
            raise self._unavailable("get", key, error) from error

    async def delete(self, key: str) -> None:
        """Remove the blob; a missing one is fine. Raises `S3Unavailable`."""
        check_key(key)
        try:
            await self._store.delete_async(key)
        except (BaseError, OSError) as error:
            if not is_missing_object(error):
                raise self._unavailable("delete", key, error) from error

    async def stale(self, prefix: str, *, before: float) -> AsyncIterator[list[str]]:
        """See `Blobs.stale`; an S3 page of keys at a time. Raises `S3Unavailable`."""
        try:
            async for page in self._store.list(prefix, chunk_size=KEYS_PER_PAGE):
                yield [entry["path"] for entry in page if entry["last_modified"].timestamp() < before]
        except (BaseError, OSError) as error:
            raise self._unavailable("list", prefix, error) from error

    async def close(self) -> None:
        """Nothing is held open that would need it."""

    def _unavailable(self, action: str, key: str, error: Exception) -> S3Unavailable:
        place = f"s3://{self._address.bucket}/{self._address.prefix}".rstrip("/")
        # The store's own code and words, if it answered; else obstore's first line (the rest is its structure).
        code, words = _CODE.search(str(error)), _WORDS.search(str(error))
        reason = ": ".join(found[1] for found in (code, words) if found) or str(error).strip().partition("\n")[0]
        return S3Unavailable(f"{action} {place}/{key} at {self._address.endpoint}: {reason}")


class S3BlobWriter:
    """An object that goes up in parts and becomes one at `commit`. Made by `S3Blobs.writer`."""

    def __init__(self, file: AsyncWritableFile, unavailable: Callable[[Exception], S3Unavailable]) -> None:
        self._file: AsyncWritableFile | None = file
        self._unavailable = unavailable

    async def write(self, data: bytes) -> None:
        """Append `data`; waits while the part before is on its way. Raises `S3Unavailable`."""
        assert self._file is not None, "the blob has not come to its end"
        try:
            await self._file.write(data)
        except (BaseError, OSError) as error:
            raise self._unavailable(error) from error

    async def commit(self) -> None:
        """Make one object of the parts. Raises `S3Unavailable`."""
        file, self._file = self._file, None
        assert file is not None, "the blob has not come to its end"
        try:
            await file.close()
        except (BaseError, OSError) as error:
            raise self._unavailable(error) from error

    async def abort(self) -> None:
        """Send nothing more. Parts that went up stay unseen, and are the bucket's lifecycle rule's to remove."""
        self._file = None


def is_missing_object(error: Exception) -> bool:
    """Say whether the object is missing, and not its bucket: S3 answers 404 for both."""
    return isinstance(error, NotFoundError | FileNotFoundError) and "NoSuchBucket" not in str(error)


RETRIES: RetryConfig = {"max_retries": MAX_RETRIES, "retry_timeout": timedelta(seconds=RETRY_FOR_S)}


def _config(address: S3Address) -> S3Config:
    config: S3Config = {
        "region": address.region,
        "endpoint": address.endpoint,
        "virtual_hosted_style_request": address.virtual_hosted_style,
        # One DELETE per object: not every store knows the request for many.
        "disable_bulk_delete": True,
    }
    if address.access_key_id and address.secret_access_key:
        config["access_key_id"] = address.access_key_id
        config["secret_access_key"] = address.secret_access_key
        if address.session_token:
            config["session_token"] = address.session_token
    return config


def client_options(endpoint: str) -> ClientConfig:
    """Give how obstore's clients speak to an endpoint: plain HTTP only where it says so, and how long they wait."""
    return {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT_S),
        "timeout": timedelta(seconds=REQUEST_TIMEOUT_S),
    }
