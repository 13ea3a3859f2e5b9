"""The ready queue: leased messages in memory, by site, bounded by count and bytes.

A site is where a message goes next: the relay, the sorted MX set of a domain,
the local inbox, the simulator. Messages of one site leave in order of arrival;
each site has its own sessions, so a slow receiver holds up nobody else.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field

from hatobin.capabilities.queue.model import ReadyMessage


@dataclass(slots=True)
class Site:
    """One destination: its waiting messages, and how many sessions serve it now."""

    name: str
    waiting: deque[ReadyMessage] = field(default_factory=deque)
    sessions: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


class ReadyQueue:
    """Holds at most `max_messages` messages of `max_bytes` content, taken ones included until `done`."""

    def __init__(self, *, max_messages: int, max_bytes: int) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._sites: dict[str, Site] = {}
        self._held: Counter[str] = Counter()
        self.messages = 0
        self.bytes = 0
        self.overflowed = False
        """Due rows wait in the database because there was no room; cleared when a claim finds no more."""

    def has_room(self, messages: int, size: int) -> bool:
        """Say whether this much more fits; asked before rows are inserted leased."""
        return self.messages + messages <= self._max_messages and self.bytes + size <= self._max_bytes

    @property
    def room(self) -> int:
        """How many messages more may be claimed now."""
        return 0 if self.bytes >= self._max_bytes else max(0, self._max_messages - self.messages)

    def reserve(self, message_id: str, pieces: int, size: int) -> None:
        """Count work that is about to be put: `pieces` of one message, `size` in all; it ends in `done`."""
        self._held[message_id] += pieces
        self.messages += pieces
        self.bytes += size

    def holds(self, message_id: str) -> bool:
        """Say whether a piece of this message is reserved and not done."""
        return message_id in self._held

    def put(self, site_name: str, message: ReadyMessage) -> Site:
        """Append reserved work to its site."""
        site = self._sites.get(site_name)
        if site is None:
            site = self._sites[site_name] = Site(site_name)
        site.waiting.append(message)
        site.arrived.set()
        return site

    def done(self, message_id: str, pieces: int, size: int) -> None:
        """Count work as settled."""
        left = self._held[message_id] - pieces
        if left:
            self._held[message_id] = left
        else:
            del self._held[message_id]
        self.messages -= pieces
        self.bytes -= size

    def forget_idle(self, site: Site) -> None:
        """Drop a site without work and sessions, so that memory does not grow with the domains seen."""
        if not site.waiting and not site.sessions:
            self._sites.pop(site.name, None)

    def sites(self) -> list[Site]:
        """Give the sites that have work or sessions."""
        return list(self._sites.values())
