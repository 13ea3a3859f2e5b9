"""The SQL of multi-region endpoints."""

from __future__ import annotations

from typing import Any

from hatobin.capabilities import tags
from hatobin.capabilities.multi_region_endpoints.model import MultiRegionEndpoint
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_SELECT = "SELECT account_id, name, endpoint_id, region, secondary, created_at, tags FROM multi_region_endpoints"
_ONE = "account_id = :account_id AND region = :region AND name = :name"


def _where(account_id: str, region: str, name: str) -> dict[str, Value]:
    return {"account_id": account_id, "region": region, "name": name}


def _endpoint(row: tuple[Any, ...]) -> MultiRegionEndpoint:
    account_id, name, endpoint_id, primary, secondary, created_at, tag_text = row
    return MultiRegionEndpoint(account_id, name, endpoint_id, (primary, secondary), created_at, tags.decode(tag_text))


def find(session: Session, account_id: str, region: str, name: str) -> MultiRegionEndpoint | None:
    """Give an endpoint by its name, in its primary region."""
    row = session.one(f"{_SELECT} WHERE {_ONE}", _where(account_id, region, name))
    return None if row is None else _endpoint(row)


def find_by_id(session: Session, account_id: str, endpoint_id: str) -> MultiRegionEndpoint | None:
    """Give an endpoint of an account by its id, whatever its regions."""
    row = session.one(
        f"{_SELECT} WHERE account_id = :account_id AND endpoint_id = :endpoint_id",
        {"account_id": account_id, "endpoint_id": endpoint_id},
    )
    return None if row is None else _endpoint(row)


def insert(session: Session, endpoint: MultiRegionEndpoint) -> bool:
    """Store a new endpoint; False when the name is taken."""
    primary, secondary = endpoint.regions
    row = session.one(
        """
        INSERT INTO multi_region_endpoints (account_id, region, name, endpoint_id, secondary, tags, created_at)
        VALUES (:account_id, :region, :name, :endpoint_id, :secondary, :tags, :created_at)
        ON CONFLICT (account_id, region, name) DO NOTHING RETURNING name
        """,
        {
            **_where(endpoint.account_id, primary, endpoint.name),
            "endpoint_id": endpoint.endpoint_id,
            "secondary": secondary,
            "tags": tags.encode(endpoint.tags),
            "created_at": endpoint.created_at,
        },
    )
    return row is not None


def number(session: Session, account_id: str, region: str) -> int:
    """Count the endpoints of an account with this primary region."""
    row = session.one(
        "SELECT count(*) FROM multi_region_endpoints WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def delete(session: Session, account_id: str, region: str, name: str) -> bool:
    """Remove an endpoint; False when there was none."""
    row = session.one(
        f"DELETE FROM multi_region_endpoints WHERE {_ONE} RETURNING name", _where(account_id, region, name)
    )
    return row is not None


def page(session: Session, account_id: str, region: str, request: PageRequest) -> list[MultiRegionEndpoint]:
    """Give endpoints by name."""
    rows = session.execute(
        f"""
        {_SELECT} WHERE account_id = :account_id AND region = :region AND name > :after
        ORDER BY name LIMIT :fetch
        """,
        {
            "account_id": account_id,
            "region": region,
            "after": "" if request.after is None else request.after[0],
            "fetch": request.fetch,
        },
    )
    return [_endpoint(row) for row in rows]
