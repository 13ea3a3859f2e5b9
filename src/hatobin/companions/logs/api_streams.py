"""The operations on log streams."""

from __future__ import annotations

from hatobin.companions.logs import event_store, store
from hatobin.companions.logs.api_groups import key_of, named_group, open_group
from hatobin.companions.logs.model import MAX_STREAMS, GroupKey, Stream, invalid, no_stream
from hatobin.companions.logs.pages import paging
from hatobin.gateway import Call, operation
from hatobin.gateway.models import logs as models
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_BY_NAME = paging("streams", (str,))
_BY_TIME = paging("streams by time", (float, str))


@operation("logs", "CreateLogStream")
async def create_log_stream(call: Call, request: models.CreateLogStreamRequest) -> None:
    """Make a stream. Raises ResourceAlreadyExistsException, and ResourceNotFoundException without its group."""
    key, now = key_of(call, request.log_group_name), call.ports.clock.now()

    def work(session: Session) -> None:
        open_group(session, key)
        if store.count_streams(session, key) >= MAX_STREAMS:
            raise invalid(f"A log group may have {MAX_STREAMS} log streams on this server.")
        if not store.insert_stream(session, key, request.log_stream_name, now=now):
            raise CallerError("ResourceAlreadyExistsException", "The specified log stream already exists")

    await call.ports.database.write(work)


@operation("logs", "DeleteLogStream")
async def delete_log_stream(call: Call, request: models.DeleteLogStreamRequest) -> None:
    """Remove a stream with its events."""
    key = key_of(call, request.log_group_name)

    def work(session: Session) -> None:
        open_group(session, key)
        if not store.delete_stream(session, key, request.log_stream_name):
            raise no_stream()
        store.add_bytes(session, key, -event_store.remove_of_stream(session, key, request.log_stream_name))

    await call.ports.database.write(work)


@operation("logs", "DescribeLogStreams")
async def describe_log_streams(
    call: Call, request: models.DescribeLogStreamsRequest
) -> models.DescribeLogStreamsResponse:
    """Give the streams of a group, by name or by their last event, a page at a time."""
    key = named_group(call, request.log_group_name, request.log_group_identifier)
    if request.order_by == "LastEventTime":
        return await _by_time(call, request, key)
    prefix, down = request.log_stream_name_prefix or "", bool(request.descending)
    scope = f"{key.name}\n{prefix}\n{down}"
    page = _BY_NAME.start(call, request.limit, request.next_token, scope=scope)
    after = str(page.after[0]) if page.after else None

    def work(session: Session) -> list[Stream]:
        open_group(session, key)
        return store.list_streams(session, key, prefix=prefix, after=after, down=down, limit=page.fetch)

    rows = await call.ports.database.read(work)
    found, token = _BY_NAME.finish(call, page, rows, lambda stream: (stream.name,), scope=scope)
    return models.DescribeLogStreamsResponse(log_streams=[_shown(key, one) for one in found], next_token=token)


async def _by_time(
    call: Call, request: models.DescribeLogStreamsRequest, key: GroupKey
) -> models.DescribeLogStreamsResponse:
    if request.log_stream_name_prefix is not None:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    down = bool(request.descending)
    scope = f"{key.name}\n{down}"
    page = _BY_TIME.start(call, request.limit, request.next_token, scope=scope)
    after = (int(page.after[0]), str(page.after[1])) if page.after else None

    def work(session: Session) -> list[Stream]:
        open_group(session, key)
        return store.streams_by_time(session, key, after=after, down=down, limit=page.fetch)

    rows = await call.ports.database.read(work)
    found, token = _BY_TIME.finish(call, page, rows, _time_and_name, scope=scope)
    return models.DescribeLogStreamsResponse(log_streams=[_shown(key, one) for one in found], next_token=token)


def _time_and_name(stream: Stream) -> tuple[float, str]:
    return float(stream.last_at_ms or 0), stream.name


def _shown(key: GroupKey, stream: Stream) -> models.LogStream:
    return models.LogStream(
        log_stream_name=stream.name,
        creation_time=int(stream.created_at * 1000),
        first_event_timestamp=stream.first_at_ms,
        last_event_timestamp=stream.last_at_ms,
        last_ingestion_time=None if stream.ingested_at is None else int(stream.ingested_at * 1000),
        upload_sequence_token=None,
        arn=f"{key.arn}:log-stream:{stream.name}",
        stored_bytes=0,
    )
