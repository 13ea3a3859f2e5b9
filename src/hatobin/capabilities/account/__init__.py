"""The account: whether it may send in a region, how fast, how much, and what it has sent.

Defaults come from the settings and are the same for every account; what an
account sets for itself (sending paused, for which reasons recipients are
suppressed, details) or is given (production access, limits) is one row. `standing` reads it for a send; `spend`
takes the recipients of an accepted message from its rate and daily quota in
the same transaction; `count` feeds GetSendStatistics.
"""

from __future__ import annotations

from hatobin.capabilities.account import api_v1, api_v2, api_v2_attributes
from hatobin.capabilities.account.enforcement import (
    Enforcement,
    EnforcementStatus,
    enforcement,
    put_enforcement,
    put_sending_enabled,
)
from hatobin.capabilities.account.expiry import (
    find_expired_minutes,
    find_expired_statistics,
    remove_minutes,
    remove_statistics,
)
from hatobin.capabilities.account.model import (
    DEFAULT_SUPPRESSED_REASONS,
    UNLIMITED,
    AccountStanding,
    DailyQuotaExceeded,
    QuotaExceeded,
    RateExceeded,
    SendLimits,
    StatisticsPoint,
    default_limits,
    refusal,
    smtp_refusal,
)
from hatobin.capabilities.account.profile import (
    WaitingRequest,
    answer_review,
    vdm_accounts,
    vdm_enabled,
    waiting_requests,
)
from hatobin.capabilities.account.quota import sent_last_24_hours, spend
from hatobin.capabilities.account.store import (
    count,
    put_production_access,
    put_suppressed_reasons,
    sandboxed,
    sending_enabled,
    standing,
    statistics,
)

__all__ = [
    "DEFAULT_SUPPRESSED_REASONS",
    "UNLIMITED",
    "AccountStanding",
    "DailyQuotaExceeded",
    "Enforcement",
    "EnforcementStatus",
    "QuotaExceeded",
    "RateExceeded",
    "SendLimits",
    "StatisticsPoint",
    "WaitingRequest",
    "answer_review",
    "api_v1",
    "api_v2",
    "api_v2_attributes",
    "count",
    "default_limits",
    "enforcement",
    "find_expired_minutes",
    "find_expired_statistics",
    "put_enforcement",
    "put_production_access",
    "put_sending_enabled",
    "put_suppressed_reasons",
    "refusal",
    "remove_minutes",
    "remove_statistics",
    "sandboxed",
    "sending_enabled",
    "sent_last_24_hours",
    "smtp_refusal",
    "spend",
    "standing",
    "statistics",
    "vdm_accounts",
    "vdm_enabled",
    "waiting_requests",
]
