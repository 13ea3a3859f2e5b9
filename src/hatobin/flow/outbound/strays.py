"""Strays: rows that are leased to our slot and that nobody here knows of.

A commit whose answer was lost may have leased them to us, or one that a
process before us had under way when it died. Nobody else would touch them
while we beat, so they are given back.
"""

from __future__ import annotations

import structlog

from hatobin.capabilities import queue
from hatobin.capabilities.queue import Lease, MessageKey, ReadyQueue
from hatobin.ports import Ports, Session

log = structlog.get_logger()


async def collect_strays(ports: Ports, lease: Lease, ready: ReadyQueue) -> None:
    """Give back the strays of a slot, due at once.

    Call it while no claim is under way; what is being accepted is in `ready` before it is written.
    """

    def strays(session: Session) -> list[tuple[Lease, MessageKey]]:
        return [
            (holder, key)
            for holder, key in queue.leased_to(session, lease.worker)
            if holder != lease or not ready.holds(key.message_id)
        ]

    def free(session: Session) -> int:
        found = strays(session)  # Again: what was seen on the snapshot may be settled by now.
        for holder, key in found:
            queue.give_back_message(session, holder, key, now=now)
        return len(found)

    if await ports.database.read(strays):
        now = ports.clock.now()
        if freed := await ports.database.write(free):
            log.warning("strays_given_back", messages=freed)
