"""What follows from a look at somebody who sends, as steps to be taken in one transaction.

An account is put under review, and paused. A configuration set that has
reputation metrics is paused. A tenant's policy says what pauses it; a
reinstated one sends until something new is found, and is enabled when nothing
is left. An identity has findings alone: there is no switch for it.

Refs: SES developer guide, "Sending review process FAQs", "tenants" (policies, re-enabling grace period).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import structlog

from hatobin.capabilities import account, configuration_sets, tenants
from hatobin.capabilities.metrics import ReputationScope, ScopeKind
from hatobin.capabilities.reputation import store
from hatobin.capabilities.reputation.changes import Origin, tell_status
from hatobin.capabilities.reputation.findings import Difference, compare, write
from hatobin.capabilities.reputation.model import RATES, Finding, find_in_rates, highest, violates
from hatobin.capabilities.reputation.standing import Watched, watched
from hatobin.capabilities.reputation.store import Resource
from hatobin.capabilities.tenants import DISABLED, ENABLED, REINSTATED, StatusRecord, Tenant
from hatobin.ports import Session
from hatobin.words import settings

Step = Callable[[Session], None]
"""Something to write."""

_log = structlog.get_logger("hatobin.reputation")


def steps(
    session: Session, scope: ReputationScope, resource: Resource | None, now: float, limits: settings.Reputation
) -> list[Step]:
    """Look at somebody and say what is to be done; writes nothing.

    `resource` is given where he is looked at for a finding or a pause that is known of it.
    """
    who = watched(session, scope, now)
    if who is None or (resource is not None and who.resource != resource):
        return [] if resource is None else _steps_without(session, resource, now)
    found = find_in_rates(who.measured, limits, now)
    new = compare(session, who.resource, found, RATES, now)
    taken: list[Step] = []
    if new:
        taken.append(lambda session: write(session, who.resource, new, now))
    if who.tenant is not None:
        taken.extend(_of_tenant(who.tenant, found, new, now))
    elif scope.kind is not ScopeKind.IDENTITY:
        taken.extend(_of_sender(session, who, found, limits, now))
    return taken


def _steps_without(session: Session, resource: Resource, now: float) -> list[Step]:
    """Resolve what is known of a resource that is gone, or not watched any more."""
    new = compare(session, resource, (), RATES, now)
    taken: list[Step] = [lambda session: write(session, resource, new, now)] if new else []
    if store.is_paused(session, resource):
        taken.append(lambda session: _forget_pause(session, resource))
    return taken


def _of_sender(
    session: Session, who: Watched, found: Sequence[Finding], limits: settings.Reputation, now: float
) -> Iterator[Step]:
    """An account or a configuration set."""
    impact, resource = highest(found), who.resource
    if limits.automatic_pause and who.sends and impact == "HIGH":
        cause = next(one.description for one in found if one.impact == "HIGH")
        yield lambda session: _pause(session, who, cause, now)
        return
    if who.sends and store.is_paused(session, resource):
        yield lambda session: _resume(session, resource, now)
    stays_paused = who.status == "SHUTDOWN" and not who.sends
    if who.scope.kind is ScopeKind.ACCOUNT and not stays_paused:
        status: account.EnforcementStatus = "HEALTHY" if impact is None else "PROBATION"
        if status != who.status:
            yield lambda session: _put_status(session, who, status)


def _pause(session: Session, who: Watched, cause: str, now: float) -> None:
    scope = who.scope
    if scope.kind is ScopeKind.ACCOUNT:
        account.put_enforcement(session, scope.account_id, scope.region, "SHUTDOWN")
    else:
        configuration_sets.pause(session, scope.account_id, scope.region, scope.name, now)
    store.note_pause(session, who.resource, now)
    tell_status(session, who.resource, StatusRecord(DISABLED, now, cause), "AWS_MANAGED")
    _log.warning("sending_paused", resource=who.resource.arn, cause=cause)


def _resume(session: Session, resource: Resource, now: float) -> None:
    """Its owner has switched it on again."""
    if store.forget_pause(session, resource):
        tell_status(session, resource, StatusRecord(ENABLED, now), "CUSTOMER_MANAGED")
        _log.info("sending_resumed", resource=resource.arn)


def _forget_pause(session: Session, resource: Resource) -> None:
    store.forget_pause(session, resource)


def _put_status(session: Session, who: Watched, status: account.EnforcementStatus) -> None:
    account.put_enforcement(session, who.scope.account_id, who.scope.region, status)
    _log.warning("enforcement_status", account=who.scope.account_id, region=who.scope.region, status=status)


def _of_tenant(tenant: Tenant, found: Sequence[Finding], new: Difference, now: float) -> Iterator[Step]:
    impact = highest(found)
    if impact != tenant.impact:
        yield lambda session: tenants.put_impact(session, tenant, impact)
    status = tenant.customer.status
    broken = new.opened if status == REINSTATED else found
    if status != DISABLED and violates(tenant.policy, broken):
        record = StatusRecord(DISABLED, now, max(broken, key=lambda one: one.impact == "HIGH").description)
        yield lambda session: switch_tenant(session, tenant, record, "AWS_MANAGED")
        yield lambda _: _log.warning("sending_paused", resource=tenant.arn, cause=record.cause)
    elif status == REINSTATED and not found:
        record = StatusRecord(ENABLED, now, "All reputation findings are resolved.")
        yield lambda session: switch_tenant(session, tenant, record, "AWS_MANAGED")


def switch_tenant(
    session: Session, tenant: Tenant, record: StatusRecord, origin: Origin, *, enforced: bool = False
) -> None:
    """Set the customer's status of a tenant, or the operator's, and tell the bus."""
    tenants.put_status(session, tenant, record, enforced=enforced)
    tell_status(session, Resource(tenant.account_id, tenant.region, tenant.arn), record, origin)
