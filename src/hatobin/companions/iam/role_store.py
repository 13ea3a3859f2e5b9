"""The SQL of roles."""

from __future__ import annotations

from hatobin.companions.iam import tags as tagging
from hatobin.companions.iam.model import Role, TagPair
from hatobin.ports import Row, Session

_COLUMNS = (
    "account_id, role_name, role_id, path, trust, trust_ids, description, max_session_s, tags, created_at,"
    " last_used_at, last_used_region, revision"
)
_BY_ID = "account_id = :account_id AND role_id = :role_id"


def insert(session: Session, role: Role) -> bool:
    """Store a new role; false when its name is taken, in whatever case."""
    row = session.one(
        """
        INSERT INTO iam_role (account_id, name_key, role_name, role_id, path, trust, trust_ids, description,
          max_session_s, tags, created_at, revision)
        VALUES (:account_id, :key, :name, :role_id, :path, :trust, :trust_ids, :description, :max_session_s, :tags,
          :created_at, :revision)
        ON CONFLICT (account_id, name_key) DO NOTHING RETURNING role_id
        """,
        {
            "account_id": role.account_id,
            "key": role.name.lower(),
            "name": role.name,
            "role_id": role.role_id,
            "path": role.path,
            "trust": role.trust,
            "trust_ids": role.trust_ids,
            "description": role.description,
            "max_session_s": role.max_session_s,
            "tags": tagging.stored(role.tags),
            "created_at": role.created_at,
            "revision": role.revision,
        },
    )
    return row is not None


def find(session: Session, account_id: str, name: str) -> Role | None:
    """Give a role by its name as it is written."""
    row = session.one(
        f"SELECT {_COLUMNS} FROM iam_role WHERE account_id = :account_id AND name_key = :key AND role_name = :name",
        {"account_id": account_id, "key": name.lower(), "name": name},
    )
    return None if row is None else _role(row)


def find_by_id(session: Session, account_id: str, role_id: str) -> Role | None:
    """Give a role by its unique id."""
    row = session.one(f"SELECT {_COLUMNS} FROM iam_role WHERE {_BY_ID}", {"account_id": account_id, "role_id": role_id})
    return None if row is None else _role(row)


def list_roles(session: Session, account_id: str, *, path_prefix: str, after: str, limit: int) -> list[Role]:
    """Give roles by name, those whose path begins with `path_prefix`, from behind the key `after`."""
    rows = session.execute(
        f"SELECT {_COLUMNS} FROM iam_role WHERE account_id = :account_id AND name_key > :after"
        " AND substr(path, 1, :length) = :prefix ORDER BY name_key LIMIT :limit",
        {
            "account_id": account_id,
            "after": after,
            "prefix": path_prefix,
            "length": len(path_prefix),
            "limit": limit,
        },
    )
    return [_role(row) for row in rows]


def count(session: Session, account_id: str) -> int:
    """Count the roles of an account."""
    row = session.one("SELECT count(*) FROM iam_role WHERE account_id = :account_id", {"account_id": account_id})
    return row[0] if row else 0


def put_trust(session: Session, account_id: str, role_id: str, trust: str, trust_ids: str) -> None:
    """Say anew who may assume a role."""
    session.execute(
        f"UPDATE iam_role SET trust = :trust, trust_ids = :trust_ids, revision = revision + 1 WHERE {_BY_ID}",
        {"account_id": account_id, "role_id": role_id, "trust": trust, "trust_ids": trust_ids},
    )


def update(session: Session, role: Role) -> None:
    """Store the description and the longest session of a role."""
    session.execute(
        f"UPDATE iam_role SET description = :description, max_session_s = :max_session_s, revision = revision + 1"
        f" WHERE {_BY_ID}",
        {
            "account_id": role.account_id,
            "role_id": role.role_id,
            "description": role.description,
            "max_session_s": role.max_session_s,
        },
    )


def put_tags(session: Session, account_id: str, role_id: str, pairs: tuple[TagPair, ...]) -> None:
    """Replace the tags of a role."""
    session.execute(
        f"UPDATE iam_role SET tags = :tags, revision = revision + 1 WHERE {_BY_ID}",
        {"account_id": account_id, "role_id": role_id, "tags": tagging.stored(pairs)},
    )


def record_use(session: Session, account_id: str, role_id: str, *, region: str, now: float) -> None:
    """Note when a role was last used; that is no change of what it may do."""
    session.execute(
        f"UPDATE iam_role SET last_used_at = :now, last_used_region = :region"
        f" WHERE {_BY_ID} AND (last_used_at IS NULL OR last_used_at < :now)",
        {"account_id": account_id, "role_id": role_id, "now": now, "region": region},
    )


def delete(session: Session, account_id: str, role_id: str) -> None:
    """Remove a role; what speaks for it stops at once."""
    session.execute(f"DELETE FROM iam_role WHERE {_BY_ID}", {"account_id": account_id, "role_id": role_id})


def _role(row: Row) -> Role:
    account_id, name, role_id, path, trust, ids, description, longest, tags, created_at, used_at, region, revision = row
    return Role(
        account_id=account_id,
        name=name,
        role_id=role_id,
        path=path,
        trust=trust,
        trust_ids=ids,
        description=description,
        max_session_s=longest,
        tags=tagging.loaded(tags),
        created_at=created_at,
        last_used_at=used_at,
        last_used_region=region,
        revision=revision,
    )
