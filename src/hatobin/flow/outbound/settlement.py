"""What became of each recipient, with everything that follows, in one transaction.

A group of settlements moves the recipients' states, records the events and
fills the outbox, the suppression list, the statistics and the inbox, and
drops bodies nobody needs: one statement per table for the whole group where
the rows are alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hatobin.capabilities import account, configuration_sets, events, inbox, metrics, queue, reputation, suppression
from hatobin.capabilities.delivery import (
    Afterwards,
    Expired,
    RetrySchedule,
    decide_next_attempt,
    expired,
    is_simulator,
)
from hatobin.capabilities.events import Event, MailJson
from hatobin.capabilities.queue import (
    Attempt,
    FinalState,
    Lease,
    MessageKey,
    NewMessage,
    QueuedRecipient,
    ReadyMessage,
)
from hatobin.flow.outbound.forwarding import Reporter
from hatobin.flow.outbound.suppressed import held_against, tenant_of
from hatobin.ports import Entropy, Session
from hatobin.protocols.mail.headers import split_message
from hatobin.words.event import EventKind
from hatobin.words.identifiers import feedback_id
from hatobin.words.lane import Lane
from hatobin.words.outcome import Bounced, BounceType, Deferred, Delivered, Hop, Outcome, RecipientState
from hatobin.words.settings import Settings

_SIMULATOR = "Amazon SES Mailbox Simulator"


class Settlement(Struct, frozen=True):
    """The outcomes of one attempt on one message."""

    message: ReadyMessage
    outcomes: tuple[tuple[QueuedRecipient, Outcome], ...]
    at: float
    attempt: Attempt | None = None
    afterwards: tuple[tuple[QueuedRecipient, Afterwards], ...] = ()
    to_inbox: bool = False
    doubtful: tuple[int, ...] = ()
    """Positions that may have got the content although no reply said so; they are deferred."""
    head: bytes = b""
    """The header of a message whose content lies in the blob store, for the inbox and for the report of a bounce."""

    @property
    def readable(self) -> bytes:
        """The message, or at least its header, or nothing of it."""
        return self.head or self.message.content


class Followed(Struct, frozen=True):
    """What a settled group leads to after its commit."""

    blobs: list[str]
    due: bool
    """Something waits to be claimed: deferred recipients, or mail that tells of bounces."""
    recorded: events.Recorded


class _Sorted(Struct, frozen=True):
    """One settlement's recipients by what was recorded of them; those that were final before are in none."""

    delivered: list[tuple[QueuedRecipient, Delivered]]
    bounced: list[tuple[QueuedRecipient, Bounced]]
    delayed: list[tuple[QueuedRecipient, Deferred]]


class Settlements:
    """Turns settlements into rows; pure over a session, so the simulation runs it as it is."""

    def __init__(self, settings: Settings, entropy: Entropy, lease: Lease) -> None:
        self._settings = settings
        self._entropy = entropy
        self._lease = lease

    def apply(self, session: Session, group: Sequence[Settlement]) -> Followed:
        """Record a group of settlements; safe to run again when its commit failed."""
        return _Group(session, self._settings, self._entropy, self._lease).apply(group)


