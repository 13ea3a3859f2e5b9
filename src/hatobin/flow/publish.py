"""Publishing: events leave the outbox for their destinations, oldest first.

Handing an event over and deleting its row is one transaction, so an event is
never lost and never handed over twice; what SNS, a delivery stream or a queue
does with it afterwards (retries, order per message) is its own durable queue.

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
from hatobin.flow.handing_over import HandedOver, Letter, Place, Plans, hand_over
from hatobin.gateway import Services
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.identifiers import ordered_uuid

log = structlog.get_logger()

PUBLISH_BATCH = 200
PUBLISH_POLL_S = 1.0
GATHER_S = 0.05
"""How long events gather behind a transaction of the publisher; those that come alone leave at once."""
FIRST_RETREAT_S = 0.05
SEALS_AT_ONCE = 8
"""Signatures of one piece of work, two pieces at a time; without threads the event loop breathes in between."""


class Publisher:
    """Moves events from the outbox to their destinations; one per worker."""

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
            if not more:
                await self._wait()

    async def _wait(self) -> None:
        """Wait for events; under load they come with every commit, and leave together."""
        free_at = self._ports.clock.monotonic() + GATHER_S
        try:
            await self._ports.clock.within(PUBLISH_POLL_S, self._waiting.wait())
        except TimeoutError:
            return
        if (left_s := free_at - self._ports.clock.monotonic()) > 0:
            await self._ports.clock.sleep(left_s)

    async def publish_batch(self) -> bool:
        """Hand over the oldest events; say whether there may be more at once."""
        rows, planned, versions = await self._ports.database.read(self._look)
        if not rows:
            self._retreat_s = 0.0
            return False
        sealed = await self._seal(planned, versions)
        signer = self._services.get(sns.SnsSigner)

        def work(session: Session) -> HandedOver:
            taken = events.take_outbox(session, rows[0].id, rows[-1].id)
            return hand_over(session, taken, planned, sealed, ports=self._ports, signer=signer)

        done = await self._ports.database.write(work, turn="publish")
        done.announce(self._services)
        for target_arn, count in done.lost.items():
            log.warning("events_lost", events=count, target=target_arn, reason="it does not exist")
        if 2 * done.rows < len(rows):
            self._retreat_s = min(PUBLISH_POLL_S, max(FIRST_RETREAT_S, 2 * self._retreat_s))
            return True
        self._retreat_s = 0.0
        return len(rows) == PUBLISH_BATCH

    def _look(self, session: Session) -> tuple[list[OutboxRow], dict[int, list[Letter]], dict[str, str]]:
        """Look at the oldest events, at where they go, and at which topics among that need signatures."""
        rows = events.oldest_in_outbox(session, PUBLISH_BATCH)
        plans = Plans(session, self._ports)
        planned = {row.id: plans.letters(row) for row in rows}
        topics = {letter.target_arn for letters in planned.values() for letter in letters}
        return rows, planned, sns.seal_versions(session, topics)

    async def _seal(
        self, planned: Mapping[int, Sequence[Letter]], versions: Mapping[str, str]
    ) -> dict[Place, sns.SealedMessage]:
        """Sign the messages that will go into envelopes."""
        wanted = [
            ((row_id, position), letter)
            for row_id, letters in planned.items()
            for position, letter in enumerate(letters)
            if letter.target_arn in versions
        ]
        sealed: dict[Place, sns.SealedMessage] = {}
        for start in range(0, len(wanted), 2 * SEALS_AT_ONCE):
            middle, end = start + SEALS_AT_ONCE, start + 2 * SEALS_AT_ONCE
            pieces = (wanted[start:middle], wanted[middle:end])
            for made in await asyncio.gather(*(self._seal_piece(piece, versions) for piece in pieces if piece)):
                sealed |= made
            await self._ports.clock.sleep(0)
        return sealed

    async def _seal_piece(
        self, letters: Sequence[tuple[Place, Letter]], versions: Mapping[str, str]
    ) -> dict[Place, sns.SealedMessage]:
        now, signer = self._ports.clock.now(), self._services.get(sns.SnsSigner)
        identifiers = [ordered_uuid(now, self._ports.entropy.uuid()) for _ in letters]

        def work() -> dict[Place, sns.SealedMessage]:
            return {
                place: sns.seal_message(
                    signer,
                    letter.target_arn,
                    letter.body,
                    subject=letter.subject,
                    version=versions[letter.target_arn],
                    message_id=identifier,
                    now=now,
                )
                for (place, letter), identifier in zip(letters, identifiers, strict=True)
            }

        return await self._ports.threads.run(work)
