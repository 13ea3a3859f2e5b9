"""The SQL of users."""

from __future__ import annotations

from hatobin.companions.iam import tags as tagging
from hatobin.companions.iam.model import TagPair, User
from hatobin.ports import Row, Session

COLUMNS = "u.account_id, u.user_name, u.user_id, u.path, u.tags, u.created_at, u.revision"
_BY_ID = "account_id = :account_id AND user_id = :user_id"


def insert(session: Session, user: User) -> bool:
    """Store a new user; false when its name is taken, in whatever case."""
    row = session.one(
        """
        INSERT INTO iam_user (account_id, name_key, user_name, user_id, path, tags, created_at, revision)
        VALUES (:account_id, :key, :name, :user_id, :path, :tags, :created_at, :revision)
        ON CONFLICT (account_id, name_key) DO NOTHING RETURNING user_id
        """,
        {
            "account_id": user.account_id,
            "key": user.name.lower(),
            "name": user.name,
            "user_id": user.user_id,
            "path": user.path,
            "tags": tagging.stored(user.tags),
            "created_at": user.created_at,
            "revision": user.revision,
        },
    )
    return row is not None


def find(session: Session, account_id: str, name: str) -> User | None:
    """Give a user by its name as it is written."""
    row = session.one(
        f"SELECT {COLUMNS} FROM iam_user u WHERE u.account_id = :account_id AND u.name_key = :key"
        " AND u.user_name = :name",
        {"account_id": account_id, "key": name.lower(), "name": name},
    )
    return None if row is None else read_user(row)


def find_by_id(session: Session, account_id: str, user_id: str) -> User | None:
    """Give a user by its unique id."""
    row = session.one(
        f"SELECT {COLUMNS} FROM iam_user u WHERE u.account_id = :account_id AND u.user_id = :user_id",
        {"account_id": account_id, "user_id": user_id},
    )
    return None if row is None else read_user(row)


def find_in_any_case(session: Session, account_id: str, name: str) -> User | None:
    """Give the user whose name this is but for its case: that name is taken."""
    row = session.one(
        f"SELECT {COLUMNS} FROM iam_user u WHERE u.account_id = :account_id AND u.name_key = :key",
        {"account_id": account_id, "key": name.lower()},
    )
    return None if row is None else read_user(row)


def list_users(session: Session, account_id: str, *, path_prefix: str, after: str, limit: int) -> list[User]:
    """Give users by name, those whose path begins with `path_prefix`, from behind the key `after`."""
    rows = session.execute(
        f"SELECT {COLUMNS} FROM iam_user u WHERE u.account_id = :account_id AND u.name_key > :after"
        " AND substr(u.path, 1, :length) = :prefix ORDER BY u.name_key LIMIT :limit",
        {
            "account_id": account_id,
            "after": after,
            "prefix": path_prefix,
            "length": len(path_prefix),
            "limit": limit,
        },
    )
    return [read_user(row) for row in rows]


def count(session: Session, account_id: str) -> int:
    """Count the users of an account."""
    row = session.one("SELECT count(*) FROM iam_user WHERE account_id = :account_id", {"account_id": account_id})
    return row[0] if row else 0


def rename(session: Session, account_id: str, user_id: str, *, name: str, path: str) -> None:
    """Give a user another name and path; the name must be free."""
    session.execute(
        f"UPDATE iam_user SET name_key = :key, user_name = :name, path = :path, revision = revision + 1 WHERE {_BY_ID}",
        {"account_id": account_id, "user_id": user_id, "key": name.lower(), "name": name, "path": path},
    )


def put_tags(session: Session, account_id: str, user_id: str, pairs: tuple[TagPair, ...]) -> None:
    """Replace the tags of a user."""
    session.execute(
        f"UPDATE iam_user SET tags = :tags, revision = revision + 1 WHERE {_BY_ID}",
        {"account_id": account_id, "user_id": user_id, "tags": tagging.stored(pairs)},
    )


def delete(session: Session, account_id: str, user_id: str) -> None:
    """Remove a user."""
    session.execute(f"DELETE FROM iam_user WHERE {_BY_ID}", {"account_id": account_id, "user_id": user_id})


def read_user(row: Row) -> User:
    """Read a row of `COLUMNS`."""
    account_id, name, user_id, path, tags, created_at, revision = row[:7]
    return User(account_id, name, user_id, path, tagging.loaded(tags), created_at, revision)
