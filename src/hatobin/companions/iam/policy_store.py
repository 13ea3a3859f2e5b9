"""The SQL of policies: inline ones of a user or a role, and which managed ones are attached to it."""

from __future__ import annotations

from hatobin.companions.iam.holders import Holder
from hatobin.companions.iam.managed import MANAGED
from hatobin.ports import Session, Value

_OF = "account_id = :account_id AND holder_id = :holder_id"


def _named(holder: Holder, **more: Value) -> dict[str, Value]:
    return {"account_id": holder.account_id, "holder_id": holder.holder_id, **more}


def put(session: Session, holder: Holder, name: str, document: str) -> None:
    """Store an inline policy in the place of one of the same name."""
    session.execute(
        """
        INSERT INTO iam_policy (account_id, holder_id, policy_name, document)
        VALUES (:account_id, :holder_id, :name, :document)
        ON CONFLICT (account_id, holder_id, policy_name) DO UPDATE SET document = excluded.document
        """,
        _named(holder, name=name, document=document),
    )


def find(session: Session, holder: Holder, name: str) -> str | None:
    """Give the document of an inline policy."""
    row = session.one(f"SELECT document FROM iam_policy WHERE {_OF} AND policy_name = :name", _named(holder, name=name))
    return None if row is None else row[0]


def documents(session: Session, holder: Holder) -> dict[str, str]:
    """Give all inline policies of a holder by name, in the order of their names."""
    rows = session.execute(
        f"SELECT policy_name, document FROM iam_policy WHERE {_OF} ORDER BY policy_name", _named(holder)
    )
    return dict(rows)


def delete(session: Session, holder: Holder, name: str) -> bool:
    """Remove an inline policy; false when there is none."""
    row = session.one(
        f"DELETE FROM iam_policy WHERE {_OF} AND policy_name = :name RETURNING policy_name", _named(holder, name=name)
    )
    return row is not None


def attach(session: Session, holder: Holder, arn: str) -> None:
    """Attach a managed policy; one that is attached stays so."""
    session.execute(
        """
        INSERT INTO iam_attachment (account_id, holder_id, policy_arn) VALUES (:account_id, :holder_id, :arn)
        ON CONFLICT (account_id, holder_id, policy_arn) DO NOTHING
        """,
        _named(holder, arn=arn),
    )


def attached(session: Session, holder: Holder) -> list[str]:
    """Give the ARNs of the attached policies, in order."""
    rows = session.execute(f"SELECT policy_arn FROM iam_attachment WHERE {_OF} ORDER BY policy_arn", _named(holder))
    return [arn for (arn,) in rows]


def detach(session: Session, holder: Holder, arn: str) -> bool:
    """Detach a managed policy; false when it was not attached."""
    row = session.one(
        f"DELETE FROM iam_attachment WHERE {_OF} AND policy_arn = :arn RETURNING policy_arn", _named(holder, arn=arn)
    )
    return row is not None


def attachment_counts(session: Session, account_id: str) -> dict[str, int]:
    """Give how many users and roles of an account each policy is attached to."""
    rows = session.execute(
        "SELECT policy_arn, count(*) FROM iam_attachment WHERE account_id = :account_id GROUP BY policy_arn",
        {"account_id": account_id},
    )
    return dict(rows)


def texts(session: Session, holder: Holder) -> tuple[str, ...]:
    """Give the JSON texts of everything that says what a holder may do: inline policies, then attached ones."""
    known = (MANAGED.get(arn) for arn in attached(session, holder))
    return (*documents(session, holder).values(), *(policy.document for policy in known if policy is not None))
