"""How the tags of a tenant are found by its ARN: by its id alone, whatever name stands before it (observed)."""

from __future__ import annotations

from hatobin.capabilities.tags import TaggedKind
from hatobin.words.errors import CallerError


def _id(name: str) -> str:
    return name.rpartition("/")[2]


def _missing(name: str) -> CallerError:
    shown, slash, tenant_id = name.rpartition("/")
    # The missing space is SES's own, and so is the null of an ARN with an id alone.
    text = f"No Tenant present with name: {shown if slash else 'null'}with tenantId: {tenant_id}"
    return CallerError("NotFoundException", text, status=404)


TAGGED = TaggedKind("tenant", "tenants", _missing, column="tenant_id", key=_id, plain=False, by_key=True)
