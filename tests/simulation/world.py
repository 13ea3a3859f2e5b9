"""A world in one process: its clock jumps, its network is a dictionary, its chance is seeded.

Everything that hatobin asks of the world is answered here; the code that runs
is the production code. Time passes only when nobody has anything to do.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hatobin.ports import Answer, AnswerStatus, ConnectionLost, HttpReply
from hatobin.ports.blobs import BlobMissing
from hatobin.ports.network import TlsFacts
from tests.simulation.receiver import Receiver, ReceiverSession

T = TypeVar("T")
START_S = 1_700_000_000.0
MAX_ROUNDS = 200_000
_PIECE_BYTES = 1000


class _Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class SimulatedClock:
    """Time that stands still until the world moves it to the next timer."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self._timers: list[tuple[float, int, _Timer]] = []
        self._numbers = itertools.count()

    def now(self) -> float:
        return START_S + self.elapsed_s

    def monotonic(self) -> float:
        return self.elapsed_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> _Timer:
        timer = _Timer(callback)
        heapq.heappush(self._timers, (self.elapsed_s + max(0.0, delay_s), next(self._numbers), timer))
        return timer

    async def sleep(self, delay_s: float) -> None:
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(delay_s, lambda: future.done() or future.set_result(None))
        try:
            await future
        finally:
            timer.cancel()

    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        expired = False

        def expire() -> None:
            nonlocal expired
            if not task.done():
                expired = True
                task.cancel()

        timer = self.call_later(timeout_s, expire)
        try:
            return await task
        except asyncio.CancelledError:
            if expired:
                raise TimeoutError from None
            task.cancel()
            raise
        finally:
            timer.cancel()

    def next_at(self) -> float | None:
        """When the next live timer fires."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def fire_next(self) -> None:
        """Jump to the next timer and call it."""
        at, _, timer = heapq.heappop(self._timers)
        self.elapsed_s = max(self.elapsed_s, at)
        if timer.callback is not None:
            timer.callback()


class SeededEntropy:
    """The same seed, the same chance."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)


@dataclass
class SimulatedDns:
    """Zones as plain data: (name, type) → records."""

    records: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    async def resolve(self, name: str, record_type: str) -> Answer:
        found = self.records.get((name, record_type))
        if found is not None:
            return Answer(AnswerStatus.FOUND, found, 60)
        known = any(owner == name for owner, _ in self.records)
        return Answer(AnswerStatus.NO_DATA if known else AnswerStatus.NXDOMAIN)


class SimulatedConnection:
    """Both ends of a connection in memory; each step takes a seeded moment."""

    peer_ip = "192.0.2.1"
    local_ip = "192.0.2.99"

    def __init__(self, clock: SimulatedClock, entropy: SeededEntropy, session: ReceiverSession) -> None:
        self._clock = clock
        self._entropy = entropy
        self._session = session
        self._arrived = bytearray(session.greet())
        self._closed = False

    def send(self, data: bytes) -> None:
        if not self._closed:
            reply = self._session.receive(data)
            self._arrived += reply
            self._closed = self._session.dropped

    async def drain(self, timeout_s: float) -> None:
        return

    async def receive(self, timeout_s: float) -> bytes:
        latency_s = self._entropy.uniform(0.001, 0.05)
        if not self._arrived and not self._closed:
            await self._clock.sleep(timeout_s)
            raise TimeoutError
        await self._clock.sleep(latency_s)
        data = bytes(self._arrived)
        self._arrived.clear()
        return data

    async def start_tls(self, server_name: str, *, verify: bool, timeout_s: float) -> TlsFacts:
        raise ConnectionLost("the simulated receivers offer no TLS")

    def close(self) -> None:
        self._closed = True


