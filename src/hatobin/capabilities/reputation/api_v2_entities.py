"""The operations on reputation entities: how a tenant stands, which policy it has, and its switch.

Refs: API reference v2; AWS developer guide "tenants", pausing and unpausing, re-enabling grace period.
"""

from __future__ import annotations

from hatobin.capabilities import tenants
from hatobin.capabilities.reputation import store
from hatobin.capabilities.reputation.consequences import switch_tenant
from hatobin.capabilities.reputation.entities import bad, check, find_entity, missing, read_policy, shown
from hatobin.capabilities.reputation.model import RATES
from hatobin.capabilities.reputation.store import Resource
from hatobin.capabilities.tenants import ENABLED, REINSTATED, StatusRecord, Tenant
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.errors import CallerError

PAGING = tenants.paging("reputation-entity", str)
BY_HAND = "Status manually updated."
"""Why a status changed that the account changed itself (developer guide, "tenants")."""

_TYPE, _IMPACT, _STATUS, _PREFIX = "ENTITY_TYPE", "REPUTATION_IMPACT", "SENDING_STATUS", "ENTITY_REFERENCE_PREFIX"
_VALUES = {_TYPE: ("RESOURCE",), _IMPACT: ("LOW", "HIGH"), _STATUS: ("ENABLED", "REINSTATED", "DISABLED")}


@operation("sesv2", "GetReputationEntity")
async def get_reputation_entity(
    call: Call, request: model.GetReputationEntityRequest
) -> model.GetReputationEntityResponse:
    """Show how a tenant stands."""
    reference = request.reputation_entity_reference
    check(call, reference)
    tenant = await call.ports.database.read(
        lambda session: find_entity(session, call.account_id, call.region, reference)
    )
    if tenant is None:
        raise CallerError("NotFoundException", missing(reference), status=404)
    return model.GetReputationEntityResponse(reputation_entity=shown(tenant))


@operation("sesv2", "ListReputationEntities")
async def list_reputation_entities(
    call: Call, request: model.ListReputationEntitiesRequest
) -> model.ListReputationEntitiesResponse:
    """List tenants by name; all filters that are given must hold."""
    wanted = {str(key): value for key, value in (request.filter or {}).items()}
    for key, allowed in _VALUES.items():
        if key in wanted and wanted[key] not in allowed:
            raise bad(f"Invalid value <{wanted[key]}> for filter {key}.")
    scope = "|".join(f"{key}={value}" for key, value in sorted(wanted.items()))
    page = PAGING.start(call, request.page_size, request.next_token, scope)
    rows = await call.ports.database.read(
        lambda session: tenants.page(
            session,
            call.account_id,
            call.region,
            page,
            status=wanted.get(_STATUS),
            impact=wanted.get(_IMPACT),
            arn_prefix=wanted.get(_PREFIX),
        )
    )
    found, token = PAGING.finish(call, page, rows, lambda tenant: (tenant.name,), scope)
    return model.ListReputationEntitiesResponse(reputation_entities=[shown(one) for one in found], next_token=token)


@operation("sesv2", "UpdateReputationEntityPolicy")
async def update_reputation_entity_policy(
    call: Call, request: model.UpdateReputationEntityPolicyRequest
) -> model.UpdateReputationEntityPolicyResponse:
    """Say which findings pause a tenant; the next look at it obeys."""
    policy = read_policy(call.region, request.reputation_entity_policy)

    def put(session: Session) -> None:
        tenants.put_policy(session, _existing(session, call, request.reputation_entity_reference), policy)

    await call.ports.database.write(put)
    return model.UpdateReputationEntityPolicyResponse()


@operation("sesv2", "UpdateReputationEntityCustomerManagedStatus")
async def update_reputation_entity_customer_managed_status(
    call: Call, request: model.UpdateReputationEntityCustomerManagedStatusRequest
) -> model.UpdateReputationEntityCustomerManagedStatusResponse:
    """Switch a tenant's sending off (DISABLED) or on (ENABLED, REINSTATED); the next message obeys.

    One that has open findings is reinstated, also where ENABLED is asked for.
    """
    reference, status, now = request.reputation_entity_reference, request.sending_status, call.ports.clock.now()

    def put(session: Session) -> None:
        tenant = _existing(session, call, reference)
        resource = Resource(tenant.account_id, tenant.region, tenant.arn)
        reinstated = status == ENABLED and store.open_of(session, resource, RATES)
        record = StatusRecord(REINSTATED if reinstated else status, now, BY_HAND)
        switch_tenant(session, tenant, record, "CUSTOMER_MANAGED")

    await call.ports.database.write(put)
    return model.UpdateReputationEntityCustomerManagedStatusResponse()


def _existing(session: Session, call: Call, reference: str) -> Tenant:
    """Give the tenant, kept from others' changes. These operations know no NotFoundException."""
    check(call, reference)
    found = find_entity(session, call.account_id, call.region, reference)
    held = None if found is None else tenants.find_to_change(session, call.account_id, call.region, found.name)
    if held is None:
        raise bad(missing(reference))
    return held
