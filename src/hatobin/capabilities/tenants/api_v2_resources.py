"""What a tenant sends with: identities, configuration sets and templates are given to it and taken from it.

Refs: API reference v2; surface.md appendix F; texts and the order of checks observed in 2026.
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities.tags import TaggedKind, TaggedKinds
from hatobin.capabilities.tenants import association_store, store
from hatobin.capabilities.tenants.model import bad, check_given, does_not_exist
from hatobin.capabilities.tenants.paging import paging
from hatobin.capabilities.tenants.resources import TenantResource, is_resource_type, missing, read_resource
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.words.errors import CallerError

RESOURCE_PAGING = paging("tenant-resource", str, str)
TENANT_PAGING = paging("resource-tenant", float, str)


@operation("sesv2", "CreateTenantResourceAssociation")
async def create_tenant_resource_association(
    call: Call, request: model.CreateTenantResourceAssociationRequest
) -> model.CreateTenantResourceAssociationResponse:
    """Let a tenant send with a resource; several tenants may have the same one."""
    name, now = request.tenant_name, call.ports.clock.now()
    check_given(name)

    def create(session: Session) -> None:
        if store.find_to_change(session, call.account_id, call.region, name) is None:
            raise does_not_exist(name)
        resource, kind = _read(call, request.resource_arn)
        # Held until the commit, so that nobody deletes it meanwhile.
        if not kind.hold(session, call.account_id, call.region, resource.key):
            raise missing(resource)
        if not association_store.associate(session, name, resource, now):
            # Observed: "Resources", also for one.
            raise CallerError(
                "AlreadyExistsException", f"Resources {resource.arn} has already been associated with tenant {name}"
            )

    await call.ports.database.write(create)
    return model.CreateTenantResourceAssociationResponse()


@operation("sesv2", "DeleteTenantResourceAssociation")
async def delete_tenant_resource_association(
    call: Call, request: model.DeleteTenantResourceAssociationRequest
) -> model.DeleteTenantResourceAssociationResponse:
    """Take a resource from a tenant; one that it does not have is no error, one that is not there is (observed)."""
    name = request.tenant_name
    check_given(name)

    def delete(session: Session) -> None:
        _check_tenant(session, call, name)
        resource = _existing(session, call, request.resource_arn)
        association_store.disassociate(session, name, resource)

    await call.ports.database.write(delete)
    return model.DeleteTenantResourceAssociationResponse()


@operation("sesv2", "ListTenantResources")
async def list_tenant_resources(
    call: Call, request: model.ListTenantResourcesRequest
) -> model.ListTenantResourcesResponse:
    """List what a tenant has, by ARN. Types are those of the ARNs, in the filter as in the answer (observed)."""
    name = request.tenant_name
    check_given(name)
    wanted = {str(key): value for key, value in (request.filter or {}).items()}.get("RESOURCE_TYPE")
    if wanted is not None and not is_resource_type(wanted):
        raise bad(f"Invalid resource type {wanted} specified.")
    scope = f"{name}/{wanted or ''}"
    page = RESOURCE_PAGING.start(call, request.page_size, request.next_token, scope)

    def look(session: Session) -> list[TenantResource]:
        _check_tenant(session, call, name)
        return association_store.resources_of(session, call.account_id, call.region, name, page, wanted)

    rows = await call.ports.database.read(look)
    shown, token = RESOURCE_PAGING.finish(call, page, rows, lambda one: (one.resource_type, one.key), scope)
    return model.ListTenantResourcesResponse(
        tenant_resources=[
            model.TenantResource(
                resource_type=cast(model.ResourceType, resource.resource_type), resource_arn=resource.arn
            )
            for resource in shown
        ],
        next_token=token,
    )


@operation("sesv2", "ListResourceTenants")
async def list_resource_tenants(
    call: Call, request: model.ListResourceTenantsRequest
) -> model.ListResourceTenantsResponse:
    """List the tenants that have a resource, in the order in which they got it."""
    resource, _ = _read(call, request.resource_arn)
    page = TENANT_PAGING.start(call, request.page_size, request.next_token, resource.arn)

    def look(session: Session) -> list[association_store.ResourceTenant]:
        _existing(session, call, request.resource_arn)
        return association_store.tenants_of(session, resource, page)

    rows = await call.ports.database.read(look)
    shown, token = TENANT_PAGING.finish(call, page, rows, lambda one: (one.associated_at, one.name), resource.arn)
    return model.ListResourceTenantsResponse(
        resource_tenants=[
            model.ResourceTenantMetadata(
                tenant_name=tenant.name,
                tenant_id=tenant.tenant_id,
                resource_arn=resource.arn,
                associated_timestamp=tenant.associated_at,
            )
            for tenant in shown
        ],
        next_token=token,
    )


def _read(call: Call, arn: str) -> tuple[TenantResource, TaggedKind]:
    return read_resource(arn, call.services.get(TaggedKinds), call.account_id, call.region)


def _existing(session: Session, call: Call, arn: str) -> TenantResource:
    resource, kind = _read(call, arn)
    if kind.read(session, call.account_id, call.region, resource.key) is None:
        raise missing(resource)
    return resource


def _check_tenant(session: Session, call: Call, name: str) -> None:
    if store.find(session, call.account_id, call.region, name) is None:
        raise does_not_exist(name)
