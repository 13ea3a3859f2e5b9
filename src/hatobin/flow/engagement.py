"""Opens and clicks: somebody asks for a pixel or follows a link, and an event says so.

The event is written before the answer, but a reader is not kept waiting for a
store that is slow or away: after `RECORD_WAIT_S` the answer goes out, the event
follows if it can, and what is lost is counted. A link leads on for as long as
its key is there; events end 60 days after the message. Where the message's row
went before (`store.history_s`), they show what the link itself knows.

Refs: SES developer guide, "faqs-metrics" (60 days, each open and each click is
an event) and event-publishing-retrieving-sns-contents, Open and Click objects.
"""

from __future__ import annotations

import asyncio

import structlog
from msgspec import Struct

from hatobin.capabilities import events, queue
from hatobin.capabilities.events import Event
from hatobin.capabilities.tracking import COLLECTED_S, LinkSeals, TrackedLink, TrackingLinks, agent_class
from hatobin.flow.outbound import Signals
from hatobin.ports import Entropy, Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.words.event import EventKind
from hatobin.words.identifiers import accepted_at_s
from hatobin.words.lane import Lane
from hatobin.words.settings import Settings

log = structlog.get_logger()

RECORD_WAIT_S = 2.0
MAX_WAITING = 1000
"""Events that are being written; more are lost, and counted."""
MAX_EVENTS = 10_000
"""Opens and clicks of one message that are recorded, so that nobody fills the store with one link."""
MAX_USER_AGENT = 2048


class Visitor(Struct, frozen=True):
    """Who asks. `is_prefetch`: a browser asks before its user does."""

    ip: str
    user_agent: str
    is_prefetch: bool = False


class EngagementFigures:
    """What became of opens and clicks since the start."""

    def __init__(self) -> None:
        self.recorded = 0
        self.lost = 0
        self.over = 0


class Engagements:
    """Answers pixels and links."""

    def __init__(self, ports: Ports, settings: Settings, links: TrackingLinks, signals: Signals) -> None:
        self._ports = ports
        self._shows_class = settings.service.tracking_agents
        self._links = links
        self._signals = signals
        self._writing: set[asyncio.Task[None]] = set()
        self.figures = EngagementFigures()

    async def seals(self) -> LinkSeals:
        """Give whoever reads addresses. Raises `DatabaseUnavailable` until the key was read once."""
        return await self._links.seals()

    async def opened(self, pixel: TrackedLink, visitor: Visitor) -> None:
        """Record that a message was looked at."""
        now = self._ports.clock.now()
        detail = events.open_detail(
            at=now, ip=visitor.ip, user_agent=visitor.user_agent[:MAX_USER_AGENT], agent_class=self._class(visitor)
        )
        await self._record(pixel, EventKind.OPEN, now, detail)

    async def clicked(self, link: TrackedLink, visitor: Visitor) -> None:
        """Record that a link was followed."""
        now = self._ports.clock.now()
        detail = events.click_detail(
            at=now,
            ip=visitor.ip,
            user_agent=visitor.user_agent[:MAX_USER_AGENT],
            link=link.url.decode("utf-8", "replace"),
            tags=link.tags,
            agent_class=self._class(visitor),
        )
        await self._record(link, EventKind.CLICK, now, detail)

    def _class(self, visitor: Visitor) -> str | None:
        return agent_class(visitor.user_agent, is_prefetch=visitor.is_prefetch) if self._shows_class else None

    async def _record(self, link: TrackedLink, kind: EventKind, now: float, detail: str) -> None:
        if accepted_at_s(link.key.message_id) + COLLECTED_S < now:
            self.figures.over += 1
            return
        if len(self._writing) >= MAX_WAITING:
            self.figures.lost += 1
            return
        task = asyncio.get_running_loop().create_task(self._write(link, kind, now, detail))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        try:
            await self._ports.clock.within(RECORD_WAIT_S, asyncio.shield(task))
        except TimeoutError:
            log.warning("event_written_after_the_answer", kind=kind.value)

    async def _write(self, link: TrackedLink, kind: EventKind, now: float, detail: str) -> None:
        try:
            recorded = await self._ports.database.write(
                lambda session: _tell(session, link, kind, now, detail, self._ports.entropy),
                turn=f"track {link.key.account_id} {link.key.region}",
            )
        except DatabaseUnavailable as error:
            self.figures.lost += 1
            log.warning("event_lost", kind=kind.value, error=str(error))
            return
        except Exception:
            # Our own bug, and the reader's way leads on all the same.
            self.figures.lost += 1
            log.exception("event_lost", kind=kind.value)
            return
        if recorded is None:
            self.figures.over += 1
            return
        self.figures.recorded += 1
        self._signals.recorded(recorded)


def _tell(
    session: Session, link: TrackedLink, kind: EventKind, now: float, detail: str, entropy: Entropy
) -> events.Recorded | None:
    """Record one event; None where the message has too many already."""
    key = link.key
    if events.number(session, key, limit=MAX_EVENTS) >= MAX_EVENTS:
        return None
    message = queue.message(session, key)
    if message is not None and message.mail:
        event = Event(key, message.configuration_set, kind, now, detail)
        return events.record(session, event, Lane.TRACK, entropy=entropy)
    mail = events.forgotten_mail(
        accepted_at=accepted_at_s(key.message_id),
        account_id=key.account_id,
        message_id=key.message_id,
        configuration_set=link.configuration_set,
    )
    event = Event(key, link.configuration_set, kind, now, detail, mail=mail)
    return events.record(session, event, Lane.TRACK, entropy=entropy)
