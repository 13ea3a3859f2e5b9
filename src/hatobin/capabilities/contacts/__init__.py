"""Contact lists: who subscribed to what, for messages sent with ListManagementOptions.

A list has topics, a contact has choices about them and can leave everything
at once. `list_options` tells a send which recipients opted out, and which are
strangers that `ensure_contact` then puts on the list; `unsubscribe` is what
the link in a message does.
"""

from __future__ import annotations

from hatobin.capabilities.contacts import api_v2, api_v2_contacts
from hatobin.capabilities.contacts.api_v2 import list_does_not_exist
from hatobin.capabilities.contacts.model import (
    Contact,
    ContactList,
    InvalidContact,
    ListStanding,
    PreferenceChange,
    Topic,
)
from hatobin.capabilities.contacts.sending import ensure_contact, list_options, unsubscribe
from hatobin.capabilities.contacts.store import find_contact, find_list
from hatobin.words.errors import CallerError

__all__ = [
    "Contact",
    "ContactList",
    "InvalidContact",
    "ListStanding",
    "PreferenceChange",
    "Topic",
    "api_v2",
    "api_v2_contacts",
    "ensure_contact",
    "find_contact",
    "find_list",
    "list_does_not_exist",
    "list_options",
    "topic_does_not_exist",
    "unsubscribe",
]


def topic_does_not_exist(topic: str, list_name: str) -> CallerError:
    """Word a topic that a send names and its list does not have (appendix E)."""
    return CallerError("BadRequestException", f"Topic {topic} does not exist in contact list {list_name}.")
