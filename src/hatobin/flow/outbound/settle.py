"""Settling: outcomes gather while the previous commit runs, and are recorded in groups.

Until its group is durable a message counts as unsettled and stays in the
bound of the ready queue. If the store cannot record, settling waits and tries
again, and delivery stops by itself because the ready queue does not empty.
What a group becomes in the store: `settlement`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from msgspec.structs import replace

from hatobin.capabilities import inbox, queue
from hatobin.capabilities.events import Recorded
from hatobin.capabilities.queue import Lease, ReadyQueue
from hatobin.flow.outbound.contents import read_head
from hatobin.flow.outbound.figures import OutboundFigures, outcomes_of
from hatobin.flow.outbound.settlement import Settlement, Settlements
from hatobin.flow.outbound.signals import Signals
from hatobin.ports import Ports
from hatobin.ports.blobs import BlobMissing, BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.outcome import Bounced, Deferred
from hatobin.words.settings import Settings

log = structlog.get_logger()

RETRY_AFTER_FAILURE_S = 0.5
MAX_SETTLEMENTS = 512
GATHER_S = 0.01
"""How long outcomes gather behind a commit of outcomes; those that come alone are recorded at once."""
INBOX_TRIM_EVERY = 100


class Settler:
    """Gathers settlements and commits them in groups."""

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        lease: Lease,
        ready: ReadyQueue,
        log: queue.AttemptLog,
        signals: Signals,
        figures: OutboundFigures,
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._settlements = Settlements(settings, ports.entropy, lease)
        self._ready = ready
        self._log = log
        self._signals = signals
        self._figures = figures
        self._waiting: list[Settlement] = []
        self._running = False
        self._free_at = 0.0
        self._kept_since_trim = 0
        self._trimming: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Nothing waits to be recorded."""
        return not self._waiting and not self._running

    def put(self, settlement: Settlement) -> bool:
        """Queue a settlement; True when the caller must start `drain` because nobody drains now."""
        self._waiting.append(settlement)
        return not self._running

    def recorded(self, recorded: Recorded) -> None:
        """Tell of events that were recorded with a claim."""
        self._signals.recorded(recorded)

    async def drain(self) -> None:
        """Commit groups until nothing waits; one drain runs at a time."""
        if self._running:
            return
        self._running = True
        try:
            while self._waiting:
                if (left_s := self._free_at - self._ports.clock.monotonic()) > 0:
                    await self._ports.clock.sleep(left_s)
                group, self._waiting = self._waiting[:MAX_SETTLEMENTS], self._waiting[MAX_SETTLEMENTS:]
                await self._commit(group)
                self._free_at = self._ports.clock.monotonic() + GATHER_S
        finally:
            self._running = False

    async def _commit(self, group: list[Settlement]) -> None:
        group = [await self._with_head(one) if _wants_head(one) else one for one in group]
        while True:
            begun = self._ports.clock.monotonic()
            try:
                followed = await self._ports.database.write(
                    lambda session: self._settlements.apply(session, group), shares_memo=True, turn="settle"
                )
                break
            except DatabaseUnavailable:
                await self._ports.clock.sleep(RETRY_AFTER_FAILURE_S)
        self._figures.settle_commits.add(self._ports.clock.monotonic() - begun)
        self._figures.settle(group)
        for settlement in group:
            log.debug("settled", message_id=settlement.message.key.message_id, outcomes=outcomes_of(settlement))
            if settlement.attempt is not None:
                self._log.settled(settlement.attempt)
            self._ready.done(settlement.message.key.message_id, 1, settlement.message.held_bytes)
        self._signals.recorded(followed.recorded)
        self._signals.settled()
        if followed.due or self._ready.overflowed:
            self._signals.due()
        await self._forget(followed.blobs)
        self._kept_since_trim += sum(settlement.to_inbox for settlement in group)
        await self._trim_inbox()

    async def _with_head(self, settlement: Settlement) -> Settlement:
        """Add the header of a message that lies in the blob store, for the mail that tells of its bounce."""
        message = settlement.message
        assert message.blob_key is not None, "it lies in the blob store"
        try:
            return replace(settlement, head=(await read_head(self._ports.blobs, message.blob_key)).raw)
        except (BlobMissing, BlobsUnavailable) as error:
            log.warning("bounce_without_header", message_id=message.key.message_id, error=str(error))
            return settlement

    def kept(self, count: int) -> None:
        """Note that messages came into the inbox with their acceptance; what there is too much of goes soon."""
        self._kept_since_trim += count
        self._signals.settled()
        if self._kept_since_trim >= INBOX_TRIM_EVERY and (self._trimming is None or self._trimming.done()):
            self._trimming = asyncio.get_running_loop().create_task(self._trim_inbox())

    async def _trim_inbox(self) -> None:
        if self._kept_since_trim < INBOX_TRIM_EVERY:
            return
        # Twice what came in since the last time: the inbox comes back to its limit, however fast mail comes.
        limit, batch = self._settings.local.inbox_messages, 2 * self._kept_since_trim
        before, self._kept_since_trim = self._kept_since_trim, 0
        try:
            blobs = await self._ports.database.write(lambda session: inbox.trim(session, limit, batch))
        except DatabaseUnavailable:
            self._kept_since_trim += before
            return  # With the next group, and by then twice as much.
        await self._forget(blobs)

    async def _forget(self, blobs: Iterable[str]) -> None:
        """Delete blobs that nothing names any more; what stays now is an orphan, which retention finds."""
        for blob_key in blobs:
            try:
                await self._ports.blobs.delete(blob_key)
            except BlobsUnavailable as error:
                log.warning("blob_stays_for_now", error=str(error))


def _wants_head(settlement: Settlement) -> bool:
    """Say whether a message bounces whose header is not at hand."""
    message = settlement.message
    if message.blob_key is None or settlement.readable:
        return False
    over = settlement.at >= message.expires_at  # What is deferred now, bounces.
    return any(isinstance(one, Bounced) or (over and isinstance(one, Deferred)) for _, one in settlement.outcomes)
