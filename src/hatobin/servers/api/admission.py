"""Who may connect: a bounded number in all and of each client, and who leaves when it is full.

A connection that waits (for its TLS handshake, for the head of a request,
for the next request) holds its place only while there is room. When there is
none, a newcomer takes the place of the one that has waited longest, so
clients that open many connections and say nothing (slowloris) keep nobody
out. A connection with a request under way is never put out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from hatobin.words.client import client_of

PutOut = Callable[[], object]
"""Ends a connection at once."""


@dataclass(slots=True)
class HttpTraffic:
    """What the HTTP listeners of a worker have to do with, counted for `/metrics`."""

    connections: int = 0
    turned_away: dict[str, int] = field(default_factory=lambda: {"client": 0, "all": 0})
    """Newcomers by what was full: the places of their client, or all."""
    put_out: int = 0
    """Waiting connections that made room for a newcomer."""
    timed_out: dict[str, int] = field(default_factory=lambda: {"handshake": 0, "head": 0, "body": 0, "answer": 0})
    """Connections ended for slowness, by what was slow."""
    bodies_refused: int = 0


class Admission:
    """The places of one listener."""

    def __init__(self, traffic: HttpTraffic, *, max_connections: int, max_per_client: int) -> None:
        self._traffic = traffic
        self._max_connections = max_connections
        self._max_per_client = max_per_client
        self._clients: Counter[str] = Counter()
        self._held = 0
        self._waiting: dict[Place, PutOut] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def admit(self, ip: str) -> Place | None:
        """Give a newcomer a place, that of a waiting connection if need be; None when it is turned away."""
        client = client_of(ip)
        if self._clients[client] >= self._max_per_client:
            self._traffic.turned_away["client"] += 1
            return None
        # Who was put out leaves a moment later and is counted until then.
        if self._held >= self._max_connections and not self._make_room():
            self._traffic.turned_away["all"] += 1
            return None
        self._clients[client] += 1
        self._held += 1
        self._empty.clear()
        self._traffic.connections += 1
        return Place(self, client)

    async def emptied(self) -> None:
        """Return when nobody holds a place."""
        await self._empty.wait()

    def wait(self, place: Place, put_out: PutOut) -> None:
        """See `Place.wait`."""
        self._waiting.pop(place, None)
        self._waiting[place] = put_out

    def is_waiting(self, place: Place, put_out: PutOut) -> bool:
        """See `Place.is_waiting`."""
        return self._waiting.get(place) == put_out

    def proceed(self, place: Place) -> None:
        """See `Place.proceed`."""
        self._waiting.pop(place, None)

    def leave(self, place: Place, client: str) -> None:
        """See `Place.leave`."""
        self._waiting.pop(place, None)
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]
        self._held -= 1
        if not self._held:
            self._empty.set()
        self._traffic.connections -= 1

    def _make_room(self) -> bool:
        if not self._waiting:
            return False
        longest = next(iter(self._waiting))
        self._waiting.pop(longest)()
        self._traffic.put_out += 1
        return True


class Place:
    """What an admitted connection holds; every one ends in `leave`."""

    __slots__ = ("_admission", "_client", "_is_held")

    def __init__(self, admission: Admission, client: str) -> None:
        self._admission = admission
        self._client = client
        self._is_held = True

    def wait(self, put_out: PutOut) -> None:
        """Note that the connection waits from now on: `put_out` may be called until it proceeds or leaves."""
        if self._is_held:
            self._admission.wait(self, put_out)

    def is_waiting(self, put_out: PutOut) -> bool:
        """Say whether the connection still waits for what it waited for when `put_out` was given."""
        return self._admission.is_waiting(self, put_out)

    def proceed(self) -> None:
        """Note that a request is under way."""
        self._admission.proceed(self)

    def leave(self) -> None:
        """Give the place back; a second time does nothing."""
        if self._is_held:
            self._is_held = False
            self._admission.leave(self, self._client)
