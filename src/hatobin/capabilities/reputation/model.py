"""Findings: what a rate over the representative volume says of who sends. Pure.

Refs: SES developer guide, "Sending review process FAQs" (5 % and 10 % of bounces, 0.1 % and 0.5 % of complaints),
"tenants" (findings of low and high impact, policies, the wording of a finding).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from hatobin.capabilities import tenants
from hatobin.capabilities.metrics import Reputation, ReputationScope, ScopeKind
from hatobin.protocols.aws.arn import parse_arn, ses_arn
from hatobin.words import settings

Impact = Literal["LOW", "HIGH"]
BOUNCE, COMPLAINT, IP_LISTING = "BOUNCE", "COMPLAINT", "IP_LISTING"
RATES = (BOUNCE, COMPLAINT)
"""The types that are found in rates."""
COMPLAINT_VOLUME = 10
"""Complaints are judged over so many times `reputation.min_sends`: their thresholds are that much smaller."""


class Finding(Struct, frozen=True):
    """Something wrong with a resource; `code` tells several of one type apart."""

    type: str
    impact: Impact
    description: str
    code: str = ""


def find_in_rates(measured: Reputation, limits: settings.Reputation, now: float) -> list[Finding]:
    """Judge the rates: of low impact from the review threshold, of high impact from the pause threshold.

    Too few sends are no representative volume, and say nothing.
    """
    found = []
    if measured.sends >= limits.min_sends:
        bounds = (limits.bounce_review, limits.bounce_pause)
        found.append(_judge(BOUNCE, measured.bounce_rate, bounds, measured, now))
    if measured.sends >= limits.min_sends * COMPLAINT_VOLUME:
        bounds = (limits.complaint_review, limits.complaint_pause)
        found.append(_judge(COMPLAINT, measured.complaint_rate, bounds, measured, now))
    return [one for one in found if one is not None]


def _judge(kind: str, rate: float, bounds: tuple[float, float], measured: Reputation, now: float) -> Finding | None:
    review, pause = bounds
    if rate < min(review, pause):
        return None
    impact: Impact = "HIGH" if rate >= pause else "LOW"
    crossed = 100 * (pause if impact == "HIGH" else review)
    return Finding(
        kind,
        impact,
        f"The {kind.lower()} rate exceeded {crossed:.3g}% based on a representative volume of {measured.sends} emails "
        f"from {_moment(measured.began_at)} to {_moment(now)}.",
    )


def _moment(at: float) -> str:
    """Write a time as findings of SES do.

    >>> _moment(1752244860)
    'July 11, 2025 at 14:41 (UTC)'
    """
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%B} {moment.day}, {moment:%Y at %H:%M} (UTC)"


def violates(policy: str, found: Collection[Finding]) -> bool:
    """Say whether a tenant's policy pauses it for these findings."""
    if policy == tenants.NONE:
        return False
    return any(one.impact == "HIGH" or policy == tenants.STRICT for one in found)


def highest(found: Collection[Finding]) -> Impact | None:
    """Give the highest impact of findings."""
    if not found:
        return None
    return "HIGH" if any(one.impact == "HIGH" for one in found) else "LOW"


def policy_arn(region: str, policy: str) -> str:
    """Name a policy; they are AWS's own, and the same for every account.

    >>> policy_arn("us-east-1", "standard")
    'arn:aws:ses:us-east-1:aws:reputation-policy/standard'
    """
    return ses_arn(region, "aws", f"reputation-policy/{policy}")


def resource_arn(scope: ReputationScope) -> str | None:
    """Name the resource of a scope; None for a tenant, whose ARN has its id."""
    match scope.kind:
        case ScopeKind.ACCOUNT:
            return ses_arn(scope.region, scope.account_id, "account")
        case ScopeKind.CONFIGURATION_SET:
            return ses_arn(scope.region, scope.account_id, f"configuration-set/{scope.name}")
        case ScopeKind.IDENTITY:
            return ses_arn(scope.region, scope.account_id, f"identity/{scope.name}")
        case ScopeKind.TENANT:
            return None


def scope_of(account_id: str, region: str, arn: str) -> ReputationScope | None:
    """Give the scope of a resource, None where it has none."""
    parsed = parse_arn(arn)
    kind, _, name = ("", "", "") if parsed is None else parsed.resource.partition("/")
    match kind:
        case "account":
            return ReputationScope(account_id, region)
        case "configuration-set":
            return ReputationScope(account_id, region, ScopeKind.CONFIGURATION_SET, name)
        case "identity":
            return ReputationScope(account_id, region, ScopeKind.IDENTITY, name)
        case "tenant":
            return ReputationScope(account_id, region, ScopeKind.TENANT, name.partition("/")[0])
        case _:
            return None
