"""Bulk sends: each entry is drafted and accepted on its own, and answers for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from hatobin.capabilities.templates import BadTemplate, BadTemplateData
from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.accept import Acceptor
from hatobin.flow.outbound.draft import Accepted, Draft
from hatobin.flow.outbound.drafting import NoRecipient
from hatobin.gateway import Call
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
    MAIL_FROM_NOT_VERIFIED = auto()
    NO_CONFIGURATION_SET = auto()
    ACCOUNT_PAUSED = auto()
    CONFIGURATION_SET_PAUSED = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One destination of a bulk call, and what became of it."""

    draft: Draft | None = None
    status: BulkStatus = BulkStatus.SUCCESS
    error: str | None = None
    message_id: str | None = None

    @classmethod
    def drafted(cls, make: Callable[[], Draft]) -> Entry:
        """Make the draft; what is wrong with this entry alone becomes its status."""
        try:
            return cls(make())
        except refusals.TooManyRecipients as many:
            return cls(status=status_of(many), error=many.text)
        except NoRecipient:
            return cls(status=BulkStatus.INVALID_PARAMETER, error="At least one destination address is required.")
        except (AddressError, MessageError, BadTemplate, BadTemplateData) as wrong:
            return cls(status=BulkStatus.INVALID_PARAMETER, error=str(wrong))

    def answered(self, outcome: Accepted | refusals.Refusal) -> Entry:
        """Give the entry with the outcome of its acceptance."""
        if isinstance(outcome, Accepted):
            return replace(self, draft=None, message_id=outcome.key.message_id)
        return replace(self, draft=None, status=status_of(outcome), error=outcome.text)


async def accept_entries(call: Call, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Accept what could be drafted, in order; each entry gets its own outcome.

    What is wrong with the sender, the tenant or the configuration set is wrong for the
    whole call, and answers it where nothing was sent: raises the `Refusal`.
    """
    drafts = [entry.draft for entry in entries if entry.draft is not None]
    outcomes = await call.services.get(Acceptor).accept_all(drafts)
    if outcomes and all(isinstance(outcome, _WHOLE_CALL) for outcome in outcomes):
        assert isinstance(outcomes[0], refusals.Refusal)
        raise outcomes[0]
    left = iter(outcomes)
    return [entry if entry.draft is None else entry.answered(next(left)) for entry in entries]


_WHOLE_CALL = (
    refusals.AccessDenied,
    refusals.NotVerified,
    refusals.MailFromNotVerified,
    refusals.NoSuchConfigurationSet,
    refusals.AccountPaused,
    refusals.ConfigurationSetPaused,
    refusals.NoSuchTenant,
    refusals.NotAssociated,
    refusals.TenantPaused,
)


def status_of(refusal: refusals.Refusal) -> BulkStatus:
    """Say which status a refusal is."""
    match refusal:
        case refusals.RateExceeded():
            return BulkStatus.ACCOUNT_THROTTLED
        case refusals.DailyQuotaExceeded():
            return BulkStatus.DAILY_QUOTA_EXCEEDED
        case refusals.Unavailable():
            return BulkStatus.TRANSIENT_FAILURE
        case (
            refusals.NotVerified()
            | refusals.AccessDenied()
            | refusals.NoSuchTenant()
            | refusals.NotAssociated()
            | refusals.TenantPaused()
        ):
            return BulkStatus.MESSAGE_REJECTED
        case refusals.MailFromNotVerified():
            return BulkStatus.MAIL_FROM_NOT_VERIFIED
        case refusals.NoSuchConfigurationSet():
            return BulkStatus.NO_CONFIGURATION_SET
        case refusals.AccountPaused():
            return BulkStatus.ACCOUNT_PAUSED
        case refusals.ConfigurationSetPaused():
            return BulkStatus.CONFIGURATION_SET_PAUSED
        case _:
            return BulkStatus.INVALID_PARAMETER
