"""Settling: what became of each recipient, with everything that follows, in one transaction.

Outcomes gather while the previous commit runs; one transaction takes them
all. It moves the recipients' states, records the events, fills the outbox,
the suppression list and the statistics, and drops bodies nobody needs.
Until it is durable the message counts as unsettled and stays in the bound of
the ready queue. If the store cannot record, settling waits and tries again,
and delivery stops by itself because the ready queue does not empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities import account, events, inbox, queue, suppression
from hatobin.capabilities.delivery import Afterwards, Expired, RetrySchedule, decide_next_attempt, expired
from hatobin.capabilities.events import Event
from hatobin.capabilities.queue import Attempt, Lease, MessageKey, QueuedRecipient, ReadyMessage, ReadyQueue
from hatobin.flow.outbound.signals import Signals
from hatobin.ports import Entropy, Ports, Session
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.mail.encoded_words import decode_words
from hatobin.protocols.mail.headers import split_message
from hatobin.words.event import EventKind
from hatobin.words.identifiers import feedback_id, mail_host
from hatobin.words.outcome import Bounced, Deferred, Delivered, Outcome, RecipientState
from hatobin.words.settings import Settings

RETRY_AFTER_FAILURE_S = 0.5
MAX_SETTLEMENTS = 512
INBOX_TRIM_EVERY = 100


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcomes of one attempt on one message."""

    message: ReadyMessage
    outcomes: tuple[tuple[QueuedRecipient, Outcome], ...]
    at: float
    attempt: Attempt | None = None
    afterwards: tuple[tuple[QueuedRecipient, Afterwards], ...] = ()
    to_inbox: bool = False


@dataclass(slots=True)
class Followed:
    """What a settled group leads to after its commit."""

    blobs: list[str]
    deferred: bool
    subscribed: bool


