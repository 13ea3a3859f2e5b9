"""The SQL of tenants."""

from __future__ import annotations

from typing import Any

import msgspec

from hatobin.capabilities import tags
from hatobin.capabilities.tenants.model import StatusRecord, Tenant, TenantSuppression
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value
from hatobin.protocols.aws.arn import ses_arn

_COLUMNS = (
    "account_id, region, name, tenant_id, created_at, suppressed_reasons, suppression_scope, tags, "
    "sending_status, status_at, status_cause, enforced_status, enforced_at, enforced_cause, "
    "reputation_policy, reputation_impact"
)
_AGGREGATE = "CASE WHEN enforced_status = 'DISABLED' THEN 'DISABLED' ELSE sending_status END"
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
    suppression = None if row[6] is None else TenantSuppression(row[6], _texts.decode(row[5]))
    account_id, region, name, tenant_id, created_at = row[:5]
    return Tenant(
        account_id,
        region,
        name,
        tenant_id,
        created_at,
        suppression,
        tags.decode(row[7]),
        StatusRecord(*row[8:11]),
        StatusRecord(*row[11:14]),
        policy=row[14],
        impact=row[15],
    )


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
        INSERT INTO tenants (account_id, region, name, tenant_id, sending_status, status_at, enforced_status,
          enforced_at, reputation_policy, suppressed_reasons, suppression_scope, tags, created_at)
        VALUES (:account_id, :region, :name, :tenant_id, :status, :created_at, :status, :created_at, :policy,
          :reasons, :scope, :tags, :created_at)
        ON CONFLICT (account_id, region, name) DO NOTHING RETURNING name
        """,
        {
            **_where(tenant.account_id, tenant.region, tenant.name),
            **_suppression_values(tenant.suppression),
            "tenant_id": tenant.tenant_id,
            "status": tenant.customer.status,
            "policy": tenant.policy,
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


def number_paused(session: Session) -> int:
    """Count the tenants of all accounts that may not send."""
    row = session.one(f"SELECT count(*) FROM tenants WHERE {_AGGREGATE} = 'DISABLED'")
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


def put_status(session: Session, tenant: Tenant, record: StatusRecord, *, enforced: bool = False) -> None:
    """Set the customer's status of a tenant's sending, or the operator's."""
    columns = ("enforced_status", "enforced_at", "enforced_cause")
    status, at, cause = columns if enforced else ("sending_status", "status_at", "status_cause")
    session.execute(
        f"UPDATE tenants SET {status} = :status, {at} = :at, {cause} = :cause WHERE {_ONE}",
        {
            **_where(tenant.account_id, tenant.region, tenant.name),
            "status": record.status,
            "at": record.at,
            "cause": record.cause,
        },
    )


def put_policy(session: Session, tenant: Tenant, policy: str) -> None:
    """Set when a tenant's findings pause it."""
    session.execute(
        f"UPDATE tenants SET reputation_policy = :policy WHERE {_ONE}",
        {**_where(tenant.account_id, tenant.region, tenant.name), "policy": policy},
    )


def put_impact(session: Session, tenant: Tenant, impact: str | None) -> None:
    """Note the highest impact of a tenant's open findings."""
    session.execute(
        f"UPDATE tenants SET reputation_impact = :impact WHERE {_ONE}",
        {**_where(tenant.account_id, tenant.region, tenant.name), "impact": impact},
    )


def find_by_id(session: Session, account_id: str, region: str, tenant_id: str) -> Tenant | None:
    """Give a tenant by its id."""
    row = session.one(
        f"""SELECT {_COLUMNS} FROM tenants
        WHERE account_id = :account_id AND region = :region AND tenant_id = :tenant_id""",
        {"account_id": account_id, "region": region, "tenant_id": tenant_id},
    )
    return None if row is None else _tenant(row)


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
    impact: str | None = None,
    arn_prefix: str | None = None,
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
        conditions.append(f"{_AGGREGATE} = :status")
        parameters["status"] = status
    if impact is not None:
        conditions.append("reputation_impact = :impact")
        parameters["impact"] = impact
    if arn_prefix is not None:
        conditions.append("substr(:stem || name || '/' || tenant_id, 1, length(:prefix)) = :prefix")
        parameters |= {"stem": ses_arn(region, account_id, "tenant/"), "prefix": arn_prefix}
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM tenants WHERE {' AND '.join(conditions)} ORDER BY name LIMIT :fetch", parameters
    )
    return [_tenant(row) for row in rows]
