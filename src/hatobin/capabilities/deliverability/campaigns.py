"""Campaigns: the mail of one From address and one configuration set on one day (UTC), as the history has it.

Nothing is kept for them: they are made of the messages of the time that is
asked for, the newest 20,000 at most, while the history lasts. So a campaign's
id says what it is.

Refs: API reference v2, DomainDeliverabilityCampaign. Ours is what a campaign is: SES finds them with its panel.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from hatobin.capabilities import events, queue
from hatobin.capabilities.queue import SentMessage
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.event import EventKind

MOST_MESSAGES = 20_000
DAY_S = 86_400
_MAX_ID = 2048


class CampaignKey(Struct, frozen=True, order=True, array_like=True):
    """The first second of the day, the sender, and the set's name or nothing."""

    day: int
    source: str
    set_name: str = ""

    @property
    def campaign_id(self) -> str:
        """Name it in one word."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


_key = msgspec.json.Decoder(CampaignKey)


def read_id(text: str) -> CampaignKey | None:
    """Read a campaign's id; None for what is none.

    >>> read_id(CampaignKey(86400, "a@example.com").campaign_id)
    CampaignKey(day=86400, source='a@example.com', set_name='')
    """
    try:
        if len(text) > _MAX_ID:
            return None
        return _key.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return None


@dataclass(slots=True)
class _Gathered:
    first_at: float
    last_at: float
    recipients: int = 0
    delivered: int = 0
    complaints: int = 0
    opened: int = 0
    messages: int = 0
    subject: str = ""


@dataclass(slots=True)
class Campaigns:
    """The campaigns of an account's domain between two moments."""

    found: dict[CampaignKey, _Gathered] = field(default_factory=dict)

    def shown(self, key: CampaignKey) -> model.DomainDeliverabilityCampaign | None:
        """Show one of them."""
        one = self.found.get(key)
        if one is None:
            return None
        return model.DomainDeliverabilityCampaign(
            campaign_id=key.campaign_id,
            subject=one.subject or None,
            from_address=key.source,
            first_seen_date_time=one.first_at,
            last_seen_date_time=one.last_at,
            inbox_count=max(0, one.delivered - one.complaints),
            spam_count=one.complaints,
            read_rate=min(1.0, one.opened / one.messages) if one.messages else 0.0,
            projected_volume=one.recipients,
        )


def campaigns(session: Session, account_id: str, region: str, domain: str, between: tuple[float, float]) -> Campaigns:
    """Make the campaigns of a domain of the messages accepted between two moments."""
    sent = queue.sent_between(session, account_id, region, between, MOST_MESSAGES)
    messages = [one for one in sent if _domain_of(one.source) == domain]
    told: Mapping[tuple[str, str], int] = {}
    if messages:
        ids = [one.message_id for one in messages]
        kinds = (EventKind.COMPLAINT, EventKind.OPEN)
        told = events.number_by_message(session, account_id, region, (min(ids), max(ids)), kinds)
    return _gather(messages, told)


def _gather(messages: Sequence[SentMessage], told: Mapping[tuple[str, str], int]) -> Campaigns:
    made = Campaigns()
    for one in messages:  # The newest first.
        day = int(one.accepted_at) // DAY_S * DAY_S
        key = CampaignKey(day, one.source, one.configuration_set or "")
        into = made.found.setdefault(key, _Gathered(one.accepted_at, one.accepted_at, subject=one.subject))
        into.first_at = min(into.first_at, one.accepted_at)
        into.recipients += one.recipients
        into.delivered += one.delivered
        into.messages += one.delivered > 0
        into.complaints += told.get((one.message_id, EventKind.COMPLAINT.value), 0)
        into.opened += (one.message_id, EventKind.OPEN.value) in told
        into.subject = into.subject or one.subject
    return made


def _domain_of(source: str) -> str:
    return source.rpartition("@")[2].rstrip("> ").lower()
