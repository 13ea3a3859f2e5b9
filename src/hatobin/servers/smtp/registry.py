"""The sessions of one server: how many there are, what they hold, and how they end together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from hatobin.ports.clock import Clock
from hatobin.protocols.smtp import replies
from hatobin.servers.smtp.settings import SessionLimits
from hatobin.words.client import client_of
from hatobin.words.reply import Reply

log = structlog.get_logger()

CLEARING_S = 1.0
"""At the end of `stop`: for content that is not to be kept."""


class Member(Protocol):
    """A session as its registry sees it."""

    def wind_down(self) -> None:
        """End as soon as no message is under way."""
        ...

    def abort(self) -> None:
        """End now."""
        ...


class SessionRegistry:
    """Admits sessions, counts what they hold, and ends them."""

    def __init__(self, limits: SessionLimits, clock: Clock) -> None:
        self.limits = limits
        self.clock = clock
        self._members: dict[Member, str] = {}
        self._per_client: Counter[str] = Counter()
        self._held_bytes = 0
        self._stopping = False
        self._leaving: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._members)

    @property
    def stopping(self) -> bool:
        """Whether sessions should end after what they are doing."""
        return self._stopping

    @property
    def held_bytes(self) -> int:
        """How much unfinished content is held by all sessions together."""
        return self._held_bytes

    def admit(self, member: Member, ip: str) -> Reply | None:
        """Take a session in, or give the reply that turns it away; who is turned away is not counted."""
        if self._stopping:
            return replies.SHUTTING_DOWN
        client = client_of(ip)
        limits = self.limits
        if len(self._members) >= limits.max_sessions or self._per_client[client] >= limits.max_sessions_per_client:
            return replies.TOO_MANY_SESSIONS
        self._members[member] = client
        self._per_client[client] += 1
        self._empty.clear()
        return None

    def leave(self, member: Member) -> None:
        """Let a session go; a second time does nothing."""
        client = self._members.pop(member, None)
        if client is None:
            return
        self._per_client[client] -= 1
        if self._per_client[client] == 0:
            del self._per_client[client]
        if not self._members:
            self._empty.set()

    def see_off(self, work: Coroutine[Any, Any, None]) -> None:
        """Let what a session left behind be cleared away without it."""
        task = asyncio.get_running_loop().create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def hold(self, change_bytes: int) -> bool:
        """Count content in or out; False when there is more than may be held."""
        self._held_bytes += change_bytes
        return self._held_bytes <= self.limits.max_held_bytes

    async def stop(self, grace_s: float) -> None:
        """Turn newcomers away, let messages under way come to their end, and cut what is left after `grace_s`."""
        self._stopping = True
        for member in tuple(self._members):
            member.wind_down()
        try:
            await self.clock.within(grace_s, self._empty.wait())
        except TimeoutError:
            for member in tuple(self._members):
                member.abort()
        try:
            await self.clock.within(CLEARING_S, self._cleared())
        except TimeoutError:
            log.warning("content_left_behind", messages=len(self._leaving))

    async def _cleared(self) -> None:
        while self._leaving:
            await asyncio.wait(set(self._leaving))
