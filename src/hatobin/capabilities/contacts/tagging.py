"""How the tags of a contact list are found by its ARN."""

from __future__ import annotations

from hatobin.capabilities.contacts.api_v2 import bad, list_does_not_exist
from hatobin.capabilities.contacts.model import InvalidContact, check_list_name
from hatobin.capabilities.tags import TaggedKind
from hatobin.words.errors import CallerError


def _missing(name: str) -> CallerError:
    try:
        check_list_name(name)
    except InvalidContact as invalid:
        return bad(invalid)
    return list_does_not_exist(name)


TAGGED = TaggedKind("contact-list", "contact_lists", _missing)
