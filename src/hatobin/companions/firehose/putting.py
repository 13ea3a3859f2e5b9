"""How other rooms put records into a stream, inside their own transaction."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions import outward
from hatobin.companions.firehose import buffer_store, store
from hatobin.companions.firehose.model import MAX_BATCH_BYTES, Stream, StreamKey
from hatobin.ports import Session


def put(session: Session, stream_arn: str, records: Sequence[bytes], *, now: float) -> bool:
    """Buffer records, in their order; false when there is no such stream, and nothing was written."""
    key = StreamKey.from_arn(stream_arn)
    stream = store.find_stream(session, key) if key is not None else None
    if stream is None:
        return False
    put_into(session, stream, records, now=now)
    return True


def put_into(session: Session, stream: Stream, records: Sequence[bytes], *, now: float) -> None:
    """Buffer records of a stream: they follow each other without anything between, as they will in S3."""
    part: list[bytes] = []
    size = 0
    for record in records:
        if part and size + len(record) > MAX_BATCH_BYTES:
            buffer_store.append(session, stream, b"".join(part), records=len(part), now=now)
            part, size = [], 0
        part.append(record)
        size += len(record)
    if part:
        buffer_store.append(session, stream, b"".join(part), records=len(part), now=now)


def stream_exists(session: Session, stream_arn: str) -> bool:
    """Say whether there is a stream with this ARN, as far as that is known: elsewhere may be any."""
    key = StreamKey.from_arn(stream_arn)
    return key is not None and (outward.places(session).has("firehose") or store.find_stream(session, key) is not None)
