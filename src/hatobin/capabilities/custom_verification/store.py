"""The SQL of verification templates."""

from __future__ import annotations

from typing import Any

from hatobin.capabilities import tags
from hatobin.capabilities.custom_verification.model import VerificationTemplate
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_COLUMNS = "name, from_address, subject, content, success_url, failure_url, tags"
_ONE = "WHERE account_id = :account_id AND region = :region AND name = :name"


def find(session: Session, account_id: str, region: str, name: str) -> VerificationTemplate | None:
    """Give a template by its name."""
    row = session.one(
        f"SELECT {_COLUMNS} FROM custom_verification_templates {_ONE}",
        {"account_id": account_id, "region": region, "name": name},
    )
    return None if row is None else _template(row)


def page(session: Session, account_id: str, region: str, request: PageRequest) -> list[VerificationTemplate]:
    """Give templates by name."""
    rows = session.execute(
        f"""
        SELECT {_COLUMNS} FROM custom_verification_templates
        WHERE account_id = :account_id AND region = :region AND name > :after ORDER BY name LIMIT :fetch
        """,
        {
            "account_id": account_id,
            "region": region,
            "after": "" if request.after is None else request.after[0],
            "fetch": request.fetch,
        },
    )
    return [_template(row) for row in rows]


def _template(row: tuple[Any, ...]) -> VerificationTemplate:
    name, from_address, subject, content, success_url, failure_url, tag_text = row
    return VerificationTemplate(name, from_address, subject, content, success_url, failure_url, tags.decode(tag_text))


def number(session: Session, account_id: str, region: str) -> int:
    """Count the templates of an account in a region."""
    row = session.one(
        "SELECT count(*) FROM custom_verification_templates WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def insert(session: Session, account_id: str, region: str, template: VerificationTemplate, now: float) -> bool:
    """Store a new template; False when the name is taken."""
    row = session.one(
        f"""
        INSERT INTO custom_verification_templates (account_id, region, {_COLUMNS}, created_at, updated_at)
        VALUES (:account_id, :region, :name, :from_address, :subject, :content, :success_url, :failure_url, :tags,
          :now, :now)
        ON CONFLICT (account_id, region, name) DO NOTHING RETURNING name
        """,
        {**_values(account_id, region, template, now), "tags": tags.encode(template.tags)},
    )
    return row is not None


def update(session: Session, account_id: str, region: str, template: VerificationTemplate, now: float) -> None:
    """Replace everything but the tags."""
    session.execute(
        f"""
        UPDATE custom_verification_templates SET from_address = :from_address, subject = :subject,
          content = :content, success_url = :success_url, failure_url = :failure_url, updated_at = :now {_ONE}
        """,
        _values(account_id, region, template, now),
    )


def _values(account_id: str, region: str, template: VerificationTemplate, now: float) -> dict[str, Value]:
    return {
        "account_id": account_id,
        "region": region,
        "name": template.name,
        "from_address": template.from_address,
        "subject": template.subject,
        "content": template.content,
        "success_url": template.success_url,
        "failure_url": template.failure_url,
        "now": now,
    }


def delete(session: Session, account_id: str, region: str, name: str) -> bool:
    """Remove a template; False when there was none."""
    row = session.one(
        f"DELETE FROM custom_verification_templates {_ONE} RETURNING name",
        {"account_id": account_id, "region": region, "name": name},
    )
    return row is not None
