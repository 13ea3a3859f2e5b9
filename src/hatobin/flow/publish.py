"""Publishing: events leave the outbox for their destinations, oldest first.

Handing an event over and deleting its row is one transaction, so an event is
never lost and never handed over twice; what SNS does with it afterwards
(HTTP retries, order per message) is its own durable queue.
"""

from __future__ import annotations

import asyncio

import structlog

from hatobin.capabilities import events
from hatobin.companions import sns
from hatobin.gateway import Services
from hatobin.ports import Ports, Session
from hatobin.ports.database import DatabaseUnavailable

log = structlog.get_logger()

PUBLISH_BATCH = 200
PUBLISH_POLL_S = 1.0
EVENT_SUBJECT = "Amazon SES Email Event Notification"


class Publisher:
    """Moves events from the outbox to SNS; one per worker."""

    def __init__(self, ports: Ports, services: Services) -> None:
        self._ports = ports
        self._services = services
        self._waiting = asyncio.Event()

    def wake(self) -> None:
        """Say that the outbox may have rows."""
        self._waiting.set()

    async def run(self) -> None:
        """Publish for ever; cancelled at stop."""
        while True:
            self._waiting.clear()
            try:
                count = await self.publish_batch()
            except DatabaseUnavailable as error:
                log.warning("publishing_waits_for_the_store", error=str(error))
                count = 0
                await self._ports.clock.sleep(PUBLISH_POLL_S)
            except Exception:
                log.exception("publish_failed")
                count = 0
                await self._ports.clock.sleep(PUBLISH_POLL_S)
            if count == PUBLISH_BATCH:
                continue
            try:
                await self._ports.clock.within(PUBLISH_POLL_S, self._waiting.wait())
            except TimeoutError:
                pass

    async def publish_batch(self) -> int:
        """Hand over the oldest events; give how many."""
        if not await self._ports.database.read(events.has_outbox):
            return 0
        published = await self._ports.database.write(self._hand_over, turn="publish")
        for one in published:
            if isinstance(one, sns.Published):
                sns.announce(self._services, one)
        return len(published)

    def _hand_over(self, session: Session) -> list[sns.Published | sns.TopicMissing]:
        rows = events.take_outbox(session, PUBLISH_BATCH)
        now, signer = self._ports.clock.now(), self._services.get(sns.SnsSigner)
        return [
            sns.publish(
                session,
                row.topic_arn,
                row.payload,
                subject=EVENT_SUBJECT,
                now=now,
                entropy=self._ports.entropy,
                signer=signer,
                order_key=row.message_id,
            )
            for row in rows
        ]
