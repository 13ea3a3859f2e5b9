"""Retention: what has been kept long enough is removed, a little at a time.

A pass walks over what traffic leaves in the store: messages with all that
hangs on them, events whose message is gone, minutes and quarters of accounts
that stopped sending, links of verification mails, temporary credentials, import jobs, the hours of
reputations and what was found in them, the days of the Virtual Deliverability Manager. It reads a piece on a snapshot,
removes what it found in one short transaction, and rests in proportion, so that sending never waits for it. A message
with a queued recipient stays, however old.

Blobs that no body refers to (a crash came between the file and its row, or
between the row's end and the file's) are found by their age.

What is bounded elsewhere: the inbox by number (`settle`), the messages of SQS,
the dead deliveries of SNS and the blobs of S3 by the companions' own upkeep,
the attempt journal by its pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from hatobin.capabilities import account, events, identities, inbox, jobs, metrics, queue, reputation
from hatobin.companions import iam
from hatobin.ports import Ports, Session
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.ports.walk import Piece, Place
from hatobin.words.settings import Settings

PASS_INTERVAL_S = 600.0
PIECE = 500
"""Messages (or points of a statistic) that one transaction removes at most."""
REST_SHARE = 4.0
"""After a piece, retention rests this many times as long as the piece took: it has a fifth of the writer at most."""
REST_S = 0.01
"""The shortest rest."""
BLOBS_INTERVAL_S = 3600.0
BLOB_AGE_S = 86_400.0
"""A blob is older than this before it counts as forgotten: its row follows within seconds, if it comes."""

C = TypeVar("C", str, int)
L = TypeVar("L")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Removed:
    """What one pass has removed."""

    messages: int = 0
    orphaned_events: int = 0
    points: int = 0
    blobs: int = 0
    links: int = 0
    jobs: int = 0
    sessions: int = 0
    hours: int = 0
    days: int = 0
    findings: int = 0


class Retention:
    """Removes what is older than `store.history_s`; one per store is enough."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._ports = ports
        self._history_s = settings.store.history_s
        self._blobs_at = ports.clock.monotonic()

    async def run(self) -> None:
        """Make a pass every ten minutes until cancelled."""
        while True:
            try:
                removed = await self.once()
            except (DatabaseUnavailable, BlobsUnavailable) as error:
                log.warning("retention_waits_for_the_store", error=str(error))
            except Exception:
                # Our own bug: said loudly, and the next pass begins anew. Nothing but room is lost meanwhile.
                log.exception("retention_failed")
            else:
                if removed != Removed():
                    log.info(
                        "removed_after_retention",
                        messages=removed.messages,
                        orphaned_events=removed.orphaned_events,
                        points=removed.points,
                        blobs=removed.blobs,
                        links=removed.links,
                        jobs=removed.jobs,
                        sessions=removed.sessions,
                        hours=removed.hours,
                        days=removed.days,
                        findings=removed.findings,
                    )
            await self._ports.clock.sleep(PASS_INTERVAL_S)

    async def once(self) -> Removed:
        """Make one pass over everything."""
        now = self._ports.clock.now()
        before = now - self._history_s
        return Removed(
            messages=await self._sweep(
                lambda session, start: queue.find_expired(session, start, before=before, limit=PIECE), _remove_messages
            ),
            orphaned_events=await self._sweep(
                lambda session, start: events.find_expired(session, start, before=before, limit=PIECE), _remove_events
            ),
            points=await self._sweep(
                lambda session, start: account.find_expired_minutes(session, start, now=now, limit=PIECE),
                _remove_minutes,
            )
            + await self._sweep(
                lambda session, start: account.find_expired_statistics(session, start, now=now, limit=PIECE),
                _remove_statistics,
            ),
            blobs=await self._collect_blobs(now),
            links=await self._drop(
                lambda session: identities.links_over(session, before, PIECE), identities.forget_links
            ),
            jobs=await self._drop(lambda session: jobs.find_ended(session, before, PIECE), jobs.forget)
            + await self._drop_exports(now, before),
            sessions=await self._drop(lambda session: iam.sessions_over(session, now, PIECE), iam.forget_sessions),
            hours=await self._drop(lambda session: metrics.hours_over(session, now, PIECE), metrics.forget_hours),
            days=await self._drop(lambda session: metrics.days_over(session, now, PIECE), metrics.forget_days),
            findings=await self._drop(
                lambda session: reputation.fixed_over(session, now, PIECE), reputation.forget_fixed
            ),
        )

    async def _drop_exports(self, now: float, before: float) -> int:
        """Delete the files of export jobs, and forget jobs without one that ended long ago; give how many of these."""
        old = now - jobs.EXPORT_KEPT_S
        while True:
            begun = self._ports.clock.monotonic()
            over = await self._ports.database.read(lambda session: jobs.files_over(session, old, PIECE))
            for key in over:
                await self._ports.blobs.delete(jobs.export_blob(key))
            if over:
                await self._ports.database.write(_removing(jobs.forget_files, over))
            if len(over) < PIECE:
                break
            await self._rest(begun)
        return await self._drop(lambda session: jobs.ended_exports(session, before, PIECE), jobs.forget_exports)

    async def _drop(
        self, find: Callable[[Session], Sequence[L]], remove: Callable[[Session, Sequence[L]], None]
    ) -> int:
        """Forget what was over long ago, as an index finds it."""
        dropped = 0
        while True:
            begun = self._ports.clock.monotonic()
            over = await self._ports.database.read(find)
            if over:
                await self._ports.database.write(_removing(remove, over))
            dropped += len(over)
            if len(over) < PIECE:
                return dropped
            await self._rest(begun)

    async def _sweep(
        self,
        find: Callable[[Session, Place[C] | None], Piece[C]],
        remove: Callable[[Session, Sequence[Place[C]]], list[str]],
    ) -> int:
        """Walk over one table, piece by piece; give how many keys were removed."""
        removed = 0
        place: Place[C] | None = None
        while True:
            begun = self._ports.clock.monotonic()
            piece = await self._step(find, remove, place)
            removed += len(piece.found)
            if (place := piece.stopped_at) is None:
                return removed
            await self._rest(begun)

    async def _step(
        self,
        find: Callable[[Session, Place[C] | None], Piece[C]],
        remove: Callable[[Session, Sequence[Place[C]]], list[str]],
        start: Place[C] | None,
    ) -> Piece[C]:
        piece = await self._ports.database.read(lambda session: find(session, start))
        if piece.found:
            for blob in await self._ports.database.write(lambda session: remove(session, piece.found)):
                await self._ports.blobs.delete(blob)
        return piece

    async def _rest(self, begun: float) -> None:
        took_s = self._ports.clock.monotonic() - begun
        await self._ports.clock.sleep(max(REST_S, took_s * REST_SHARE))

    async def _collect_blobs(self, now: float) -> int:
        """Delete old blobs that no body and no export job refers to; once an hour."""
        if self._ports.clock.monotonic() < self._blobs_at:
            return 0
        self._blobs_at = self._ports.clock.monotonic() + BLOBS_INTERVAL_S
        deleted = 0
        finding = {queue.BLOB_PREFIX: queue.unknown_blobs, jobs.EXPORT_BLOB_PREFIX: jobs.unknown_exports}
        for prefix, unknown in finding.items():
            async for keys in self._ports.blobs.stale(prefix, before=now - BLOB_AGE_S):
                begun = self._ports.clock.monotonic()
                deleted += await self._delete_unknown(keys, unknown)
                await self._rest(begun)
        return deleted

    async def _delete_unknown(self, keys: Sequence[str], find: Callable[[Session, Sequence[str]], list[str]]) -> int:
        unknown = await self._ports.database.read(lambda session: find(session, keys))
        for key in unknown:
            await self._ports.blobs.delete(key)
        return len(unknown)


def _removing(remove: Callable[[Session, Sequence[L]], None], over: Sequence[L]) -> Callable[[Session], None]:
    return lambda session: remove(session, over)


def _remove_messages(session: Session, expired: Sequence[Place[str]]) -> list[str]:
    """Remove messages whole: what one sees of them ends at one moment."""
    inbox.remove(session, expired)
    events.remove(session, expired)
    return queue.remove(session, expired)


def _remove_events(session: Session, expired: Sequence[Place[str]]) -> list[str]:
    events.remove(session, expired)
    return []


def _remove_minutes(session: Session, expired: Sequence[Place[int]]) -> list[str]:
    account.remove_minutes(session, expired)
    return []


def _remove_statistics(session: Session, expired: Sequence[Place[int]]) -> list[str]:
    account.remove_statistics(session, expired)
    return []
