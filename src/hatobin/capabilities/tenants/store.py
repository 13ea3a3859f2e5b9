"""The SQL of tenants."""

from __future__ import annotations

from typing import Any

import msgspec

from hatobin.capabilities import tags
from hatobin.capabilities.tenants.model import Tenant, TenantSuppression
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_COLUMNS = (
    "account_id, region, name, tenant_id, created_at, sending_status, suppressed_reasons, suppression_scope, tags"
)
_ONE = "account_id = :account_id AND region = :region AND name = :name"
_texts = msgspec.json.Decoder(tuple[str, ...])


def _where(account_id: str, region: str, name: str) -> dict[str, Value]:
    return {"account_id": account_id, "region": region, "name": name}


def _suppression_values(suppression: TenantSuppression | None) -> dict[str, Value]:
    return {
        "reasons": None if suppression is None else msgspec.json.encode(suppression.reasons).decode(),
        "scope": None if suppression is None else suppression.scope,
    }


def _tenant(row: tuple[Any, ...]) -> Tenant:
    suppression = None if row[7] is None else TenantSuppression(row[7], _texts.decode(row[6]))
    account_id, region, name, tenant_id, created_at, status = row[:6]
    return Tenant(account_id, region, name, tenant_id, created_at, status, suppression, tags.decode(row[8]))


def find(session: Session, account_id: str, region: str, name: str) -> Tenant | None:
    """Give a tenant by its name, which is case-sensitive."""
    row = session.one(f"SELECT {_COLUMNS} FROM tenants WHERE {_ONE}", _where(account_id, region, name))
    return None if row is None else _tenant(row)


def find_id(session: Session, account_id: str, region: str, name: str) -> str | None:
    """Give the id of a tenant, for the rooms that know it by nothing else."""
    found = find(session, account_id, region, name)
    return None if found is None else found.tenant_id


def find_to_change(session: Session, account_id: str, region: str, name: str) -> Tenant | None:
    """Give a tenant and keep other nodes from changing or removing it until the commit."""
    row = session.one(
        f"UPDATE tenants SET name = name WHERE {_ONE} RETURNING {_COLUMNS}", _where(account_id, region, name)
    )
    return None if row is None else _tenant(row)


def insert(session: Session, tenant: Tenant) -> bool:
    """Store a new tenant; False when the name is taken."""
    row = session.one(
        """
        INSERT INTO tenants (account_id, region, name, tenant_id, sending_status, suppressed_reasons,
          suppression_scope, tags, created_at)
        VALUES (:account_id, :region, :name, :tenant_id, :status, :reasons, :scope, :tags, :created_at)
        ON CONFLICT (account_id, region, name) DO NOTHING RETURNING name
        """,
        {
            **_where(tenant.account_id, tenant.region, tenant.name),
            **_suppression_values(tenant.suppression),
            "tenant_id": tenant.tenant_id,
            "status": tenant.status,
            "tags": tags.encode(tenant.tags),
            "created_at": tenant.created_at,
        },
    )
    return row is not None


def number(session: Session, account_id: str, region: str) -> int:
    """Count the tenants of an account in a region."""
    row = session.one(
        "SELECT count(*) FROM tenants WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def put_suppression(
    session: Session, account_id: str, region: str, name: str, suppression: TenantSuppression | None
) -> bool:
    """Set which list a tenant's mail is held against, or leave it to the account; False when there is no tenant."""
    row = session.one(
        f"""
        UPDATE tenants SET suppressed_reasons = :reasons, suppression_scope = :scope
        WHERE {_ONE} RETURNING name
        """,
        {**_where(account_id, region, name), **_suppression_values(suppression)},
    )
    return row is not None


def put_status(session: Session, account_id: str, region: str, tenant_id: str, status: str) -> bool:
    """Pause a tenant's sending or let it go on; False when there is no tenant of this id."""
    row = session.one(
        """
        UPDATE tenants SET sending_status = :status
        WHERE account_id = :account_id AND region = :region AND tenant_id = :tenant_id RETURNING name
        """,
        {"account_id": account_id, "region": region, "tenant_id": tenant_id, "status": status},
    )
    return row is not None


def delete(session: Session, account_id: str, region: str, name: str) -> bool:
    """Remove a tenant and its associations; False when there was none."""
    where = _where(account_id, region, name)
    if session.one(f"DELETE FROM tenants WHERE {_ONE} RETURNING name", where) is None:
        return False
    session.execute(
        "DELETE FROM tenant_resources WHERE account_id = :account_id AND region = :region AND tenant_name = :name",
        where,
    )
    return True


def page(
    session: Session,
    account_id: str,
    region: str,
    request: PageRequest,
    *,
    name_contains: str | None = None,
    status: str | None = None,
) -> list[Tenant]:
    """Give tenants by name (observed order); `name_contains` is found anywhere, whatever the case."""
    conditions = ["account_id = :account_id", "region = :region", "name > :after"]
    parameters: dict[str, Value] = {
        "account_id": account_id,
        "region": region,
        "after": "" if request.after is None else request.after[0],
        "fetch": request.fetch,
    }
    if name_contains is not None:
        escaped = name_contains.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        conditions.append("lower(name) LIKE :part ESCAPE '!'")
        parameters["part"] = f"%{escaped}%"
    if status is not None:
        conditions.append("sending_status = :status")
        parameters["status"] = status
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM tenants WHERE {' AND '.join(conditions)} ORDER BY name LIMIT :fetch", parameters
    )
    return [_tenant(row) for row in rows]
