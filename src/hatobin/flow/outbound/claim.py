"""Claiming: due recipients come back from the database, less those suppressed meanwhile."""

from __future__ import annotations

from msgspec.structs import replace

from hatobin.capabilities import account, configuration_sets, events, queue
from hatobin.capabilities.events import Event, Recorded
from hatobin.capabilities.queue import Lease, ReadyMessage
from hatobin.flow.outbound.suppressed import held_against, suppressed_events, suppressed_reasons, tenant_of
from hatobin.ports import Entropy, Session
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings

_REPLY = "the address is on the suppression list"


def claim(
    session: Session, lease: Lease, *, now: float, limit: int, settings: Settings, entropy: Entropy
) -> tuple[list[ReadyMessage], Recorded]:
    """Lease up to `limit` due recipients; whoever was suppressed meanwhile is settled here and not given."""
    claimed = queue.claim_due(session, lease, now=now, limit=limit)
    checked = [_without_suppressed(session, message, now, settings, entropy) for message in claimed]
    recorded = events.record_all(session, [event for _, happened in checked for event in happened], entropy=entropy)
    return [message for message, _ in checked if message.recipients], recorded


def _without_suppressed(
    session: Session, message: ReadyMessage, now: float, settings: Settings, entropy: Entropy
) -> tuple[ReadyMessage, list[Event]]:
    """Settle the recipients that were suppressed; give the message without them, and the events that say so."""
    key, name = message.key, message.configuration_set
    standing = account.standing(session, key.account_id, key.region, settings)
    found = None if name is None else configuration_sets.find(session, key.account_id, key.region, name)
    addresses = [recipient.address for recipient in message.recipients]
    held = held_against(standing, found, tenant_of(session, key, message.tenant))
    reasons = suppressed_reasons(session, key, addresses, held)
    if not reasons:
        return message, []
    for recipient in message.recipients:
        if recipient.address in reasons:
            queue.finish(session, key, recipient.position, RecipientState.SUPPRESSED, settled_at=now, reply=_REPLY)
    happened = [
        Event(key, name, kind, now, detail, count=count)
        for kind, detail, count in suppressed_events(
            reasons, (), sub_type=held.sub_type, region=key.region, at=now, settings=settings, entropy=entropy
        )
    ]
    queue.drop_bodies(session, [key])
    left = tuple(recipient for recipient in message.recipients if recipient.address not in reasons)
    return replace(message, recipients=left), happened
