"""Publishing: events leave the outbox for their destinations, oldest first.

Handing an event over and deleting its row is one transaction, so an event is
never lost and never handed over twice; what SNS does with it afterwards
(HTTP retries, order per message) is its own durable queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from hatobin.capabilities import events
from hatobin.companions import sns
from hatobin.ports import Ports, Session

log = structlog.get_logger()

PUBLISH_BATCH = 200
PUBLISH_POLL_S = 1.0
EVENT_SUBJECT = "Amazon SES Email Event Notification"


class Publisher:
    """Moves events from the outbox to SNS; one per worker."""

    def __init__(self, ports: Ports, delivered: Callable[[], None]) -> None:
        self._ports = ports
        self._delivered = delivered
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
        if not await self._ports.database.read(lambda session: events.oldest_outbox(session, 1)):
            return 0
        count = await self._ports.database.write(self._hand_over)
        self._delivered()
        return count

    def _hand_over(self, session: Session) -> int:
        rows = events.oldest_outbox(session, PUBLISH_BATCH)
        now = self._ports.clock.now()
        for row in rows:
            sns.publish(
                session,
                row.topic_arn,
                row.payload,
                subject=EVENT_SUBJECT,
                attributes={},
                now=now,
                entropy=self._ports.entropy,
                order_key=row.message_id,
            )
        events.delete_outbox(session, rows)
        return len(rows)
