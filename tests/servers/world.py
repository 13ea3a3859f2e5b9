"""A server's inside without its network: an in-memory store, a clock in the test's hand, mail put in by hand."""

from __future__ import annotations

import asyncio
import heapq
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import msgspec

from hatobin.capabilities import events, inbox, queue
from hatobin.capabilities.events import Event
from hatobin.capabilities.queue import MessageKey, NewMessage, NewRecipient
from hatobin.ports import Ports, Session, Timer
from hatobin.ports.blobs import BlobMissing
from hatobin.protocols.mail import decode_words, split_message
from hatobin.servers.local import InboxWaiters
from hatobin.words.event import EventKind
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings
from tests.inline_threads import InlineThreads
from tests.stores import open_store

ACCOUNT, REGION = "123456789012", "us-east-1"
START = 1_767_225_600.0  # 2026-01-01T00:00:00Z

T = TypeVar("T")


@dataclass(order=True)
class _Timer:
    at: float
    order: int
    callback: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class HandClock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._timers: list[_Timer] = []

    def now(self) -> float:
        return START + self._passed

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, delay_s: float) -> None:
        over = asyncio.Event()
        self.call_later(delay_s, lambda: over.set())
        await over.wait()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        timer = _Timer(self._passed + delay_s, len(self._timers), callback)
        heapq.heappush(self._timers, timer)
        return timer

    async def within(self, timeout_s: float, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        timer = self.call_later(timeout_s, lambda: _cancel(task))
        try:
            return await task
        except asyncio.CancelledError:
            raise TimeoutError from None
        finally:
            timer.cancel()

    async def advance(self, seconds: float) -> None:
        """Move on, and let everything run that is due on the way."""
        until = self._passed + seconds
        await settle()
        while self._timers and self._timers[0].at <= until:
            timer = heapq.heappop(self._timers)
            self._passed = max(self._passed, timer.at)
            if not timer.cancelled:
                timer.callback()
                await settle()
        self._passed = until
        await settle()


def _cancel(task: asyncio.Future[Any]) -> None:
    task.cancel()


async def settle() -> None:
    """Give other tasks many turns."""
    for _ in range(20):
        await asyncio.sleep(0)


class MemoryBlobs:
    """Bodies in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def put(self, key: str, data: bytes) -> None:
        self.kept[key] = data

    async def get(self, key: str) -> bytes:
        try:
            return self.kept[key]
        except KeyError:
            raise BlobMissing(key) from None

    async def delete(self, key: str) -> None:
        self.kept.pop(key, None)


class SeededEntropy:
    """The same chance in every run."""

    def __init__(self) -> None:
        self._random = random.Random(7)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)


class World:
    """Ports over memory, and mail on order."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.blobs = MemoryBlobs()
        self.entropy = SeededEntropy()
        self.waiters = InboxWaiters()
        self.database = open_store()
        nothing = cast(Any, None)
        self.ports = Ports(
            self.clock, nothing, nothing, nothing, self.entropy, self.database, self.blobs, InlineThreads()
        )

    async def close(self) -> None:
        await self.database.close()

    async def accept(
        self,
        raw: bytes,
        recipients: Sequence[str] = ("ann@example.net",),
        *,
        source: str = "sender@example.com",
        region: str = REGION,
        in_blob: bool = False,
        tenant: str | None = None,
    ) -> MessageKey:
        """Accept a message as the flow does: rows and a Send event, nothing delivered."""
        at = self.clock.now()
        key = MessageKey(ACCOUNT, region, message_id(region, at, self.entropy.uuid()))
        blob_key = f"messages/{key.message_id}" if in_blob else None
        if blob_key is not None:
            await self.blobs.put(blob_key, raw)
        message = NewMessage(
            key=key,
            accepted_at=at,
            expires_at=at + 50400,
            source=source,
            reverse_path=f"{key.message_id}@hatobin.localhost",
            identity_arn=f"arn:aws:ses:{region}:{ACCOUNT}:identity/example.com",
            configuration_set=None,
            tls_required=False,
            dkim=None,
            tags='{"ses:operation":["SendEmail"]}',
            mail="{}",
            content=raw,
            blob_key=blob_key,
            recipients=tuple(NewRecipient(address, address.rpartition("@")[2]) for address in recipients),
            tenant=tenant,
        )

        def work(session: Session) -> None:
            queue.enqueue(session, message, None)
            events.record(session, Event(key, None, EventKind.SEND, at, "{}"))

        await self.database.write(work)
        return key

    async def deliver(
        self,
        raw: bytes,
        recipients: Sequence[str] = ("ann@example.net",),
        *,
        source: str = "sender@example.com",
        in_blob: bool = False,
    ) -> MessageKey:
        """Accept a message and keep it in the inbox, as mode `mailbox` does; then wake who waits."""
        key = await self.accept(raw, recipients, source=source, in_blob=in_blob)
        at = self.clock.now() + 0.012
        subject = decode_words(split_message(raw).value("subject") or "")
        reply = "250 2.0.0 Ok: kept in the local inbox"
        detail = {"recipients": list(recipients), "smtpResponse": reply}

        def work(session: Session) -> None:
            for position, _ in enumerate(recipients):
                queue.finish(session, key, position, RecipientState.DELIVERED, settled_at=at, reply=reply)
            reverse_path = f"{key.message_id}@hatobin.localhost"
            inbox.keep(session, [inbox.Captured(key, reverse_path, tuple(recipients), subject, at)])
            text = msgspec.json.encode(detail).decode()
            events.record(session, Event(key, None, EventKind.DELIVERY, at, text))

        await self.database.write(work)
        self.waiters.notify()
        return key

    async def bounce(self, key: MessageKey, position: int, reply: str) -> None:
        """Give one recipient of an accepted message a permanent refusal."""
        at = self.clock.now() + 1

        def work(session: Session) -> None:
            queue.finish(session, key, position, RecipientState.BOUNCED, settled_at=at, reply=reply)
            detail = {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [
                    {
                        "emailAddress": queue.recipients(session, key)[position].address,
                        "diagnosticCode": f"smtp; {reply}",
                    }
                ],
            }
            text = msgspec.json.encode(detail).decode()
            events.record(session, Event(key, None, EventKind.BOUNCE, at, text))

        await self.database.write(work)


def mode(name: str) -> Settings:
    """Settings of one delivery mode."""
    tree: dict[str, Any] = {"delivery": {"mode": name}}
    if name == "relay":
        tree["delivery"]["relay"] = "127.0.0.1:2526"
    return msgspec.convert(tree, Settings)


def simple(subject: str = "Hello", text: str = "It works.", **headers: str) -> bytes:
    """A small message; keyword arguments are further fields, `_` for `-`."""
    fields = {"From": "Sender <sender@example.com>", "To": "ann@example.net", "Subject": subject}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
