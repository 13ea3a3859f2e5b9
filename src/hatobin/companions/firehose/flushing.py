"""The worker that writes what is buffered to S3, an object at a time for each stream.

The name of an object and the rows that go into it are chosen in one
transaction; then its octets are written, in pieces, and its rows deleted; the
octets themselves go a little later. A process that dies between leaves the
batch to the next one, which writes the same octets under the same name. So each
record is in S3 once, and memory does not depend on the size of objects.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

import structlog

from hatobin.companions import s3
from hatobin.companions.firehose import buffer_store, store
from hatobin.companions.firehose.model import KEPT_S, Batch, Stream
from hatobin.companions.firehose.object_names import object_key
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.ports.objects import BucketFacts, BucketMissing, Objects, ObjectsRefused, ObjectsUnavailable
from hatobin.ports.threads import run_by_size
from hatobin.protocols.aws.policy import Caller, Verdict

FLUSH_POLL_S = 1.0
CONCURRENT_FLUSHES = 8
READ_BYTES = 1024 * 1024
"""Octets of a batch that are in memory at once, unless one put was larger."""
LEASE_S = 60.0
"""How long a process has for one object before another one writes the same; both may then do so at once."""
SWEEP_INTERVAL_S = 10.0
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_WRITTEN = {"content-type": "application/octet-stream"}

_log = structlog.get_logger("hatobin.firehose")


class StreamFlusher:
    """Writes objects when they are due; one per node is enough, and several share the streams."""

    def __init__(self, ports: Ports, objects: Objects) -> None:
        self._ports = ports
        self._objects = objects
        self._running: dict[str, asyncio.Task[None]] = {}
        self._sweep_at = ports.clock.monotonic()

    async def run(self) -> None:
        """Look every second until cancelled."""
        try:
            while True:
                try:
                    await self._start_due()
                    await self._sweep()
                except DatabaseUnavailable as error:
                    _log.warning("streams wait for the store", error=str(error))
                await self._ports.clock.sleep(FLUSH_POLL_S)
        finally:
            # An object that is cut off is not stored; its batch is taken again when the lease ends.
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def once(self) -> None:
        """Write everything that is due now."""
        while await self._start_due():
            await asyncio.gather(*self._running.values())
        await self._sweep()

    async def _start_due(self) -> int:
        now = self._ports.clock.now()
        free = CONCURRENT_FLUSHES - len(self._running)
        running = set(self._running)

        def look(session: Session) -> list[Stream]:
            streams = (one for one in store.every_stream(session) if one.stream_id not in running)
            return [one for one in streams if buffer_store.is_due(session, one, now)]

        due = (await self._ports.database.read(look))[:free] if free > 0 else []
        for stream in due:
            task = asyncio.get_running_loop().create_task(self._flush(stream))
            self._running[stream.stream_id] = task
            task.add_done_callback(lambda ended, stream=stream: self._ended(stream, ended))  # type: ignore[misc]
        return len(due)

    def _ended(self, stream: Stream, task: asyncio.Task[None]) -> None:
        self._running.pop(stream.stream_id, None)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, DatabaseUnavailable):
            _log.warning("a stream waits for the store", stream=stream.key.arn, error=str(error))
        else:
            _log.error("writing an object broke", stream=stream.key.arn, exc_info=error)

    async def _flush(self, stream: Stream) -> None:
        """Write one object of a stream."""
        batch_id, now = self._ports.entropy.uuid(), self._ports.clock.now()
        batch = await self._ports.database.write(
            lambda session: buffer_store.claim(
                session,
                stream,
                batch_id=batch_id,
                key_of=lambda oldest_at: _key(stream, batch_id, oldest_at),
                now=now,
                lease_s=LEASE_S,
            ),
            turn="firehose",
        )
        if batch is None:
            return
        try:
            await self._write(stream, batch)
        except BucketMissing:
            await self._failed(stream, batch, f"there is no bucket {stream.destination.bucket}")
        except (ObjectsRefused, ObjectsUnavailable) as error:
            await self._failed(stream, batch, str(error))
        else:
            await self._ports.database.write(
                lambda session: buffer_store.finish(session, stream, batch.batch_id), turn="firehose"
            )

    async def _write(self, stream: Stream, batch: Batch) -> None:
        bucket = await self._objects.bucket(stream.destination.bucket)
        if not _may_write(bucket, stream, batch.object_key):
            role = stream.destination.role_arn
            raise ObjectsRefused(f"the policy of bucket {bucket.name} does not allow the role {role} to write")
        octets = self._octets(stream, batch)
        if stream.destination.is_compressed:
            octets = self._compressed(octets)
        await self._objects.put(bucket.name, batch.object_key, octets, headers=_WRITTEN)

    async def _octets(self, stream: Stream, batch: Batch) -> AsyncIterator[bytes]:
        """Give all octets of a batch, or raise `ObjectsUnavailable`: then nothing is stored.

        A batch whose rows go meanwhile was written by another process, or its stream was deleted.
        """
        after = size = 0
        while True:
            place = after
            after, rows = await self._ports.database.read(
                lambda session, place=place: buffer_store.read_batch(  # type: ignore[misc]
                    session, stream, batch.batch_id, place, READ_BYTES
                )
            )
            if not rows:
                break
            size += sum(map(len, rows))
            yield b"".join(rows)
        if size != batch.size:
            raise ObjectsUnavailable("its records are gone: another process wrote them, or the stream was deleted")

    async def _compressed(self, octets: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Compress; the header has no time in it, so the same octets give the same object."""
        packer = zlib.compressobj(wbits=_GZIP_WINDOW)
        async for data in octets:
            yield await run_by_size(self._ports.threads, len(data), lambda data=data: packer.compress(data))  # type: ignore[misc]
        yield packer.flush()

    async def _failed(self, stream: Stream, batch: Batch, error: str) -> None:
        now = self._ports.clock.now()
        if batch.oldest_at + KEPT_S <= now:
            await self._ports.database.write(lambda session: _give_up(session, stream, batch), turn="firehose")
            _log.error("records lost", stream=stream.key.arn, records=batch.records, error=error)
            return
        due_at = now + batch.retry_delay_s
        await self._ports.database.write(
            lambda session: buffer_store.postpone(session, stream, batch.batch_id, due_at=due_at), turn="firehose"
        )
        _log.warning("an object was not written", stream=stream.key.arn, attempts=batch.attempts, error=error)

    async def _sweep(self) -> None:
        """Remove what deleted streams left, and the octets of finished batches; a little at a time."""
        if self._ports.clock.monotonic() < self._sweep_at:
            return
        self._sweep_at = self._ports.clock.monotonic() + SWEEP_INTERVAL_S
        database = self._ports.database
        for orphan in await database.read(buffer_store.orphans):
            while await database.write(
                lambda session, orphan=orphan: buffer_store.sweep_stream(session, orphan)  # type: ignore[misc]
            ):
                await self._ports.clock.sleep(0)
        if await database.read(buffer_store.has_idle_octets):
            while await database.write(buffer_store.sweep_octets):
                await self._ports.clock.sleep(0)


def _may_write(bucket: BucketFacts, stream: Stream, key: str) -> bool:
    """Say whether a stream's role may write an object. A real S3 says nothing of owners, and decides by itself."""
    if bucket.account_id is None or bucket.account_id == stream.key.account_id:
        return True
    if bucket.policy is None:
        return False
    role = stream.destination.role_arn
    caller = Caller(stream.key.account_id, role, role_arn=role)
    resource = f"arn:aws:s3:::{bucket.name}/{key}"
    return s3.bucket_grant(bucket.policy, caller, "s3:PutObject", resource, {}).verdict is Verdict.ALLOWED


def _key(stream: Stream, batch_id: str, oldest_at: float) -> str:
    destination = stream.destination
    return object_key(
        destination.prefix or "",
        stream.key.name,
        at=oldest_at,
        unique=batch_id,
        is_compressed=destination.is_compressed,
    )


def _give_up(session: Session, stream: Stream, batch: Batch) -> None:
    buffer_store.finish(session, stream, batch.batch_id)
    store.count_lost(session, stream, batch.records)
