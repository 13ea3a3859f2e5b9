"""Tenants as values, and the rules about their names and their suppression. Pure.

Refs: AWS developer guide "tenants" and "sending-email-suppression-list-tenant-level";
surface.md §4.1, §4.9, appendix F. The texts are observed (probes of SES in 2026).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities.tags import TagPair
from hatobin.protocols.aws.arn import ses_arn
from hatobin.words.errors import CallerError

MAX_TENANTS = 10_000
"""Per account and region (developer guide, "tenants", limitations)."""

MAX_NAME_LENGTH = 64
ENABLED, REINSTATED, DISABLED = "ENABLED", "REINSTATED", "DISABLED"
STATUSES = (ENABLED, REINSTATED, DISABLED)
STANDARD, STRICT, NONE = "standard", "strict", "none"
POLICIES = (STANDARD, STRICT, NONE)
"""When a tenant's findings pause it: those of high impact (what a new tenant has), any, or never."""

_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ID_HEX_BYTES = 15


@dataclass(frozen=True, slots=True)
class TenantSuppression:
    """Which list a tenant's mail is held against, "TENANT" or "ACCOUNT", and for which reasons."""

    scope: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """A status of a tenant's sending: what, why, and since when."""

    status: str
    at: float
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant. `suppression` is None where the account's own settings hold.

    `customer` is the status that the account and the tenant's reputation policy change, `enforced` the operator's;
    without them both have been ENABLED since the tenant was made. `policy` is "standard", "strict" or "none",
    `impact` the highest of its open findings.
    """

    account_id: str
    region: str
    name: str
    tenant_id: str
    created_at: float
    suppression: TenantSuppression | None = None
    tags: tuple[TagPair, ...] = ()
    customer: StatusRecord = StatusRecord(ENABLED, 0.0)
    enforced: StatusRecord = StatusRecord(ENABLED, 0.0)
    policy: str = STANDARD
    impact: str | None = None

    @property
    def arn(self) -> str:
        """Name the tenant as policies and tags do."""
        return ses_arn(self.region, self.account_id, f"tenant/{self.name}/{self.tenant_id}")

    @property
    def status(self) -> str:
        """The two together: DISABLED where one is, else the customer's (API reference v2, ReputationEntity)."""
        return DISABLED if self.enforced.status == DISABLED else self.customer.status

    @property
    def may_send(self) -> bool:
        """Whether its mail is taken: unless somebody paused it."""
        return self.status != DISABLED


def make_id(chance: bytes) -> str:
    """Make a tenant's id of fifteen random octets.

    >>> make_id(bytes(15))
    'tn-000000000000000000000000000000'
    """
    return f"tn-{chance[:_ID_HEX_BYTES].hex()}"


def check_given(name: str) -> None:
    """Refuse a name that is no more than white space. Raises `CallerError`."""
    if not name.strip():
        raise bad("TenantName cannot be empty")


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a tenant. Raises `CallerError`."""
    check_given(name)
    if len(name) > MAX_NAME_LENGTH:
        raise bad(f"TenantName cannot exceed {MAX_NAME_LENGTH} characters.")
    if not _NAME.fullmatch(name):
        raise bad(f"Invalid tenant name <{name}>: only alphanumeric ASCII characters, '_', and '-' are allowed.")


def paired(reasons: Sequence[str] | None, scope: str | None) -> TenantSuppression | None:
    """Give the settings of a request that has both members, or None where it has neither. Raises `CallerError`."""
    if reasons is None and scope is None:
        return None
    if scope is None:
        if reasons:
            raise bad("SuppressedReasons cannot be specified without SuppressionScope.")
        raise bad("SuppressionScope is required when SuppressedReasons are provided. Valid values are: TENANT, ACCOUNT")
    if reasons is None:
        raise bad("SuppressionScope cannot be specified without SuppressedReasons.")
    if len(set(reasons)) < len(reasons):
        raise bad("Each suppressed reason can only be specified at most once")
    return TenantSuppression(scope, tuple(reasons))


def paired_at_creation(reasons: Sequence[str] | None, scope: str | None) -> TenantSuppression | None:
    """Do the same for the block of a new tenant, where what is missing is told otherwise. Raises `CallerError`."""
    if not reasons and scope is None:
        missing = ["suppressedReasons"] if reasons is None else []
        faults = [
            f"Value null at 'suppressionAttributes.{member}' failed to satisfy constraint: Member must not be null"
            for member in (*missing, "suppressionScope")
        ]
        plural = "s" if len(faults) > 1 else ""
        raise bad(f"{len(faults)} validation error{plural} detected: {'; '.join(faults)}")
    return paired(reasons, scope)


def bad(text: str) -> CallerError:
    """Word a request that cannot be meant."""
    return CallerError("BadRequestException", text)


def does_not_exist(name: str) -> CallerError:
    """Word a missing tenant, everywhere but in a send."""
    return CallerError("NotFoundException", f"The requested tenant <{name}> does not exist.", status=404)
