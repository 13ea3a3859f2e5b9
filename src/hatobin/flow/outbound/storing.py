"""Storing accepted messages: one alone, or a group with one statement per table.

A group costs a fraction of the same messages one by one: what their senders
share is read once, and the rows of sixteen messages go in with one step of
the database. Deciding writes nothing, so a refused member leaves no trace
without a savepoint of its own; only an account with a limited rate or quota
needs one, because spending writes before it can refuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from hatobin.capabilities import account, contacts, events, inbox, metrics, queue, suppression
from hatobin.capabilities.account import SendLimits
from hatobin.capabilities.delivery import is_simulator
from hatobin.capabilities.queue import Lease
from hatobin.capabilities.tracking import Tracking
from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.decisions import Decision, OnLists, accepted_events, decide
from hatobin.flow.outbound.draft import RenderedContent
from hatobin.flow.outbound.prepared import Prepared
from hatobin.flow.outbound.refusals import Refusal
from hatobin.flow.outbound.tenancy import find_tenant
from hatobin.ports import Entropy, Session
from hatobin.words.lane import Lane
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings

_UNLIMITED = SendLimits(-1.0, -1)
_SENT = (RecipientState.QUEUED, RecipientState.DELIVERED)


class Pending(Struct, frozen=True):
    """A prepared message on its way into the store, and the lease it will be held by, if there is room."""

    prepared: Prepared
    lease: Lease | None


class Stored(Struct, frozen=True):
    """A stored message, and what follows of the events of all that were stored with it."""

    decision: Decision
    recorded: events.Recorded


class OtherTracking(Struct, frozen=True):
    """Nothing was stored: the message has to be made anew, for what its configuration set wants now."""

    wanted: Tracking | None


class LeftOut(Enum):
    """What a group says of a member that it leaves out."""

    LIMITED = "the account's rate or quota is limited, so the message wants a savepoint; nothing was done for it"


def store_alone(session: Session, pending: Pending, settings: Settings, entropy: Entropy) -> Stored | OtherTracking:
    """Decide, spend and store one message; runs in a savepoint. Raises a `Refusal`."""
    decision = decide(session, pending.prepared, settings, _lookup(session, [pending]))
    if decision.tracking != pending.prepared.tracking:
        return OtherTracking(decision.tracking)
    _spend(session, pending.prepared, decision.limits)
    return _store(session, [(pending, decision)], settings, entropy)[0]


def store_group(
    session: Session, group: Sequence[Pending], settings: Settings, entropy: Entropy
) -> list[Stored | Refusal | LeftOut | OtherTracking]:
    """Decide and store several messages of accounts without limits; each gets its own answer, in order."""
    suppressed = _lookup(session, group)
    decisions: list[Decision | Refusal | LeftOut | OtherTracking] = []
    for pending in group:
        try:
            decision = decide(session, pending.prepared, settings, suppressed)
            decisions.append(_or_left_out(decision, pending.prepared))
        except Refusal as refusal:
            decisions.append(refusal)
    accepted = [
        (pending, decision)
        for pending, decision in zip(group, decisions, strict=True)
        if isinstance(decision, Decision)
    ]
    _count_together(session, [pending.prepared for pending, _ in accepted])
    stored = iter(_store(session, accepted, settings, entropy))
    return [next(stored) if isinstance(decision, Decision) else decision for decision in decisions]


def _or_left_out(decision: Decision, prepared: Prepared) -> Decision | LeftOut | OtherTracking:
    if decision.limits.limited:
        return LeftOut.LIMITED
    return decision if decision.tracking == prepared.tracking else OtherTracking(decision.tracking)


def _lookup(session: Session, group: Iterable[Pending]) -> OnLists:
    """Look all recipients of a group up on the suppression lists they may be held against."""
    wanted: dict[tuple[str, str, str], list[str]] = {}
    for pending in group:
        key, draft = pending.prepared.key, pending.prepared.draft
        addresses = [str(recipient) for recipient in draft.recipients]
        wanted.setdefault((key.account_id, key.region, ""), []).extend(addresses)
        if draft.tenant is not None and (tenant := find_tenant(session, key, draft.tenant)) is not None:
            wanted.setdefault((key.account_id, key.region, tenant.tenant_id), []).extend(addresses)
    return {
        (account_id, region, tenant_id, address): reason
        for (account_id, region, tenant_id), addresses in wanted.items()
        for address, reason in suppression.lookup(session, account_id, region, addresses, tenant_id=tenant_id).items()
    }


def _store(
    session: Session, accepted: Sequence[tuple[Pending, Decision]], settings: Settings, entropy: Entropy
) -> list[Stored]:
    queue.enqueue_all(session, [(decision.message, pending.lease) for pending, decision in accepted])
    happened: list[events.Event] = []
    for pending, decision in accepted:
        _ensure_contacts(session, pending.prepared, decision)
        if pending.prepared.draft.along is not None:
            pending.prepared.draft.along(session)
        happened += accepted_events(session, pending.prepared, decision, settings, entropy)
    _deliver_locally(session, [(pending.prepared, decision) for pending, decision in accepted])
    recorded = events.record_all(session, happened, Lane.ACCEPT, entropy=entropy)
    _count_reputation(session, accepted)
    return [Stored(decision, recorded) for _, decision in accepted]


def _deliver_locally(session: Session, accepted: Sequence[tuple[Prepared, Decision]]) -> None:
    """Put into the inbox what is delivered already, and count it."""
    kept: list[inbox.Captured] = []
    counts: Counter[tuple[str, str]] = Counter()
    for prepared, decision in accepted:
        if not (recipients := decision.delivered):
            continue
        content, key = prepared.draft.content, prepared.key
        assert isinstance(content, RenderedContent), "what cannot be rendered is not delivered"
        reverse_path, at = decision.message.reverse_path, prepared.accepted_at
        kept.append(inbox.Captured.of(content.message, key, reverse_path=reverse_path, recipients=recipients, at=at))
        counts[key.account_id, key.region] += len(recipients)
    if not kept:
        return
    inbox.keep(session, kept)
    for (account_id, region), count in sorted(counts.items()):  # The order of every node: see `Database.write`.
        account.count(session, account_id, region, kept[0].at, delivered=count)


def _count_reputation(session: Session, accepted: Sequence[tuple[Pending, Decision]]) -> None:
    """Count what is really sent: neither what is suppressed or rejected nor what goes to the simulator."""
    tally = metrics.ReputationTally()
    for pending, decision in accepted:
        message, key = decision.message, decision.message.key
        sent = 0
        for recipient in message.recipients:
            sent += recipient.state in _SENT and not is_simulator(recipient.domain)
        if sent:
            sender = metrics.Sender(
                key.account_id, key.region, message.identity_arn, message.configuration_set, message.tenant
            )
            tally.add(sender, pending.prepared.accepted_at, "sends", sent)
    tally.record(session, Lane.ACCEPT)


def _ensure_contacts(session: Session, prepared: Prepared, decision: Decision) -> None:
    """Recipients that a named list does not know become its contacts (SES guide, subscription management)."""
    chosen, key = prepared.draft.list_management, prepared.key
    if chosen is None:
        return
    for stranger in decision.strangers:
        contacts.ensure_contact(
            session, key.account_id, key.region, chosen.contact_list, stranger, prepared.accepted_at
        )


def _simulated(prepared: Prepared) -> int:
    return sum(is_simulator(recipient.domain.lower()) for recipient in prepared.draft.recipients)


def _spend(session: Session, prepared: Prepared, limits: SendLimits) -> None:
    """Take the recipients from rate and quota; the simulator's count for the rate only (SES guide, simulator)."""
    key, recipients = prepared.key, prepared.draft.recipients
    try:
        account.spend(
            session,
            key.account_id,
            key.region,
            len(recipients),
            prepared.accepted_at,
            limits,
            quota_count=len(recipients) - _simulated(prepared),
        )
    except account.RateExceeded:
        raise refusals.RateExceeded from None
    except account.DailyQuotaExceeded:
        raise refusals.DailyQuotaExceeded from None


def _count_together(session: Session, prepared: Sequence[Prepared]) -> None:
    """Count the recipients of accounts without limits, in one statement per account and region."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in prepared:
        counts[one.key.account_id, one.key.region] += len(one.draft.recipients) - _simulated(one)
    for (account_id, region), count in sorted(counts.items()):  # The order of every node: see `Database.write`.
        account.spend(session, account_id, region, count, prepared[0].accepted_at, _UNLIMITED, quota_count=count)
