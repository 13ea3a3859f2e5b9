"""Bulk sends: each entry is drafted and accepted on its own, and answers for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.draft import Accepted, Draft
from hatobin.flow.outbound.drafting import NoRecipient
from hatobin.flow.outbound.rendering import BadTemplate, BadTemplateData
from hatobin.protocols.mail.errors import MessageError
from hatobin.words.address import AddressError


class BulkStatus(Enum):
    """What an entry can answer; v1 and v2 spell it differently."""

    SUCCESS = auto()
    ACCOUNT_THROTTLED = auto()
    DAILY_QUOTA_EXCEEDED = auto()
    INVALID_PARAMETER = auto()
    TRANSIENT_FAILURE = auto()
    MESSAGE_REJECTED = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One destination of a bulk call, and what became of it."""

    draft: Draft | None = None
    status: BulkStatus = BulkStatus.SUCCESS
    error: str | None = None
    message_id: str | None = None
    refusal: refusals.Refusal | None = None

    @classmethod
    def drafted(cls, make: Callable[[], Draft]) -> Entry:
        """Make the draft; what is wrong with this entry alone becomes its status."""
        try:
            return cls(make())
        except NoRecipient:
            return cls(status=BulkStatus.INVALID_PARAMETER, error="At least one destination address is required.")
        except (AddressError, MessageError, BadTemplate, BadTemplateData) as wrong:
            return cls(status=BulkStatus.INVALID_PARAMETER, error=str(wrong))

    def answered(self, outcome: Accepted | refusals.Refusal) -> Entry:
        """Give the entry with the outcome of its acceptance."""
        if isinstance(outcome, Accepted):
            return replace(self, draft=None, message_id=outcome.key.message_id)
        return replace(self, draft=None, status=status_of(outcome), error=outcome.text, refusal=outcome)


def status_of(refusal: refusals.Refusal) -> BulkStatus:
    """Say which status a refusal is."""
    match refusal:
        case refusals.RateExceeded():
            return BulkStatus.ACCOUNT_THROTTLED
        case refusals.DailyQuotaExceeded():
            return BulkStatus.DAILY_QUOTA_EXCEEDED
        case refusals.Unavailable():
            return BulkStatus.TRANSIENT_FAILURE
        case refusals.NotVerified():
            return BulkStatus.MESSAGE_REJECTED
        case _:
            return BulkStatus.INVALID_PARAMETER
