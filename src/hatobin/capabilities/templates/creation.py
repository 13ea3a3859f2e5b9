"""Storing, replacing and deleting templates, for both generations of the API."""

from __future__ import annotations

from enum import Enum

from hatobin.capabilities import tenants
from hatobin.capabilities.tags import TagPair
from hatobin.capabilities.templates import store
from hatobin.capabilities.templates.model import MAX_TEMPLATES, TemplateParts, check_name, check_parts
from hatobin.capabilities.templates.syntax import check_syntax
from hatobin.gateway import Call
from hatobin.ports import Session


class Stored(Enum):
    """How an attempt to store a template ended."""

    DONE = "done"
    NAME_TAKEN = "name taken"
    TOO_MANY = "too many"


async def create(call: Call, name: str, parts: TemplateParts, tag_pairs: tuple[TagPair, ...] = ()) -> Stored:
    """Store a new template of the calling account. Raises `InvalidTemplate`."""
    _check(name, parts)
    now = call.ports.clock.now()

    def put(session: Session) -> Stored:
        if store.number(session, call.account_id, call.region) >= MAX_TEMPLATES:
            return Stored.TOO_MANY
        done = store.insert(session, call.account_id, call.region, name, parts, now, tag_pairs)
        return Stored.DONE if done else Stored.NAME_TAKEN

    return await call.ports.database.write(put)


async def replace(call: Call, name: str, parts: TemplateParts) -> bool:
    """Replace a template's parts; False when there is none. Raises `InvalidTemplate`."""
    _check(name, parts)
    now = call.ports.clock.now()
    return await call.ports.database.write(lambda s: store.update(s, call.account_id, call.region, name, parts, now))


async def delete(call: Call, name: str) -> bool:
    """Remove a template; False when there is none. Raises `CallerError` for one that a tenant sends with."""

    def remove(session: Session) -> bool:
        done = store.delete(session, call.account_id, call.region, name)
        if done:
            tenants.check_unused(session, tenants.TEMPLATE, call.account_id, call.region, name, service=call.service)
        return done

    return await call.ports.database.write(remove)


def _check(name: str, parts: TemplateParts) -> None:
    check_name(name)
    check_parts(parts)
    check_syntax(parts)
