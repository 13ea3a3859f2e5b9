"""What a list-managed message asks of its list.

Refs: AWS developer guide "sending-email-subscription-management"; surface.md
§4.10 and appendix F: a recipient who is no contact becomes one, whoever opted
out gets a Bounce event instead of the message. DEV-IS-13.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hatobin.capabilities.contacts import store
from hatobin.capabilities.contacts.model import (
    Contact,
    ListStanding,
    address_key,
    is_opted_out,
)
from hatobin.ports import Session, Value

_preferences = msgspec.json.Decoder(dict[str, str])


def list_options(
    session: Session, account_id: str, region: str, list_name: str, topic: str | None, addresses: Sequence[str]
) -> ListStanding:
    """Say whether the list and the topic exist, and which recipients opted out or are strangers.

    One statement for the list and one for all recipients (at most 50 of them).
    """
    contact_list = store.find_list(session, account_id, region, list_name)
    if contact_list is None:
        return ListStanding(list_exists=False, topic_exists=False, opted_out=frozenset(), strangers=())
    topic_default = None if topic is None else contact_list.default_of(topic)
    if topic is not None and topic_default is None:
        return ListStanding(list_exists=True, topic_exists=False, opted_out=frozenset(), strangers=())
    known = _choices(session, account_id, region, list_name, addresses)
    opted_out, strangers = [], []
    for address in addresses:
        choices = known.get(address_key(address))
        if choices is None:
            strangers.append(address)
        unsubscribe_all, preferences = choices or (False, {})
        if is_opted_out(
            unsubscribe_all=unsubscribe_all, preferences=preferences, topic=topic, topic_default=topic_default
        ):
            opted_out.append(address)
    return ListStanding(list_exists=True, topic_exists=True, opted_out=frozenset(opted_out), strangers=tuple(strangers))


def _choices(
    session: Session, account_id: str, region: str, list_name: str, addresses: Sequence[str]
) -> dict[str, tuple[bool, dict[str, str]]]:
    if not addresses:
        return {}
    parameters: dict[str, Value] = {f"k{number}": address_key(address) for number, address in enumerate(addresses)}
    names = ", ".join(f":{name}" for name in parameters)
    rows = session.execute(
        f"""
        SELECT address_key, unsubscribe_all, preferences FROM contacts
        WHERE account_id = :account_id AND region = :region AND list_name = :list_name AND address_key IN ({names})
        """,  # noqa: S608 - only parameter names
        {**parameters, "account_id": account_id, "region": region, "list_name": list_name},
    )
    return {key: (bool(unsubscribe_all), _preferences.decode(text)) for key, unsubscribe_all, text in rows}


def ensure_contact(session: Session, account_id: str, region: str, list_name: str, address: str, now: float) -> bool:
    """Make the recipient a contact of the list if it is none yet; True when it was made."""
    return store.insert_contact(session, account_id, region, list_name, Contact(address, {}, False, None, now, now))