@dataclass
class SimulatedNetwork:
    """Receivers by address; an address that is not here refuses the connection."""

    clock: SimulatedClock
    entropy: SeededEntropy
    receivers: dict[str, Receiver] = field(default_factory=dict)

    async def connect(self, ip: str, port: int, *, timeout_s: float, source_ip: str | None = None) -> Any:
        await self.clock.sleep(self.entropy.uniform(0.001, 0.02))
        receiver = self.receivers.get(ip)
        if receiver is None:
            raise ConnectionLost("connection refused")
        return SimulatedConnection(self.clock, self.entropy, receiver.connected())


@dataclass
class SimulatedBlobWriter:
    """Takes pieces, and stores them as one blob."""

    blobs: SimulatedBlobs
    key: str
    written: bytearray = field(default_factory=bytearray)

    async def write(self, data: bytes) -> None:
        await self.blobs.clock.sleep(0)
        self.written += data

    async def commit(self) -> None:
        await self.blobs.put(self.key, bytes(self.written))

    async def abort(self) -> None:
        self.written.clear()


@dataclass
class SimulatedBlobs:
    """Blobs that survive a crash, as files do."""

    clock: SimulatedClock
    stored: dict[str, bytes] = field(default_factory=dict)
    put_at: dict[str, float] = field(default_factory=dict)

    async def put(self, key: str, data: bytes) -> None:
        self.stored[key] = data
        self.put_at[key] = self.clock.now()

    async def get(self, key: str) -> bytes:
        if key not in self.stored:
            raise BlobMissing(key)
        return self.stored[key]

    def writer(self, key: str) -> SimulatedBlobWriter:
        return SimulatedBlobWriter(self, key)

    async def pieces(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        whole = (await self.get(key))[start:end]
        for place in range(0, len(whole), _PIECE_BYTES):
            await self.clock.sleep(0)
            yield whole[place : place + _PIECE_BYTES]

    async def delete(self, key: str) -> None:
        self.stored.pop(key, None)

    async def stale(self, prefix: str, *, before: float) -> AsyncIterator[list[str]]:
        for key in sorted(self.stored):
            if key.startswith(prefix) and self.put_at[key] < before:
                yield [key]


@dataclass
class SimulatedHttp:
    """Takes every post, keeps it, and answers 200, or as `answer` says."""

    posts: list[bytes] = field(default_factory=list)
    answer: Callable[[str, Mapping[str, str], bytes], Awaitable[HttpReply]] | None = None

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> HttpReply:
        self.posts.append(body)
        if self.answer is not None:
            return await self.answer(url, headers, body)
        return HttpReply(200, {}, b"")


@dataclass
class MemoryJournal:
    """The page cache: it survives the death of a process."""

    records: list[bytes] = field(default_factory=list)

    def open_attempt(self, record: bytes) -> int:
        self.records.append(record)
        return 0

    def append(self, record: bytes) -> None:
        self.records.append(record)

    def settled(self, generation: int) -> None:
        return

    def replay(self) -> list[bytes]:
        return list(self.records)

    def reset(self) -> None:
        self.records.clear()


async def run_until(clock: SimulatedClock, done: Callable[[], bool], *, limit_s: float) -> bool:
    """Let the world run until `done`, jumping over the time in which nothing happens.

    True when done; False when `limit_s` of simulated time passed, or nothing
    can happen any more.
    """
    loop = asyncio.get_running_loop()
    deadline = clock.elapsed_s + limit_s
    for _ in range(MAX_ROUNDS):
        await _until_idle(loop)
        if done():
            return True
        at = clock.next_at()
        if at is None or at > deadline:
            clock.elapsed_s = max(clock.elapsed_s, min(deadline, at or deadline))
            return False
        clock.fire_next()
    raise AssertionError("the simulation does not come to rest")


async def _until_idle(loop: Any) -> None:
    """Give everybody a turn until nobody wants one."""
    for _ in range(MAX_ROUNDS):
        await asyncio.sleep(0)
        if not loop._ready:
            return
    raise AssertionError("the event loop does not come to rest")