class _Group:
    """One group on its way into one transaction."""

    def __init__(self, session: Session, settings: Settings, entropy: Entropy, lease: Lease) -> None:
        self._session = session
        self._settings = settings
        self._entropy = entropy
        self._lease = lease
        self._schedule = RetrySchedule(settings.delivery.retry_delays_s, settings.delivery.retry_jitter)
        self._events: list[Event] = []
        self._statistics: Counter[tuple[str, str, str]] = Counter()
        self._reputation = metrics.ReputationTally()
        self._listings: dict[reputation.Listing, str] = {}
        self._finished: dict[MessageKey, None] = {}
        self._captured: list[inbox.Captured] = []
        self._mails: list[NewMessage] = []

    def apply(self, group: Sequence[Settlement]) -> Followed:
        changed = queue.finish_all(self._session, [final for one in group for final in _finals(one)])
        deferred = False
        for settlement in group:
            found = self._sort(settlement, changed)
            self._statistics[_scope(settlement, "delivered")] += len(found.delivered)
            self._record_delivered(settlement, found.delivered)
            self._record_bounced(settlement, found.bounced)
            self._record_delayed(settlement, found.delayed)
            if settlement.doubtful:
                # RFC 5321 §4.5.3.2.6: better twice than never, and owned up to.
                queue.count_possible_duplicates(self._session, settlement.message.key, settlement.doubtful)
            self._record_afterwards(settlement, {recipient.position for recipient, _ in found.delivered})
            deferred |= bool(found.delayed)
            if settlement.to_inbox and found.delivered:
                self._keep(settlement, found.delivered)
            elif found.delivered or found.bounced:
                self._finished[settlement.message.key] = None
        if self._captured:
            inbox.keep(self._session, self._captured)
        recorded = events.record_all(self._session, self._events, entropy=self._entropy)
        self._count(at=group[-1].at)
        self._reputation.record(self._session, Lane.SETTLE)
        for listing, ip in sorted(self._listings.items()):  # The order of every node: see `Database.write`.
            reputation.note_listing(self._session, listing, ip, group[-1].at)
        if self._mails:
            queue.enqueue_all(self._session, [(mail, None) for mail in self._mails])
        dropped = queue.drop_bodies(self._session, self._without_inbox(self._finished))
        return Followed(dropped, deferred or bool(self._mails), recorded)

    def _without_inbox(self, finished: Iterable[MessageKey]) -> list[MessageKey]:
        """Leave out what the inbox shows: others of its recipients had their mail put there."""
        if self._settings.delivery.mode != "mailbox":
            return list(finished)
        return [key for key in finished if not inbox.holds(self._session, key)]

    def _sort(self, settlement: Settlement, changed: set[tuple[MessageKey, int]]) -> _Sorted:
        found = _Sorted([], [], [])
        for recipient, outcome in settlement.outcomes:
            if not isinstance(outcome, Delivered) and (name := reputation.list_named(outcome.reply)) is not None:
                key = settlement.message.key
                self._listings[reputation.Listing(key.account_id, key.region, name)] = outcome.hop.local_ip
            row = (settlement.message.key, recipient.position)
            match outcome:
                case Delivered() if row in changed:
                    found.delivered.append((recipient, outcome))
                case Bounced() if row in changed:
                    found.bounced.append((recipient, outcome))
                case Deferred():
                    self._defer(settlement, recipient, outcome, found)
            changed.discard(row)
        return found

    def _defer(self, settlement: Settlement, recipient: QueuedRecipient, outcome: Deferred, found: _Sorted) -> None:
        """Give the recipient its next time, drop a stale word, or give up."""
        message = settlement.message
        decision = decide_next_attempt(
            attempts=recipient.attempts + 1,
            now=settlement.at,
            expires_at=message.expires_at,
            schedule=self._schedule,
            chance=self._entropy.uniform(-1, 1),
        )
        reply = str(outcome.reply)
        if not isinstance(decision, Expired):
            held = queue.defer(
                self._session, message.key, recipient.position, self._lease, due_at=decision.at, reply=reply
            )
            if held:
                found.delayed.append((recipient, outcome))
            return
        bounce = expired(outcome.reply, outcome.hop)
        final = FinalState(message.key, recipient.position, RecipientState.EXPIRED, settlement.at, str(bounce.reply))
        if queue.finish_all(self._session, [final]):
            found.bounced.append((recipient, bounce))

    def _record(self, settlement: Settlement, kind: EventKind, detail: str, count: int, hop: Hop | None = None) -> None:
        key, name = settlement.message.key, settlement.message.configuration_set
        ip, remote_ip = ("", "") if hop is None else (hop.local_ip, hop.remote_ip)
        message = settlement.message
        mail = MailJson(message.mail, message.tags) if message.mail else None
        self._events.append(
            Event(key, name, kind, settlement.at, detail, mail, outgoing_ip=ip, remote_ip=remote_ip, count=count)
        )

    def _record_delivered(self, settlement: Settlement, delivered: Sequence[tuple[QueuedRecipient, Delivered]]) -> None:
        if not delivered:
            return
        outcome = delivered[0][1]
        detail = events.delivery_detail(
            [recipient.address for recipient, _ in delivered],
            outcome,
            at=settlement.at,
            accepted_at=settlement.message.accepted_at,
            reporting_mta=self._host(settlement),
        )
        self._record(settlement, EventKind.DELIVERY, detail, len(delivered), outcome.hop)

    def _record_bounced(self, settlement: Settlement, bounced: Sequence[tuple[QueuedRecipient, Bounced]]) -> None:
        """Record one Bounce event per cause, tell of it by mail, and suppress those whose own fault it is."""
        key = settlement.message.key
        by_cause: dict[tuple[str, str], list[tuple[str, Bounced]]] = {}
        self._count_hard(settlement, bounced)
        for recipient, outcome in bounced:
            cause = (outcome.bounce_type.value, outcome.sub_type.value)
            by_cause.setdefault(cause, []).append((recipient.address, outcome))
            self._statistics[_scope(settlement, "bounced")] += outcome.recipient_fault
        for recipients in by_cause.values():
            identifier = feedback_id(key.region, settlement.at, self._entropy.uuid())
            detail = events.bounce_detail(
                recipients, at=settlement.at, feedback_id=identifier, reporting_mta=self._host(settlement)
            )
            self._record(settlement, EventKind.BOUNCE, detail, len(recipients), recipients[0][1].hop)
            self._tell(self._reporter(settlement).bounce_mail(key, recipients, settlement.readable))
            for address, outcome in recipients:
                if outcome.recipient_fault:
                    self._suppress(settlement, address, "BOUNCE", identifier)

    def _count_hard(self, settlement: Settlement, bounced: Sequence[tuple[QueuedRecipient, Bounced]]) -> None:
        """Count hard bounces against whoever sent; those of the simulator are nobody's fault."""
        hard = sum(
            outcome.bounce_type is BounceType.PERMANENT and not is_simulator(recipient.domain)
            for recipient, outcome in bounced
        )
        if not hard:
            return
        message, key = settlement.message, settlement.message.key
        stored = queue.message(self._session, key)
        identity_arn = "" if stored is None else stored.identity_arn
        sender = metrics.Sender(key.account_id, key.region, identity_arn, message.configuration_set, message.tenant)
        self._reputation.add(sender, settlement.at, "bounces", hard)

    def _host(self, settlement: Settlement) -> str:
        """Name the host that sent, which is ours: the remote one is seen by its address only."""
        return self._settings.service.mail_host(settlement.message.key.region)

    def _reporter(self, settlement: Settlement) -> Reporter:
        return Reporter(self._session, self._settings, self._entropy, settlement.at)

    def _tell(self, mail: NewMessage | None) -> None:
        if mail is not None:
            self._mails.append(mail)

    def _suppress(self, settlement: Settlement, address: str, reason: str, feedback: str) -> None:
        """Put an address on the list that its message is held against, if that is wanted for this reason."""
        key, name = settlement.message.key, settlement.message.configuration_set
        standing = account.standing(self._session, key.account_id, key.region, self._settings)
        found = None if name is None else configuration_sets.find(self._session, key.account_id, key.region, name)
        held = held_against(standing, found, tenant_of(self._session, key, settlement.message.tenant))
        if reason in held.reasons:
            suppression.add(
                self._session,
                key.account_id,
                key.region,
                address,
                reason=reason,
                now=settlement.at,
                tenant_id=held.tenant_id,
                message_id=key.message_id,
                feedback_id=feedback,
            )

    def _record_delayed(self, settlement: Settlement, delayed: Sequence[tuple[QueuedRecipient, Deferred]]) -> None:
        if not delayed:
            return
        late = [(recipient.address, outcome) for recipient, outcome in delayed]
        detail = events.delay_detail(late, at=settlement.at, expires_at=settlement.message.expires_at)
        self._record(settlement, EventKind.DELIVERY_DELAY, detail, len(delayed))

    def _record_afterwards(self, settlement: Settlement, done: set[int]) -> None:
        """Record what follows a simulated delivery: a complaint, or an automatic reply."""
        for recipient, afterwards in settlement.afterwards:
            if recipient.position not in done or afterwards is Afterwards.NOTHING:
                continue
            identifier = feedback_id(settlement.message.key.region, settlement.at, self._entropy.uuid())
            if afterwards is Afterwards.COMPLAINT:
                detail = events.complaint_detail(
                    [recipient.address],
                    at=settlement.at,
                    feedback_id=identifier,
                    feedback_type="abuse",
                    user_agent=_SIMULATOR,
                    arrival_at=settlement.message.accepted_at,
                )
                self._record(settlement, EventKind.COMPLAINT, detail, 1)
                told = self._reporter(settlement).complaint_mail(
                    settlement.message.key,
                    [recipient.address],
                    settlement.readable,
                    feedback_type="abuse",
                    user_agent=_SIMULATOR,
                )
                self._tell(told)
            else:
                detail = events.out_of_office_detail(recipient.address, at=settlement.at, feedback_id=identifier)
                # An automatic reply is an event and no failure, so the metrics leave it out.
                self._record(settlement, EventKind.BOUNCE, detail, 0)

    def _keep(self, settlement: Settlement, delivered: Sequence[tuple[QueuedRecipient, Delivered]]) -> None:
        message = settlement.message
        captured = inbox.Captured.of(
            split_message(settlement.readable),
            message.key,
            reverse_path=message.reverse_path,
            recipients=(recipient.address for recipient, _ in delivered),
            at=settlement.at,
        )
        self._captured.append(captured)

    def _count(self, *, at: float) -> None:
        # In the order of every node: see `Database.write`.
        for account_id, region in sorted({(account_id, region) for account_id, region, _ in self._statistics}):
            delivered = self._statistics[account_id, region, "delivered"]
            bounced = self._statistics[account_id, region, "bounced"]
            if delivered or bounced:
                account.count(self._session, account_id, region, now=at, delivered=delivered, bounced=bounced)


def _scope(settlement: Settlement, what: str) -> tuple[str, str, str]:
    key = settlement.message.key
    return key.account_id, key.region, what


def _finals(settlement: Settlement) -> list[FinalState]:
    """Give the final states of one settlement; a deferral is none yet."""
    states: dict[type, RecipientState] = {Delivered: RecipientState.DELIVERED, Bounced: RecipientState.BOUNCED}
    return [
        FinalState(settlement.message.key, recipient.position, states[type(outcome)], settlement.at, str(outcome.reply))
        for recipient, outcome in settlement.outcomes
        if type(outcome) in states
    ]
