"""Upkeep of buckets: blobs that nothing needs any more, uploads that nobody ended, what crashes left."""

from __future__ import annotations

from functools import partial

import structlog

from hatobin.companions.s3 import content_store, store, upload_store
from hatobin.companions.s3.model import Upload
from hatobin.ports import Ports, Session
from hatobin.ports.rounds import work_in_rounds

UPKEEP_INTERVAL_S = 60.0
UPKEEP_ROWS = 200
RETIRED_FOR_S = 3600.0
"""How long octets stay that were replaced or deleted: who began to read them before comes to the end."""
UPLOAD_AGE_S = 7 * 86_400.0
"""When an upload is given up that nobody ended. At AWS that is a lifecycle rule's to say, and there are none here."""
BLOBS_INTERVAL_S = 86_400.0
FIRST_BLOBS_AFTER_S = 3600.0
BLOB_AGE_S = 86_400.0
"""A blob is older than this before it counts as forgotten: its row follows within seconds, if it comes."""

_log = structlog.get_logger("hatobin.s3")


class BucketUpkeep:
    """Deletes what is not needed, a few hundred rows per transaction; one per node is enough."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._blobs_at = ports.clock.monotonic() + FIRST_BLOBS_AFTER_S

    async def run(self) -> None:
        """Look every minute until cancelled."""
        await work_in_rounds(
            self._ports.clock, self.once, UPKEEP_INTERVAL_S, log=_log, waits="upkeep waits for the store"
        )

    async def once(self) -> None:
        """Remove everything that is due now."""
        now = self._ports.clock.now()
        while await self._abort_uploads(now - UPLOAD_AGE_S, now) == UPKEEP_ROWS:
            await self._ports.clock.sleep(0)
        while await self._delete_retired(now - RETIRED_FOR_S) == UPKEEP_ROWS:
            await self._ports.clock.sleep(0)
        if self._ports.clock.monotonic() >= self._blobs_at:
            self._blobs_at = self._ports.clock.monotonic() + BLOBS_INTERVAL_S
            await self.collect_blobs()

    async def collect_blobs(self) -> int:
        """Delete old blobs that no row refers to: a crash came between octets and row. Give their number."""
        deleted = 0
        before = self._ports.clock.now() - BLOB_AGE_S
        async for keys in self._ports.blobs.stale(content_store.BLOB_PREFIX, before=before):
            unknown = await self._ports.database.read(partial(content_store.unknown_blobs, blob_keys=keys))
            for blob in unknown:
                await self._ports.blobs.delete(blob)
            deleted += len(unknown)
        return deleted

    async def _abort_uploads(self, before: float, now: float) -> int:
        old = await self._ports.database.read(
            lambda session: upload_store.find_old_uploads(session, before=before, limit=UPKEEP_ROWS)
        )
        for bucket, upload in old:
            await self._ports.database.write(partial(_abort, name=bucket, upload=upload, now=now), turn=f"s3 {bucket}")
        return len(old)

    async def _delete_retired(self, before: float) -> int:
        """Delete blobs, then forget them: after a crash in between they are deleted once more."""
        retired = await self._ports.database.read(
            lambda session: content_store.find_retired(session, before=before, limit=UPKEEP_ROWS)
        )
        for _, blob, is_needed in retired:
            if not is_needed:
                await self._ports.blobs.delete(blob)
        if retired:
            done = [(account_id, blob) for account_id, blob, _ in retired]
            await self._ports.database.write(lambda session: content_store.forget_retired(session, done, before=before))
        return len(retired)


def _abort(session: Session, *, name: str, upload: Upload, now: float) -> None:
    bucket = store.find_bucket(session, name)
    if bucket is not None and store.lock_bucket(session, bucket):
        upload_store.abort_upload(session, bucket, upload, now=now)
