"""Publishing: events leave the outbox for their destinations, oldest first.

Handing an event over and deleting its row is one transaction, so an event is
never lost and never handed over twice; what SNS does with it afterwards
(HTTP retries, order per message) is its own durable queue.

Envelopes are signed before that transaction, off the event loop. Where two
workers look at the same rows at once, one finds them gone and has signed in
vain; it then leaves the outbox to the other one for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from hatobin.capabilities import events
from hatobin.capabilities.events import OutboxRow
from hatobin.companions import sns
from hatobin.gateway import Services
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable

log = structlog.get_logger()

PUBLISH_BATCH = 200
PUBLISH_POLL_S = 1.0
FIRST_RETREAT_S = 0.05
SEALS_AT_ONCE = 8
"""Signatures of one piece of work, two pieces at a time; without threads the event loop breathes in between."""


class Publisher:
    """Moves events from the outbox to SNS; one per worker."""

    def __init__(self, ports: Ports, services: Services) -> None:
        self._ports = ports
        self._services = services
        self._waiting = asyncio.Event()
        self._retreat_s = 0.0

    def wake(self) -> None:
        """Say that the outbox may have rows."""
        self._waiting.set()

    async def run(self) -> None:
        """Publish for ever; cancelled at stop."""
        while True:
            self._waiting.clear()
            try:
                more = await self.publish_batch()
            except DatabaseUnavailable as error:
                log.warning("publishing_waits_for_the_store", error=str(error))
                more = False
                await self._ports.clock.sleep(PUBLISH_POLL_S)
            except Exception:
                log.exception("publish_failed")
                more = False
                await self._ports.clock.sleep(PUBLISH_POLL_S)
            if self._retreat_s:
                await self._ports.clock.sleep(self._retreat_s)
            if more:
                continue
            try:
                await self._ports.clock.within(PUBLISH_POLL_S, self._waiting.wait())
            except TimeoutError:
                pass

    async def publish_batch(self) -> bool:
        """Hand over the oldest events; say whether there may be more at once."""
        rows, versions = await self._ports.database.read(_look)
        if not rows:
            self._retreat_s = 0.0
            return False
        sealed = await self._seal(rows, versions)
        published = await self._ports.database.write(
            lambda session: self._hand_over(session, rows, sealed), turn="publish"
        )
        for one in published:
            if isinstance(one, sns.Published):
                sns.announce(self._services, one)
        if 2 * len(published) < len(rows):
            self._retreat_s = min(PUBLISH_POLL_S, max(FIRST_RETREAT_S, 2 * self._retreat_s))
            return True
        self._retreat_s = 0.0
        return len(rows) == PUBLISH_BATCH

    async def _seal(self, rows: Sequence[OutboxRow], versions: Mapping[str, str]) -> dict[int, sns.SealedMessage]:
        """Sign the messages that will go into envelopes: row number → what was signed."""
        wanted = [row for row in rows if row.topic_arn in versions]
        sealed: dict[int, sns.SealedMessage] = {}
        for start in range(0, len(wanted), 2 * SEALS_AT_ONCE):
            middle, end = start + SEALS_AT_ONCE, start + 2 * SEALS_AT_ONCE
            pieces = (wanted[start:middle], wanted[middle:end])
            for made in await asyncio.gather(*(self._seal_piece(piece, versions) for piece in pieces if piece)):
                sealed |= made
            await self._ports.clock.sleep(0)
        return sealed

    async def _seal_piece(self, rows: Sequence[OutboxRow], versions: Mapping[str, str]) -> dict[int, sns.SealedMessage]:
        now, signer = self._ports.clock.now(), self._services.get(sns.SnsSigner)
        identifiers = [self._ports.entropy.uuid() for _ in rows]

        def work() -> dict[int, sns.SealedMessage]:
            return {
                row.id: sns.seal_message(
                    signer,
                    row.topic_arn,
                    row.payload,
                    subject=row.subject,
                    version=versions[row.topic_arn],
                    message_id=identifier,
                    now=now,
                )
                for row, identifier in zip(rows, identifiers, strict=True)
            }

        return await self._ports.threads.run(work)

    def _hand_over(
        self, session: Session, seen: Sequence[OutboxRow], sealed: Mapping[int, sns.SealedMessage]
    ) -> list[sns.Published | sns.TopicMissing]:
        rows = events.take_outbox(session, seen[0].id, seen[-1].id)
        now, signer = self._ports.clock.now(), self._services.get(sns.SnsSigner)
        return [
            sns.publish(
                session,
                row.topic_arn,
                row.payload,
                subject=row.subject,
                now=now,
                entropy=self._ports.entropy,
                signer=signer,
                order_key=row.message_id,
                sealed=sealed.get(row.id),
            )
            for row in rows
        ]


def _look(session: Session) -> tuple[list[OutboxRow], dict[str, str]]:
    """Look at the oldest events, and at which of their topics need signatures."""
    rows = events.oldest_in_outbox(session, PUBLISH_BATCH)
    return rows, sns.seal_versions(session, {row.topic_arn for row in rows})
