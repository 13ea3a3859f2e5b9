"""What one stage tells the next inside a worker: new work, due work, new events.

The stages know only this small value, so none of them imports another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hatobin.capabilities.events import Recorded
from hatobin.capabilities.queue import ReadyMessage
from hatobin.companions.sns import DoneAtOnce


@dataclass(frozen=True, slots=True)
class Signals:
    """Callables of the running worker; each returns at once."""

    ready: Callable[[str, ReadyMessage], None]
    due: Callable[[], None]
    published: Callable[[], None]
    """Events wait in the outbox."""
    at_once: Callable[[DoneAtOnce], None]
    """Queues got events with their transaction."""
    settled: Callable[[], None]
    kept: Callable[[int], None]
    """So many messages came into the inbox, and are durable."""

    def recorded(self, recorded: Recorded) -> None:
        """Tell of events after their commit, once."""
        if recorded.waits:
            self.published()
        self.at_once(recorded.at_once)
