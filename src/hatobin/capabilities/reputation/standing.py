"""Whoever sends, as reputation looks at him: what is measured, and whether he may send."""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities import account, configuration_sets, metrics, tenants
from hatobin.capabilities.metrics import Reputation, ReputationScope, ScopeKind
from hatobin.capabilities.reputation.model import resource_arn
from hatobin.capabilities.reputation.store import Resource
from hatobin.capabilities.tenants import Tenant
from hatobin.ports import Session


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody who sends. `sends` is whether he may; `status` is of accounts, `tenant` of tenants."""

    scope: ReputationScope
    resource: Resource
    measured: Reputation
    sends: bool = True
    status: account.EnforcementStatus = "HEALTHY"
    tenant: Tenant | None = None


def watched(session: Session, scope: ReputationScope, now: float) -> Watched | None:
    """Look at somebody; None where he is gone, or is not watched."""
    match scope.kind:
        case ScopeKind.ACCOUNT:
            stands = account.enforcement(session, scope.account_id, scope.region)
            measured = metrics.reputation(session, scope, now, since=stands.fresh_start)
            return Watched(scope, _resource(scope), measured, stands.sending_enabled, stands.status)
        case ScopeKind.CONFIGURATION_SET:
            found = configuration_sets.find(session, scope.account_id, scope.region, scope.name)
            options = None if found is None else found.options.reputation
            if found is None or options is None or not options.reputation_metrics_enabled:
                return None
            measured = metrics.reputation(session, scope, now, since=options.last_fresh_start or 0.0)
            return Watched(scope, _resource(scope), measured, found.sending_enabled)
        case ScopeKind.TENANT:
            tenant = tenants.find(session, scope.account_id, scope.region, scope.name)
            if tenant is None:
                return None
            resource = Resource(scope.account_id, scope.region, tenant.arn)
            return Watched(scope, resource, metrics.reputation(session, scope, now), tenant.may_send, tenant=tenant)
        case ScopeKind.IDENTITY:
            return Watched(scope, _resource(scope), metrics.reputation(session, scope, now))


def _resource(scope: ReputationScope) -> Resource:
    return Resource(scope.account_id, scope.region, resource_arn(scope) or "")
