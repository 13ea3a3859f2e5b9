"""Groups, streams and events as values, and the limits of CloudWatch Logs.

Refs: CloudWatch Logs API reference 2014-03-28 (PutLogEvents, FilterLogEvents, PutRetentionPolicy), user guide
"CloudWatch Logs quotas".
"""

from __future__ import annotations

from msgspec import Struct

from hatobin.words.errors import CallerError

MAX_GROUPS = 10_000
"""Of an account in a region; AWS has a million."""
MAX_STREAMS = 10_000
"""Of a group, here; AWS has no limit. What is empty and old goes first."""
MAX_EVENT_BYTES = 256 * 1024
MAX_BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
"""What each event counts beside its text, in UTF-8."""
MAX_BATCH_SPAN_MS = 24 * 3600 * 1000
TOO_NEW_MS = 2 * 3600 * 1000
TOO_OLD_MS = 14 * 86_400 * 1000
DAY_MS = 86_400 * 1000
MAX_PAGE_EVENTS = 10_000
MAX_PAGE_BYTES = 1_048_576
SCANNED_EVENTS = 10_000
"""Events that one call of FilterLogEvents looks at; then it answers with what it has and a token."""
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

Place = tuple[int, int]
"""Where an event stands among those of its group: its time, and its number."""


class GroupKey(Struct, frozen=True):
    """Which group: what its ARN says."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """The group's ARN, as policies name it without the final `:*`.

        >>> GroupKey("123456789012", "us-east-1", "/aws/lambda/f").arn
        'arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f'
        """
        return f"arn:aws:logs:{self.region}:{self.account_id}:log-group:{self.name}"


class Group(Struct, frozen=True):
    """A log group. Times are seconds since the epoch."""

    key: GroupKey
    retention_days: int | None
    created_at: float
    stored_bytes: int


class Stream(Struct, frozen=True):
    """A log stream; the times of events are milliseconds since the epoch, None where it has had none."""

    name: str
    created_at: float
    first_at_ms: int | None
    last_at_ms: int | None
    ingested_at: float | None


class LogEvent(Struct, frozen=True):
    """An event on its way in."""

    at_ms: int
    message: str

    @property
    def size(self) -> int:
        """What it counts, in bytes.

        >>> LogEvent(0, "鳩").size
        29
        """
        return len(self.message.encode("utf-8", "replace")) + EVENT_OVERHEAD_BYTES


class StoredEvent(Struct, frozen=True):
    """An event that is kept."""

    number: int
    stream_name: str
    at_ms: int
    ingested_at: float
    message: str

    @property
    def place(self) -> Place:
        """Where it stands."""
        return (self.at_ms, self.number)


class Span(Struct, frozen=True):
    """Which events are asked for: from `start_ms` up to before `end_ms`; of one stream, of several, or of all."""

    start_ms: int | None = None
    end_ms: int | None = None
    streams: tuple[str, ...] = ()
    stream_prefix: str = ""


def invalid(text: str) -> CallerError:
    """Make the error of a parameter that cannot be."""
    return CallerError("InvalidParameterException", text)


def no_group() -> CallerError:
    """Make the error of a group that is not there."""
    return CallerError("ResourceNotFoundException", "The specified log group does not exist.")


def no_stream() -> CallerError:
    """Make the error of a stream that is not there."""
    return CallerError("ResourceNotFoundException", "The specified log stream does not exist.")
