"""The SQL of findings and pauses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hatobin.capabilities.reputation.model import Finding
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

FIXED_KEPT_S = 30 * 86_400.0
"""Resolved recommendations expire after 30 days (developer guide, "Virtual Deliverability Manager advisor")."""

OPEN, FIXED = "OPEN", "FIXED"
_OWNER = "account_id = :account_id AND region = :region"
_COLUMNS = "resource_arn, type, code, description, impact, status, created_at, updated_at"
_PUT = """
INSERT INTO recommendations (account_id, region, resource_arn, type, code, description, impact, status, created_at,
  updated_at)
VALUES (:account_id, :region, :resource_arn, :type, :code, :description, :impact, 'OPEN', :now, :now)
ON CONFLICT (account_id, region, resource_arn, type, code) DO UPDATE SET
  description = excluded.description, impact = excluded.impact,
  created_at = CASE WHEN recommendations.status = 'OPEN' THEN recommendations.created_at ELSE excluded.created_at END,
  status = 'OPEN', updated_at = excluded.updated_at"""


@dataclass(frozen=True, slots=True)
class Resource:
    """Whose finding it is."""

    account_id: str
    region: str
    arn: str

    @property
    def values(self) -> dict[str, Value]:
        """As parameters."""
        return {"account_id": self.account_id, "region": self.region, "resource_arn": self.arn}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A finding as it is kept."""

    resource_arn: str
    type: str
    code: str
    description: str
    impact: str
    status: str
    created_at: float
    updated_at: float


def open_of(session: Session, resource: Resource, types: Collection[str]) -> dict[tuple[str, str], Recommendation]:
    """Give the open findings of a resource that are of these types, by type and code."""
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM recommendations
        WHERE {_OWNER} AND resource_arn = :resource_arn AND status = 'OPEN' ORDER BY type, code""",
        resource.values,
    )
    found = [Recommendation(*row) for row in rows if row[1] in types]
    return {(one.type, one.code): one for one in found}


def put(session: Session, resource: Resource, finding: Finding, now: float) -> None:
    """Open a finding, or write down how it stands now."""
    session.execute(
        _PUT,
        {
            **resource.values,
            "type": finding.type,
            "code": finding.code,
            "description": finding.description,
            "impact": finding.impact,
            "now": now,
        },
    )


def fix(session: Session, resource: Resource, known: Recommendation, now: float) -> None:
    """Say that a finding is no more; it keeps the words of the last look at it."""
    session.execute(
        f"""UPDATE recommendations SET status = 'FIXED', updated_at = :now
        WHERE {_OWNER} AND resource_arn = :resource_arn AND type = :type AND code = :code""",
        {**resource.values, "type": known.type, "code": known.code, "now": now},
    )


def open_resources(session: Session, types: Sequence[str], after: Resource | None, limit: int) -> list[Resource]:
    """Give resources in their order that have an open finding of one of these types, those after one of them."""
    names = {f"type{number}": kind for number, kind in enumerate(types)}
    last = Resource("", "", "") if after is None else after
    rows = session.execute(
        f"""SELECT DISTINCT account_id, region, resource_arn FROM recommendations
        WHERE status = 'OPEN' AND type IN ({", ".join(f":{name}" for name in names)})
          AND (account_id, region, resource_arn) > (:account_id, :region, :resource_arn)
        ORDER BY account_id, region, resource_arn LIMIT :limit""",
        {**names, **last.values, "limit": limit},
    )
    return [Resource(*row) for row in rows]


def page(
    session: Session, account_id: str, region: str, request: PageRequest, wanted: dict[str, str]
) -> list[Recommendation]:
    """Give findings, the newest first; `wanted` names columns and their values."""
    parameters: dict[str, Value] = {"account_id": account_id, "region": region, "fetch": request.fetch, **wanted}
    conditions = [_OWNER, *(f"{column} = :{column}" for column in wanted)]
    if request.after is not None:
        conditions.append(
            "(created_at < :at OR (created_at = :at AND (resource_arn, type, code) > (:arn, :kind, :last)))"
        )
        at, arn, kind, code = request.after
        parameters |= {"at": at, "arn": arn, "kind": kind, "last": code}
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM recommendations WHERE {" AND ".join(conditions)}
        ORDER BY created_at DESC, resource_arn, type, code LIMIT :fetch""",
        parameters,
    )
    return [Recommendation(*row) for row in rows]


Fixed = tuple[str, str, str, str, str]
"""The key of a finding."""


def fixed_over(session: Session, now: float, limit: int) -> list[Fixed]:
    """Give findings that were resolved long ago, at most `limit` of them."""
    rows = session.execute(
        """SELECT account_id, region, resource_arn, type, code FROM recommendations
        WHERE status = 'FIXED' AND updated_at < :before ORDER BY updated_at LIMIT :limit""",
        {"before": now - FIXED_KEPT_S, "limit": limit},
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def forget_fixed(session: Session, over: Sequence[Fixed]) -> None:
    """Remove findings."""
    session.many(
        f"""DELETE FROM recommendations WHERE {_OWNER} AND resource_arn = :resource_arn AND type = :type
        AND code = :code AND status = 'FIXED'""",
        [
            {"account_id": account_id, "region": region, "resource_arn": arn, "type": kind, "code": code}
            for account_id, region, arn, kind, code in over
        ],
    )


def note_pause(session: Session, resource: Resource, now: float) -> bool:
    """Note that a resource was paused; False where that was noted before."""
    row = session.one(
        """INSERT INTO reputation_pauses (account_id, region, resource_arn, paused_at)
        VALUES (:account_id, :region, :resource_arn, :now)
        ON CONFLICT (account_id, region, resource_arn) DO NOTHING RETURNING 1""",
        {**resource.values, "now": now},
    )
    return row is not None


def forget_pause(session: Session, resource: Resource) -> bool:
    """Note that a resource sends again; False where it was not noted as paused."""
    row = session.one(
        f"DELETE FROM reputation_pauses WHERE {_OWNER} AND resource_arn = :resource_arn RETURNING 1", resource.values
    )
    return row is not None


def paused_resources(session: Session, after: Resource | None, limit: int) -> list[Resource]:
    """Give resources in their order that were paused, those after one of them."""
    last = Resource("", "", "") if after is None else after
    rows = session.execute(
        """SELECT account_id, region, resource_arn FROM reputation_pauses
        WHERE (account_id, region, resource_arn) > (:account_id, :region, :resource_arn)
        ORDER BY account_id, region, resource_arn LIMIT :limit""",
        {**last.values, "limit": limit},
    )
    return [Resource(*row) for row in rows]


def paused_by_kind(session: Session) -> dict[str, int]:
    """Count who is noted as paused, by the kind of resource that the ARN names."""
    counts: dict[str, int] = {}
    for (arn,) in session.execute("SELECT resource_arn FROM reputation_pauses"):
        kind = arn.split(":", 5)[-1].partition("/")[0]
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def open_by_type(session: Session) -> dict[tuple[str, ...], float]:
    """Count open findings, by type and impact."""
    rows = session.execute(
        """SELECT type, impact, COUNT(*) FROM recommendations WHERE status = 'OPEN'
        GROUP BY type, impact ORDER BY type, impact"""
    )
    return {(kind, impact): float(count) for kind, impact, count in rows}


def is_paused(session: Session, resource: Resource) -> bool:
    """Say whether a resource is noted as paused."""
    row = session.one(
        f"SELECT 1 FROM reputation_pauses WHERE {_OWNER} AND resource_arn = :resource_arn", resource.values
    )
    return row is not None
