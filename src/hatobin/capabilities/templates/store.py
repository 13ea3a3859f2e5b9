"""The SQL of templates."""

from __future__ import annotations

from hatobin.capabilities import tags
from hatobin.capabilities.tags import TagPair
from hatobin.capabilities.templates.model import StoredTemplate, TemplateParts, TemplateTitle
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value


def find(session: Session, account_id: str, region: str, name: str) -> StoredTemplate | None:
    """Give a template by its name, which is case-sensitive."""
    row = session.one(
        """
        SELECT name, subject, text, html, created_at, tags FROM templates
        WHERE account_id = :account_id AND region = :region AND name = :name
        """,
        {"account_id": account_id, "region": region, "name": name},
    )
    if row is None:
        return None
    found_name, subject, text, html, created_at, tag_text = row
    return StoredTemplate(found_name, subject, text, html, created_at, tags.decode(tag_text))


def insert(
    session: Session,
    account_id: str,
    region: str,
    name: str,
    parts: TemplateParts,
    now: float,
    tag_pairs: tuple[TagPair, ...] = (),
) -> bool:
    """Store a new template; False when the name is taken."""
    row = session.one(
        """
        INSERT INTO templates (account_id, region, name, subject, text, html, tags, created_at, updated_at)
        VALUES (:account_id, :region, :name, :subject, :text, :html, :tags, :now, :now)
        ON CONFLICT (account_id, region, name) DO NOTHING RETURNING name
        """,
        {**_parts(account_id, region, name, parts, now), "tags": tags.encode(tag_pairs)},
    )
    return row is not None


def update(session: Session, account_id: str, region: str, name: str, parts: TemplateParts, now: float) -> bool:
    """Replace the parts of a template, not its tags or its age; False when there is none."""
    row = session.one(
        """
        UPDATE templates SET subject = :subject, text = :text, html = :html, updated_at = :now
        WHERE account_id = :account_id AND region = :region AND name = :name RETURNING name
        """,
        _parts(account_id, region, name, parts, now),
    )
    return row is not None


def _parts(account_id: str, region: str, name: str, parts: TemplateParts, now: float) -> dict[str, Value]:
    return {
        "account_id": account_id,
        "region": region,
        "name": name,
        "subject": parts.subject,
        "text": parts.text,
        "html": parts.html,
        "now": now,
    }


def delete(session: Session, account_id: str, region: str, name: str) -> bool:
    """Remove a template; False when there was none."""
    row = session.one(
        """
        DELETE FROM templates WHERE account_id = :account_id AND region = :region AND name = :name RETURNING name
        """,
        {"account_id": account_id, "region": region, "name": name},
    )
    return row is not None


def number(session: Session, account_id: str, region: str) -> int:
    """Count the templates of an account in a region."""
    row = session.one(
        "SELECT count(*) FROM templates WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def page(session: Session, account_id: str, region: str, request: PageRequest) -> list[TemplateTitle]:
    """Give names and ages, the newest first (observed order of SES)."""
    after_time, after_name = request.after or (None, None)
    rows = session.execute(
        f"""
        SELECT name, created_at FROM templates WHERE account_id = :account_id AND region = :region
        {"" if request.after is None else "AND (created_at, name) < (:after_time, :after_name)"}
        ORDER BY created_at DESC, name DESC LIMIT :fetch
        """,
        {
            "account_id": account_id,
            "region": region,
            "fetch": request.fetch,
            **({} if request.after is None else {"after_time": after_time, "after_name": after_name}),
        },
    )
    return [TemplateTitle(*row) for row in rows]
