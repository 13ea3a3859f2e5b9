"""Delivery streams, their S3 destination and their batches as values, and Firehose's limits.

Refs: Amazon Data Firehose API reference 2015-08-04 (CreateDeliveryStream, PutRecordBatch), developer guide
"Amazon Data Firehose quota".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from hatobin.protocols.aws.arn import parse_arn

MAX_STREAMS = 5000
"""Of an account in a region."""
MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 * 1024 * 1024
"""Of one PutRecordBatch, and of one row of the buffer."""
MAX_TAGS = 50
DEFAULT_SIZE_MB = 5
DEFAULT_INTERVAL_S = 300
MEGABYTE = 1024 * 1024
MAX_OBJECT_ROWS = 10_000
"""Rows of the buffer that go into one object, so that no transaction is too long; a put is one row."""
KEPT_S = 86_400.0
"""How long records wait for their bucket (developer guide, "Data delivery failure handling": 24 hours)."""
FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 300.0

DIRECT_PUT: Final = "DirectPut"
_STREAM = "deliverystream/"


@dataclass(frozen=True, slots=True)
class StreamKey:
    """Which stream: what its ARN says."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The stream's ARN.

        >>> StreamKey("123456789012", "us-east-1", "events").arn
        'arn:aws:firehose:us-east-1:123456789012:deliverystream/events'
        """
        return f"arn:aws:firehose:{self.region}:{self.account_id}:{_STREAM}{self.name}"

    @classmethod
    def from_arn(cls, text: str) -> StreamKey | None:
        """Read a stream's ARN; None when the text is none.

        >>> StreamKey.from_arn("arn:aws:firehose:us-east-1:123456789012:deliverystream/events").name
        'events'
        """
        arn = parse_arn(text)
        if arn is None or arn.service != "firehose" or not arn.resource.startswith(_STREAM):
            return None
        name = arn.resource.removeprefix(_STREAM)
        return cls(arn.account_id, arn.region, name) if name else None


class S3Destination(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where objects go, and when one is full."""

    role_arn: str
    bucket_arn: str
    prefix: str | None = None
    error_prefix: str | None = None
    size_mb: int = DEFAULT_SIZE_MB
    interval_s: int = DEFAULT_INTERVAL_S
    compression: Literal["UNCOMPRESSED", "GZIP"] = "UNCOMPRESSED"
    logging: tuple[bool, str | None, str | None] | None = None
    """CloudWatchLoggingOptions: enabled, group, stream; shown again."""

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.bucket_arn.rpartition(":")[2]

    @property
    def is_compressed(self) -> bool:
        """Whether objects are GZIP."""
        return self.compression == "GZIP"


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream; `stream_id` is another one when the name is taken again. Times are seconds since the epoch."""

    key: StreamKey
    stream_id: str
    destination: S3Destination
    tags: tuple[tuple[str, str | None], ...]
    created_at: float
    lost_records: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What becomes one object."""

    batch_id: str
    object_key: str
    records: int
    size: int
    oldest_at: float
    attempts: int

    @property
    def retry_delay_s(self) -> float:
        """How long to wait after this attempt failed.

        >>> [Batch("", "", 1, 1, 0.0, attempts).retry_delay_s for attempts in (1, 2, 7, 5000)]
        [5.0, 10.0, 300.0, 300.0]
        """
        return min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self.attempts - 1, 16))


@dataclass(frozen=True, slots=True)
class Totals:
    """What all streams together have not delivered yet, and what those that are there gave up."""

    records: int
    size: int
    lost_records: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one stream has not delivered yet, and what it gave up."""

    stream_arn: str
    records: int
    size: int
    oldest_at: float | None
    lost_records: int
