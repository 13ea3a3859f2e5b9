"""A server with delivery streams, and the door through which they write."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Any

from hatobin.companions import firehose, s3
from hatobin.companions.firehose import flushing
from hatobin.ports import Session
from hatobin.ports.objects import BucketFacts, ObjectFacts, OpenObject
from tests.api.buckets import make_bucket, objects
from tests.api.harness import ACCOUNT, Api

ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"


class Door:
    """The real buckets behind a door that does what a test wants: `trouble` is raised, before or after the object."""

    def __init__(self, api: Api) -> None:
        self._inner = api.outbound.services.get(s3.Buckets).objects
        self.trouble: Exception | None = None
        self.is_late = False
        self.after_first_piece: Callable[[], Awaitable[None]] | None = None
        self.largest = 0
        self.puts: list[str] = []

    async def bucket(self, name: str) -> BucketFacts:
        return await self._inner.bucket(name)

    async def open(self, bucket: str, key: str, *, start: int = 0) -> OpenObject:
        return await self._inner.open(bucket, key, start=start)

    async def put(
        self, bucket: str, key: str, pieces: AsyncIterable[bytes], *, headers: Mapping[str, str] | None = None
    ) -> ObjectFacts:
        async def watched() -> AsyncIterable[bytes]:
            async for piece in pieces:
                self.largest = max(self.largest, len(piece))
                yield piece
                if self.after_first_piece is not None:
                    hook, self.after_first_piece = self.after_first_piece, None
                    await hook()

        self.puts.append(key)
        if self.trouble is not None and not self.is_late:
            raise self.trouble
        facts = await self._inner.put(bucket, key, watched(), headers=headers)
        if self.trouble is not None:
            raise self.trouble
        return facts


class Streams:
    """A server with the bucket "events", and the worker that writes to it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.client = api.client("firehose")
        make_bucket(api, "events")
        self.door = Door(api)
        self.flusher = firehose.StreamFlusher(api.world.ports, self.door)

    def make(self, name: str = "mail", *, size_mb: int = 1, interval_s: int = 60, **more: Any) -> str:
        made = self.client.create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": "arn:aws:s3:::events",
                "BufferingHints": {"SizeInMBs": size_mb, "IntervalInSeconds": interval_s},
                **more,
            },
        )
        return str(made["DeliveryStreamARN"])

    def put(self, *records: bytes, name: str = "mail") -> None:
        self.client.put_record_batch(DeliveryStreamName=name, Records=[{"Data": record} for record in records])

    def flush(self) -> None:
        self.api.run(self.flusher.once())

    def left(self) -> int:
        """Count the rows that wait."""
        return self._count("firehose_buffer")

    def octets_left(self) -> int:
        """Count the rows of octets, after the sweep."""
        self.api.pass_time(flushing.SWEEP_INTERVAL_S)
        self.flush()
        return self._count("firehose_octets")

    def _count(self, table: str) -> int:
        return int(self.api.read(lambda session: session.execute(f"SELECT COUNT(*) FROM {table}"))[0][0])

    def grow_older(self, seconds: float) -> None:
        """Move what was put, and what was tried, so far into the past."""

        def work(session: Session) -> None:
            session.execute("UPDATE firehose_buffer SET put_at = put_at - :seconds", {"seconds": seconds})
            session.execute(
                "UPDATE firehose_batch SET oldest_at = oldest_at - :seconds, due_at = due_at - :seconds",
                {"seconds": seconds},
            )

        self.api.run(self.api.world.database.write(work))

    @property
    def objects(self) -> dict[str, bytes]:
        return objects(self.api, "events")
