"""Creating, showing, listing and deleting tenants, and which suppression list they have. SES v1 has no tenants.

Refs: API reference v2; surface.md appendix F; texts and the order of checks observed in 2026.
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities import suppression, tags
from hatobin.capabilities.tenants import store
from hatobin.capabilities.tenants.model import (
    MAX_TENANTS,
    STATUSES,
    Tenant,
    bad,
    check_given,
    check_name,
    does_not_exist,
    make_id,
    paired,
    paired_at_creation,
)
from hatobin.capabilities.tenants.paging import paging
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.errors import CallerError

PAGING = paging("tenant", str)
DELETED_AT_ONCE = 1_000
"""Suppressed addresses of a deleted tenant that one transaction removes."""
_ID_BYTES = 15


@operation("sesv2", "CreateTenant")
async def create_tenant(call: Call, request: model.CreateTenantRequest) -> model.CreateTenantResponse:
    """Make a tenant; it may send at once, with what it is given."""
    name, asked = request.tenant_name, request.suppression_attributes
    check_name(name)
    pairs = tags.validate(request.tags)
    suppressing = None if asked is None else paired_at_creation(asked.suppressed_reasons, asked.suppression_scope)
    tenant = Tenant(
        call.account_id,
        call.region,
        name,
        make_id(call.ports.entropy.token_bytes(_ID_BYTES)),
        call.ports.clock.now(),
        suppression=suppressing,
        tags=pairs,
    )

    def create(session: Session) -> None:
        if store.number(session, call.account_id, call.region) >= MAX_TENANTS:
            raise CallerError("LimitExceededException", f"Maximum of {MAX_TENANTS} tenants reached.")
        if not store.insert(session, tenant):
            raise CallerError(
                "AlreadyExistsException", f"Tenant with name {name} already exists in account {call.account_id}"
            )

    await call.ports.database.write(create)
    return model.CreateTenantResponse(
        tenant_name=tenant.name,
        tenant_id=tenant.tenant_id,
        tenant_arn=tenant.arn,
        created_timestamp=tenant.created_at,
        tags=_tags(tenant),
        sending_status=_status(tenant),
        suppression_attributes=_suppression(tenant),
    )


@operation("sesv2", "GetTenant")
async def get_tenant(call: Call, request: model.GetTenantRequest) -> model.GetTenantResponse:
    """Show a tenant; suppression attributes that were never given are absent."""
    name = request.tenant_name
    check_name(name)
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        raise does_not_exist(name)
    return model.GetTenantResponse(
        tenant=model.Tenant(
            tenant_name=found.name,
            tenant_id=found.tenant_id,
            tenant_arn=found.arn,
            created_timestamp=found.created_at,
            tags=_tags(found),
            sending_status=_status(found),
            suppression_attributes=_suppression(found),
        )
    )


@operation("sesv2", "DeleteTenant")
async def delete_tenant(call: Call, request: model.DeleteTenantRequest) -> model.DeleteTenantResponse:
    """Remove a tenant with its associations and its suppression list; what was accepted is still sent."""
    name = request.tenant_name
    check_name(name)

    def delete_some(session: Session) -> bool:
        """Take a piece of its list; with the last one the tenant goes too."""
        found = store.find_to_change(session, call.account_id, call.region, name)
        if found is None:
            raise does_not_exist(name)
        gone = suppression.forget_some(session, call.account_id, call.region, found.tenant_id, DELETED_AT_ONCE)
        return gone < DELETED_AT_ONCE and store.delete(session, call.account_id, call.region, name)

    while not await call.ports.database.write(delete_some):
        pass
    return model.DeleteTenantResponse()


@operation("sesv2", "ListTenants")
async def list_tenants(call: Call, request: model.ListTenantsRequest) -> model.ListTenantsResponse:
    """List tenants by name. A token is bound to the filter that it was made with (observed)."""
    wanted = {str(key): value for key, value in (request.filter or {}).items()}
    part, status = wanted.get("TENANT_NAME_CONTAINS"), wanted.get("SENDING_STATUS")
    if status is not None and status not in STATUSES:
        raise bad(f"Invalid sending status <{status}>.")
    scope = f"{status or ''}|{'' if part is None else part.lower()}"
    page = PAGING.start(call, request.page_size, request.next_token, scope)
    rows = await call.ports.database.read(
        lambda s: store.page(s, call.account_id, call.region, page, name_contains=part, status=status)
    )
    shown, token = PAGING.finish(call, page, rows, lambda tenant: (tenant.name,), scope)
    return model.ListTenantsResponse(
        tenants=[
            model.TenantInfo(
                tenant_name=tenant.name,
                tenant_id=tenant.tenant_id,
                tenant_arn=tenant.arn,
                created_timestamp=tenant.created_at,
                sending_status=_status(tenant),
            )
            for tenant in shown
        ],
        next_token=token,
    )


@operation("sesv2", "PutTenantSuppressionAttributes")
async def put_tenant_suppression_attributes(
    call: Call, request: model.PutTenantSuppressionAttributesRequest
) -> model.PutTenantSuppressionAttributesResponse:
    """Set both the scope and the reasons, or with neither of them leave both to the account. The list stays."""
    name = request.tenant_name
    check_given(name)
    suppressing = paired(request.suppressed_reasons, request.suppression_scope)
    done = await call.ports.database.write(
        lambda s: store.put_suppression(s, call.account_id, call.region, name, suppressing)
    )
    if not done:
        raise does_not_exist(name)
    return model.PutTenantSuppressionAttributesResponse()


def _tags(tenant: Tenant) -> list[model.Tag] | None:
    return [model.Tag(key=key, value=value) for key, value in tenant.tags] or None


def _status(tenant: Tenant) -> model.SendingStatus:
    return cast(model.SendingStatus, tenant.status)


def _suppression(tenant: Tenant) -> model.TenantSuppressionAttributes | None:
    if tenant.suppression is None:
        return None
    return model.TenantSuppressionAttributes(
        suppressed_reasons=cast(list[model.SuppressionListReason], list(tenant.suppression.reasons)),
        suppression_scope=cast(model.SuppressionListScope, tenant.suppression.scope),
    )
