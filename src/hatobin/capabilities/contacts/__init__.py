"""Contact lists: who subscribed to what, for messages sent with ListManagementOptions.

A list has topics, a contact has choices about them and can leave everything
at once. `list_options` tells a send which recipients opted out, and which are
strangers that `ensure_contact` then puts on the list. A message carries a link
(`SubscriptionLinks`), with which its recipient looks at and changes its
`preferences`, or does `unsubscribe` with one click.
"""

from __future__ import annotations

from hatobin.capabilities.contacts import api_v2, api_v2_contacts
from hatobin.capabilities.contacts.api_v2 import list_does_not_exist
from hatobin.capabilities.contacts.links import (
    LINK_PATH,
    MAX_REPLACED,
    ONE_CLICK,
    PLACEHOLDER,
    SubscriptionLink,
    SubscriptionLinks,
)
from hatobin.capabilities.contacts.model import (
    Contact,
    ContactList,
    InvalidContact,
    ListStanding,
    PreferenceChange,
    Topic,
    address_key,
    check_address,
    check_preferences,
)
from hatobin.capabilities.contacts.preferences import Choice, Preferences, choose, preferences, unsubscribe
from hatobin.capabilities.contacts.sending import ensure_contact, list_options
from hatobin.capabilities.contacts.store import delete_many, find_contact, find_list, hold_list, put_many
from hatobin.capabilities.contacts.tagging import TAGGED
from hatobin.words.errors import CallerError

__all__ = [
    "LINK_PATH",
    "MAX_REPLACED",
    "ONE_CLICK",
    "PLACEHOLDER",
    "TAGGED",
    "Choice",
    "Contact",
    "ContactList",
    "InvalidContact",
    "ListStanding",
    "PreferenceChange",
    "Preferences",
    "SubscriptionLink",
    "SubscriptionLinks",
    "Topic",
    "address_key",
    "api_v2",
    "api_v2_contacts",
    "check_address",
    "check_preferences",
    "choose",
    "delete_many",
    "ensure_contact",
    "find_contact",
    "find_list",
    "hold_list",
    "list_does_not_exist",
    "list_options",
    "preferences",
    "put_many",
    "topic_does_not_exist",
    "unsubscribe",
]


def topic_does_not_exist(topic: str, list_name: str) -> CallerError:
    """Word a topic that a send names and its list does not have (appendix E)."""
    return CallerError("BadRequestException", f"Topic {topic} does not exist in contact list {list_name}.")