class Settlements:
    """Turns settlements into rows; pure over a session, so the simulation runs it as it is."""

    def __init__(self, settings: Settings, entropy: Entropy, lease: Lease) -> None:
        self._settings = settings
        self._entropy = entropy
        self._lease = lease
        self._subscribed = False
        self._schedule = RetrySchedule(settings.delivery.retry_delays_s, settings.delivery.retry_jitter)

    def apply(self, session: Session, group: Sequence[Settlement]) -> Followed:
        """Record a group of settlements; safe to run again when its commit failed."""
        statistics: Counter[tuple[str, str, str]] = Counter()
        finished: set[MessageKey] = set()
        deferred = False
        self._subscribed = False
        for settlement in group:
            deferred |= self._apply_one(session, settlement, statistics, finished)
        self._count(session, statistics, at=group[-1].at)
        return Followed(queue.drop_bodies(session, finished), deferred, self._subscribed)

    def _apply_one(
        self,
        session: Session,
        settlement: Settlement,
        statistics: Counter[tuple[str, str, str]],
        finished: set[MessageKey],
    ) -> bool:
        message, key = settlement.message, settlement.message.key
        delivered: list[tuple[QueuedRecipient, Delivered]] = []
        bounced: list[tuple[QueuedRecipient, Bounced]] = []
        delayed: list[tuple[QueuedRecipient, Deferred]] = []
        for recipient, outcome in settlement.outcomes:
            match outcome:
                case Delivered():
                    if self._finish(session, key, recipient, RecipientState.DELIVERED, outcome, settlement.at):
                        delivered.append((recipient, outcome))
                case Bounced():
                    if self._finish(session, key, recipient, RecipientState.BOUNCED, outcome, settlement.at):
                        bounced.append((recipient, outcome))
                case Deferred():
                    given_up = self._defer(session, settlement, recipient, outcome)
                    if isinstance(given_up, Bounced):
                        bounced.append((recipient, given_up))
                    elif given_up:
                        delayed.append((recipient, outcome))
        statistics[key.account_id, key.region, "delivered"] += len(delivered)
        self._record_delivered(session, settlement, delivered)
        self._record_bounced(session, settlement, bounced, statistics)
        if delayed:
            detail = events.delay_detail(
                [(recipient.address, outcome) for recipient, outcome in delayed],
                at=settlement.at,
                expires_at=message.expires_at,
            )
            self._record(session, settlement, EventKind.DELIVERY_DELAY, detail)
        done = {recipient.position for recipient, _ in delivered}
        self._record_afterwards(session, settlement, done, statistics)
        if settlement.to_inbox and delivered:
            self._keep(session, settlement, delivered)
        elif delivered or bounced:
            finished.add(key)
        return bool(delayed)

    def _finish(
        self,
        session: Session,
        key: MessageKey,
        recipient: QueuedRecipient,
        state: RecipientState,
        outcome: Outcome,
        at: float,
    ) -> bool:
        return queue.finish(session, key, recipient.position, state, settled_at=at, reply=str(outcome.reply))

    def _defer(
        self, session: Session, settlement: Settlement, recipient: QueuedRecipient, outcome: Deferred
    ) -> bool | Bounced:
        """Give the recipient its next time (True), drop a stale word (False), or give up (the bounce)."""
        message = settlement.message
        decision = decide_next_attempt(
            attempts=recipient.attempts + 1,
            now=settlement.at,
            expires_at=message.expires_at,
            schedule=self._schedule,
            chance=self._entropy.uniform(-1, 1),
        )
        if isinstance(decision, Expired):
            bounce = expired(outcome.reply, outcome.hop)
            finished = self._finish(session, message.key, recipient, RecipientState.EXPIRED, bounce, settlement.at)
            return bounce if finished else False
        return queue.defer(
            session, message.key, recipient.position, self._lease, due_at=decision.at, reply=str(outcome.reply)
        )

    def _record(self, session: Session, settlement: Settlement, kind: EventKind, detail: str, ip: str = "") -> None:
        message = settlement.message
        event = Event(message.key, message.configuration_set, kind, settlement.at, detail, outgoing_ip=ip)
        self._subscribed |= events.record(session, event)

    def _record_delivered(
        self, session: Session, settlement: Settlement, delivered: Sequence[tuple[QueuedRecipient, Delivered]]
    ) -> None:
        if not delivered:
            return
        outcome = delivered[0][1]
        detail = events.delivery_detail(
            [recipient.address for recipient, _ in delivered],
            outcome,
            at=settlement.at,
            accepted_at=settlement.message.accepted_at,
        )
        self._record(session, settlement, EventKind.DELIVERY, detail, outcome.hop.local_ip)

    def _record_bounced(
        self,
        session: Session,
        settlement: Settlement,
        bounced: Sequence[tuple[QueuedRecipient, Bounced]],
        statistics: Counter[tuple[str, str, str]],
    ) -> None:
        """Record one Bounce event per cause, and suppress those whose own fault it is."""
        key, service = settlement.message.key, self._settings.service
        by_cause: dict[tuple[str, str], list[tuple[str, Bounced]]] = {}
        for recipient, outcome in bounced:
            cause = (outcome.bounce_type.value, outcome.sub_type.value)
            by_cause.setdefault(cause, []).append((recipient.address, outcome))
            if outcome.recipient_fault:
                statistics[key.account_id, key.region, "bounced"] += 1
        for recipients in by_cause.values():
            identifier = feedback_id(key.region, settlement.at, self._entropy.uuid())
            host = mail_host(key.region, service.domain, compat_names=service.compat_names)
            detail = events.bounce_detail(
                recipients, at=settlement.at, feedback_id=identifier, reporting_mta=recipients[0][1].hop.host or host
            )
            self._record(session, settlement, EventKind.BOUNCE, detail, recipients[0][1].hop.local_ip)
            for address, outcome in recipients:
                if outcome.recipient_fault:
                    self._suppress(session, settlement, address, "BOUNCE", identifier)

    def _suppress(self, session: Session, settlement: Settlement, address: str, reason: str, feedback: str) -> None:
        key = settlement.message.key
        standing = account.standing(session, key.account_id, key.region, self._settings)
        if reason in standing.suppressed_reasons:
            suppression.add(
                session,
                key.account_id,
                key.region,
                address,
                reason=reason,
                now=settlement.at,
                message_id=key.message_id,
                feedback_id=feedback,
            )

    def _record_afterwards(
        self,
        session: Session,
        settlement: Settlement,
        done: set[int],
        statistics: Counter[tuple[str, str, str]],
    ) -> None:
        """Record what follows a simulated delivery: a complaint, or an automatic reply."""
        key = settlement.message.key
        for recipient, afterwards in settlement.afterwards:
            if recipient.position not in done or afterwards is Afterwards.NOTHING:
                continue
            identifier = feedback_id(key.region, settlement.at, self._entropy.uuid())
            if afterwards is Afterwards.COMPLAINT:
                detail = events.complaint_detail(
                    [recipient.address],
                    at=settlement.at,
                    feedback_id=identifier,
                    feedback_type="abuse",
                    user_agent="Amazon SES Mailbox Simulator",
                )
                self._record(session, settlement, EventKind.COMPLAINT, detail)
            else:
                detail = events.out_of_office_detail(recipient.address, at=settlement.at, feedback_id=identifier)
                self._record(session, settlement, EventKind.BOUNCE, detail)

    def _keep(
        self, session: Session, settlement: Settlement, delivered: Sequence[tuple[QueuedRecipient, Delivered]]
    ) -> None:
        message = settlement.message
        inbox.keep(
            session,
            message.key,
            reverse_path=message.reverse_path,
            recipients=[recipient.address for recipient, _ in delivered],
            subject=decode_words(split_message(message.content).value("subject") or ""),
            at=settlement.at,
        )

    def _count(self, session: Session, statistics: Counter[tuple[str, str, str]], *, at: float) -> None:
        scopes = {(account_id, region) for account_id, region, _ in statistics}
        for account_id, region in scopes:
            delivered = statistics[account_id, region, "delivered"]
            bounced = statistics[account_id, region, "bounced"]
            if delivered or bounced:
                account.count(session, account_id, region, now=at, delivered=delivered, bounced=bounced)


