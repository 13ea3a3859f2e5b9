"""Contact lists, their topics, and what a contact wants to receive. Pure.

Refs: AWS developer guide "sending-email-list-management" and
"sending-email-subscription-management"; surface.md §4.10, appendices E and F.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from hatobin.capabilities.tags import TagPair

MAX_LISTS = 1
"""Contact lists of an account in a region (surface.md §4.1)."""
MAX_TOPICS = 20
MAX_NAME_LENGTH = 64
MAX_DISPLAY_NAME_LENGTH = 128
MAX_DESCRIPTION_LENGTH = 500

OPT_IN = "OPT_IN"
OPT_OUT = "OPT_OUT"

_NAME = re.compile(rf"[A-Za-z0-9_\-]{{1,{MAX_NAME_LENGTH}}}", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME_RULE = "can contain up to 64 characters. Only alphanumeric characters, underscores(_) and hyphens(-) are allowed."


class InvalidContact(ValueError):
    """A list, topic or contact cannot be like this; the message is SES's own text."""


class Topic(msgspec.Struct, frozen=True):
    """A subject of interest that contacts subscribe to; `default` holds for who has not chosen."""

    name: str
    display_name: str
    default: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list and its topics, in the caller's order."""

    name: str
    description: str | None
    topics: tuple[Topic, ...]
    tags: tuple[TagPair, ...]
    created_at: float
    updated_at: float

    def default_of(self, topic: str) -> str | None:
        """Give the topic's default status; None when the list has no such topic."""
        return next((known.default for known in self.topics if known.name == topic), None)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact and its own choices: topic name to status, in the order they were made."""

    address: str
    preferences: dict[str, str]
    unsubscribe_all: bool
    attributes_data: str | None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class ListStanding:
    """What sending needs to know of a list-managed message.

    `opted_out` holds the recipients, as given, that must not get it, and
    `strangers` those who are no contacts yet. `topic_exists` is true when no
    topic was named.
    """

    list_exists: bool
    topic_exists: bool
    opted_out: frozenset[str]
    strangers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PreferenceChange:
    """A contact's choices before and after, for the Subscription event."""

    contact_list: str
    unsubscribed_before: bool
    unsubscribed_after: bool
    topics_before: dict[str, str]
    topics_after: dict[str, str]

    @property
    def differs(self) -> bool:
        """Whether anything was changed."""
        return (self.unsubscribed_before, self.topics_before) != (self.unsubscribed_after, self.topics_after)


def address_key(address: str) -> str:
    """Give what identifies a contact on its list: the domain's case does not matter."""
    local, at, domain = address.strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"


def is_opted_out(
    *, unsubscribe_all: bool, preferences: dict[str, str], topic: str | None, topic_default: str | None
) -> bool:
    """Say whether a contact must not get a message.

    Unsubscribing from everything holds for every topic. Without a topic only
    that counts. Who has made no choice for the topic has its default status:
    AWS does so in ListContacts; for sending it is not documented.
    """
    if unsubscribe_all:
        return True
    if topic is None:
        return False
    return preferences.get(topic, topic_default) == OPT_OUT


def effective_topics(contact_list: ContactList, preferences: dict[str, str]) -> dict[str, str]:
    """Give a status for every topic of the list: the contact's choice, else the default."""
    return {topic.name: preferences.get(topic.name, topic.default) for topic in contact_list.topics}


def check_list_name(name: str) -> None:
    """Raises `InvalidContact`."""
    if not name.strip():
        raise InvalidContact("ContactListName can't be blank.")
    if not _NAME.fullmatch(name):
        raise InvalidContact(f"ContactListName {_NAME_RULE}")


def check_topics(topics: Sequence[Topic]) -> None:
    """Raises `InvalidContact` for the first topic that cannot be; the order of the checks is SES's."""
    if len(topics) > MAX_TOPICS:
        raise InvalidContact(f"Maximum of <{MAX_TOPICS}> topics allowed per ContactList")
    seen = set()
    for topic in topics:
        if not topic.name.strip():
            raise InvalidContact("TopicName can't be blank.")
        if not _NAME.fullmatch(topic.name):
            raise InvalidContact(f"TopicName {_NAME_RULE}")
        if len(topic.display_name) > MAX_DISPLAY_NAME_LENGTH:
            raise InvalidContact(f"Topic DisplayName can contain up to <{MAX_DISPLAY_NAME_LENGTH}> characters.")
        if topic.name in seen:
            raise InvalidContact("Duplicate topic names are not allowed within a List.")
        seen.add(topic.name)


def check_description(description: str | None) -> None:
    """Raises `InvalidContact`."""
    if description is not None and len(description) > MAX_DESCRIPTION_LENGTH:
        raise InvalidContact(f"List description can contain up to {MAX_DESCRIPTION_LENGTH} characters.")


def check_address(address: str) -> None:
    """Raises `InvalidContact`."""
    if not address.strip():
        raise InvalidContact("EmailAddress can't be blank.")
    if not _ADDRESS.fullmatch(address):
        raise InvalidContact(f"EmailAddress <{address}> is invalid")


def check_preferences(contact_list: ContactList, preferences: dict[str, str]) -> None:
    """Raises `InvalidContact` for a choice about a topic that the list does not have."""
    for topic in preferences:
        if contact_list.default_of(topic) is None:
            raise InvalidContact(f"List: {contact_list.name} doesn't contain Topic: {topic}")
