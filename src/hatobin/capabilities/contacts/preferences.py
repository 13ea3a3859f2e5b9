"""What a contact sees and changes on the preference page of its list.

Refs: AWS developer guide "sending-email-subscription-management": a contact
may opt in or out of every topic, or leave the whole list.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hatobin.capabilities.contacts import store
from hatobin.capabilities.contacts.links import SubscriptionLink
from hatobin.capabilities.contacts.model import (
    OPT_IN,
    OPT_OUT,
    Contact,
    ContactList,
    PreferenceChange,
    Topic,
    effective_topics,
)
from hatobin.ports import Session


@dataclass(frozen=True, slots=True)
class Preferences:
    """A contact's standing on its list; `topics` pairs each topic with whether its mail is wanted."""

    description: str | None
    topics: tuple[tuple[Topic, bool], ...]
    unsubscribe_all: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What a contact chose: of the topics that were shown those that are wanted, or to leave everything."""

    shown: Collection[str]
    wanted: Collection[str]
    unsubscribe_all: bool


def preferences(session: Session, link: SubscriptionLink) -> Preferences | None:
    """Give what the page shows; None when the list is gone."""
    contact_list = store.find_list(session, link.account_id, link.region, link.contact_list)
    if contact_list is None:
        return None
    contact = store.find_contact(session, link.account_id, link.region, link.contact_list, link.address)
    chosen = effective_topics(contact_list, {} if contact is None else contact.preferences)
    left = contact is not None and contact.unsubscribe_all
    topics = tuple((topic, not left and chosen[topic.name] == OPT_IN) for topic in contact_list.topics)
    return Preferences(contact_list.description, topics, left)


def unsubscribe(session: Session, link: SubscriptionLink, now: float) -> PreferenceChange | None:
    """Opt the recipient out of the link's topic, or of everything without one (RFC 8058 §3.2).

    None when there is no such list any more. A topic that the list lost since
    cannot be left, so everything is.
    """
    contact_list = store.find_list(session, link.account_id, link.region, link.contact_list)
    if contact_list is None:
        return None
    topic = None if link.topic is None or contact_list.default_of(link.topic) is None else link.topic
    contact = _contact(session, link, now)
    chosen = contact.preferences if topic is None else {**contact.preferences, topic: OPT_OUT}
    return _changed(session, link, contact_list, contact, chosen, contact.unsubscribe_all or topic is None, now)


def choose(session: Session, link: SubscriptionLink, choice: Choice, now: float) -> PreferenceChange | None:
    """Record what the recipient chose on the page; None when there is no such list any more."""
    contact_list = store.find_list(session, link.account_id, link.region, link.contact_list)
    if contact_list is None:
        return None
    contact = _contact(session, link, now)
    if choice.unsubscribe_all:
        return _changed(session, link, contact_list, contact, contact.preferences, True, now)
    chosen = {
        topic.name: OPT_IN if topic.name in choice.wanted else OPT_OUT
        for topic in contact_list.topics
        if topic.name in choice.shown
    }
    return _changed(session, link, contact_list, contact, {**contact.preferences, **chosen}, False, now)


def _contact(session: Session, link: SubscriptionLink, now: float) -> Contact:
    """Give the recipient as a contact; whoever is none yet becomes one."""
    where = (link.account_id, link.region, link.contact_list)
    store.insert_contact(session, *where, Contact(link.address, {}, False, None, now, now))
    contact = store.find_contact(session, *where, link.address)
    assert contact is not None, "made or found in this transaction"
    return contact


def _changed(
    session: Session,
    link: SubscriptionLink,
    contact_list: ContactList,
    old: Contact,
    chosen: dict[str, str],
    unsubscribe_all: bool,
    now: float,
) -> PreferenceChange:
    if (chosen, unsubscribe_all) != (old.preferences, old.unsubscribe_all):
        new = Contact(old.address, chosen, unsubscribe_all, old.attributes_data, old.created_at, now)
        store.update_contact(session, link.account_id, link.region, link.contact_list, new)
    return PreferenceChange(
        contact_list=link.contact_list,
        unsubscribed_before=old.unsubscribe_all,
        unsubscribed_after=unsubscribe_all,
        topics_before=effective_topics(contact_list, old.preferences),
        topics_after=effective_topics(contact_list, chosen),
    )