class Settler:
    """Gathers settlements and commits them in groups."""

    def __init__(
        self, ports: Ports, settings: Settings, lease: Lease, ready: ReadyQueue, log: queue.AttemptLog, signals: Signals
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._settlements = Settlements(settings, ports.entropy, lease)
        self._ready = ready
        self._log = log
        self._signals = signals
        self._waiting: list[Settlement] = []
        self._running = False
        self._kept_since_trim = 0

    @property
    def idle(self) -> bool:
        """Nothing waits to be recorded."""
        return not self._waiting and not self._running

    def put(self, settlement: Settlement) -> bool:
        """Queue a settlement; True when the caller must start `drain` because nobody drains now."""
        self._waiting.append(settlement)
        return not self._running

    async def drain(self) -> None:
        """Commit groups until nothing waits; one drain runs at a time."""
        if self._running:
            return
        self._running = True
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MAX_SETTLEMENTS], self._waiting[MAX_SETTLEMENTS:]
                await self._commit(group)
        finally:
            self._running = False

    async def _commit(self, group: list[Settlement]) -> None:
        while True:
            try:
                followed = await self._ports.database.write(lambda session: self._settlements.apply(session, group))
                break
            except DatabaseUnavailable:
                await self._ports.clock.sleep(RETRY_AFTER_FAILURE_S)
        for settlement in group:
            if settlement.attempt is not None:
                self._log.settled(settlement.attempt)
            self._ready.done(1, settlement.message.size)
        if followed.subscribed:
            self._signals.published()
        self._signals.settled()
        if followed.deferred or self._ready.overflowed:
            self._signals.due()
        for blob_key in followed.blobs:
            await self._ports.blobs.delete(blob_key)
        await self._trim_inbox(sum(settlement.to_inbox for settlement in group))

    async def _trim_inbox(self, kept: int) -> None:
        self._kept_since_trim += kept
        if self._kept_since_trim < INBOX_TRIM_EVERY:
            return
        self._kept_since_trim = 0
        limit = self._settings.local.inbox_messages
        for blob_key in await self._ports.database.write(lambda session: inbox.trim(session, limit)):
            await self._ports.blobs.delete(blob_key)
