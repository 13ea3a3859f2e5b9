"""The SQL of associations between tenants and what they send with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities.tenants.resources import TenantResource
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value
from hatobin.words.errors import CallerError

_RESOURCE = (
    "account_id = :account_id AND region = :region AND resource_type = :resource_type AND resource_key = :resource_key"
)


@dataclass(frozen=True, slots=True)
class ResourceTenant:
    """A tenant that has a resource."""

    name: str
    tenant_id: str
    associated_at: float


def _where(resource: TenantResource) -> dict[str, Value]:
    return {
        "account_id": resource.account_id,
        "region": resource.region,
        "resource_type": resource.resource_type,
        "resource_key": resource.key,
    }


def associate(session: Session, tenant_name: str, resource: TenantResource, now: float) -> bool:
    """Give a resource to a tenant; False when it has it."""
    row = session.one(
        """
        INSERT INTO tenant_resources (account_id, region, tenant_name, resource_type, resource_key, associated_at)
        VALUES (:account_id, :region, :tenant_name, :resource_type, :resource_key, :now)
        ON CONFLICT (account_id, region, tenant_name, resource_type, resource_key) DO NOTHING RETURNING resource_key
        """,
        {**_where(resource), "tenant_name": tenant_name, "now": now},
    )
    return row is not None


def disassociate(session: Session, tenant_name: str, resource: TenantResource) -> None:
    """Take a resource from a tenant, if it has it."""
    session.execute(
        f"DELETE FROM tenant_resources WHERE {_RESOURCE} AND tenant_name = :tenant_name",
        {**_where(resource), "tenant_name": tenant_name},
    )


def not_associated(session: Session, tenant_name: str, resources: Sequence[TenantResource]) -> list[TenantResource]:
    """Give those of the resources that a tenant does not have, in their order."""
    return [
        resource
        for resource in resources
        if session.one(
            f"SELECT 1 FROM tenant_resources WHERE {_RESOURCE} AND tenant_name = :tenant_name",
            {**_where(resource), "tenant_name": tenant_name},
        )
        is None
    ]


def check_unused(session: Session, resource_type: str, account_id: str, region: str, key: str, *, service: str) -> None:
    """Refuse to delete what a tenant sends with; for the room that has just deleted it, in the same transaction.

    Asked afterwards, so that an association that is just made elsewhere was waited for. Raises `CallerError`.
    """
    resource = TenantResource(account_id, region, resource_type, key)
    if session.one(f"SELECT 1 FROM tenant_resources WHERE {_RESOURCE} LIMIT 1", _where(resource)) is not None:
        raise CallerError(
            "InvalidParameterValue" if service == "ses" else "BadRequestException",
            f"Cannot delete <{resource.arn}> because it has tenant associations. "
            "Remove all tenant associations and try again.",
        )


def resources_of(
    session: Session, account_id: str, region: str, tenant_name: str, request: PageRequest, resource_type: str | None
) -> list[TenantResource]:
    """Give what a tenant has, by type and name, which is the order of the ARNs (observed)."""
    after_type, after_key = request.after or ("", "")
    condition = "" if resource_type is None else "AND resource_type = :resource_type"
    rows = session.execute(
        f"""
        SELECT resource_type, resource_key FROM tenant_resources
        WHERE account_id = :account_id AND region = :region AND tenant_name = :tenant_name {condition}
          AND (resource_type, resource_key) > (:after_type, :after_key)
        ORDER BY resource_type, resource_key LIMIT :fetch
        """,
        {
            "account_id": account_id,
            "region": region,
            "tenant_name": tenant_name,
            "after_type": after_type,
            "after_key": after_key,
            "fetch": request.fetch,
            **({} if resource_type is None else {"resource_type": resource_type}),
        },
    )
    return [TenantResource(account_id, region, *row) for row in rows]


def tenants_of(session: Session, resource: TenantResource, request: PageRequest) -> list[ResourceTenant]:
    """Give the tenants that have a resource, in the order in which they got it (observed)."""
    after_time, after_name = request.after or (None, None)
    rows = session.execute(
        f"""
        SELECT r.tenant_name, t.tenant_id, r.associated_at
        FROM tenant_resources r JOIN tenants t
          ON t.account_id = r.account_id AND t.region = r.region AND t.name = r.tenant_name
        WHERE r.account_id = :account_id AND r.region = :region AND r.resource_type = :resource_type
          AND r.resource_key = :resource_key
          {"" if request.after is None else "AND (r.associated_at, r.tenant_name) > (:after_time, :after_name)"}
        ORDER BY r.associated_at, r.tenant_name LIMIT :fetch
        """,
        {
            **_where(resource),
            "fetch": request.fetch,
            **({} if request.after is None else {"after_time": after_time, "after_name": after_name}),
        },
    )
    return [ResourceTenant(*row) for row in rows]
