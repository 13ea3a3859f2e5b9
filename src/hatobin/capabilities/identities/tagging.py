"""How the tags of an identity are found by its ARN."""

from __future__ import annotations

from hatobin.capabilities.identities.model import InvalidIdentity, address_key, domain_key, lookup_key
from hatobin.capabilities.tags import TaggedKind, no_such, not_a_resource
from hatobin.words.errors import CallerError


def _missing(name: str) -> CallerError:
    try:
        _ = address_key(name) if "@" in name else domain_key(name)
    except InvalidIdentity:
        return not_a_resource()
    return no_such("EmailIdentity", name)


TAGGED = TaggedKind("identity", "identities", _missing, column="identity_key", key=lookup_key, plain=False)
