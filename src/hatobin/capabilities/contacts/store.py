"""The SQL of contact lists and contacts; `sending` holds what a send asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hatobin.capabilities import tags
from hatobin.capabilities.contacts.model import Contact, ContactList, Topic, address_key
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session, Value

_topics = msgspec.json.Decoder(tuple[Topic, ...])
_preferences = msgspec.json.Decoder(dict[str, str])

_CONTACT = "address, preferences, unsubscribe_all, attributes_data, created_at, updated_at"
_INSERT = f"""
INSERT INTO contacts (account_id, region, list_name, address_key, {_CONTACT})
VALUES (:account_id, :region, :list_name, :address_key, :address, :preferences, :unsubscribe_all, :attributes_data,
  :created_at, :updated_at)
"""


def find_list(session: Session, account_id: str, region: str, name: str) -> ContactList | None:
    """Give a contact list by its name."""
    row = session.one(
        """
        SELECT name, description, topics, tags, created_at, updated_at FROM contact_lists
        WHERE account_id = :account_id AND region = :region AND name = :name
        """,
        {"account_id": account_id, "region": region, "name": name},
    )
    return None if row is None else _list(row)


def hold_list(session: Session, account_id: str, region: str, name: str) -> ContactList | None:
    """Give a contact list that stays as it is until the transaction ends, whoever else would change or delete it."""
    row = session.one(
        """
        UPDATE contact_lists SET updated_at = updated_at
        WHERE account_id = :account_id AND region = :region AND name = :name
        RETURNING name, description, topics, tags, created_at, updated_at
        """,
        {"account_id": account_id, "region": region, "name": name},
    )
    return None if row is None else _list(row)


def lists(session: Session, account_id: str, region: str, request: PageRequest) -> list[ContactList]:
    """Give contact lists by name."""
    after = "" if request.after is None else request.after[0]
    rows = session.execute(
        """
        SELECT name, description, topics, tags, created_at, updated_at FROM contact_lists
        WHERE account_id = :account_id AND region = :region AND name > :after ORDER BY name LIMIT :fetch
        """,
        {"account_id": account_id, "region": region, "after": after, "fetch": request.fetch},
    )
    return [_list(row) for row in rows]


def _list(row: tuple[Any, ...]) -> ContactList:
    name, description, topics, tag_text, created_at, updated_at = row
    return ContactList(name, description, _topics.decode(topics), tags.decode(tag_text), created_at, updated_at)


def count_lists(session: Session, account_id: str, region: str) -> int:
    """Count the contact lists of an account in a region."""
    row = session.one(
        "SELECT count(*) FROM contact_lists WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return int(row[0]) if row is not None else 0


def put_list(session: Session, account_id: str, region: str, contact_list: ContactList) -> None:
    """Store a list, or replace its description and topics; tags and age of a stored one stay."""
    session.execute(
        """
        INSERT INTO contact_lists (account_id, region, name, description, topics, tags, created_at, updated_at)
        VALUES (:account_id, :region, :name, :description, :topics, :tags, :created_at, :updated_at)
        ON CONFLICT (account_id, region, name) DO UPDATE SET
          description = excluded.description, topics = excluded.topics, updated_at = excluded.updated_at
        """,
        {
            "account_id": account_id,
            "region": region,
            "name": contact_list.name,
            "description": contact_list.description,
            "topics": msgspec.json.encode(contact_list.topics).decode(),
            "tags": tags.encode(contact_list.tags),
            "created_at": contact_list.created_at,
            "updated_at": contact_list.updated_at,
        },
    )


def delete_some_contacts(session: Session, account_id: str, region: str, name: str, limit: int) -> int:
    """Remove at most `limit` contacts of a list; gives how many."""
    rows = session.execute(
        """
        DELETE FROM contacts
        WHERE account_id = :account_id AND region = :region AND list_name = :name AND address_key IN (
          SELECT address_key FROM contacts
          WHERE account_id = :account_id AND region = :region AND list_name = :name
          ORDER BY address_key LIMIT :limit
        ) RETURNING address_key
        """,
        {"account_id": account_id, "region": region, "name": name, "limit": limit},
    )
    return len(rows)


def delete_list(session: Session, account_id: str, region: str, name: str) -> bool:
    """Remove a list and the contacts it has; False when there was none."""
    where: dict[str, Value] = {"account_id": account_id, "region": region, "name": name}
    row = session.one(
        """
        DELETE FROM contact_lists WHERE account_id = :account_id AND region = :region AND name = :name
        RETURNING name
        """,
        where,
    )
    # After the list, which whoever adds contacts to it holds: what was added until then is seen here.
    session.execute(
        "DELETE FROM contacts WHERE account_id = :account_id AND region = :region AND list_name = :name", where
    )
    return row is not None


def find_contact(session: Session, account_id: str, region: str, list_name: str, address: str) -> Contact | None:
    """Give a contact by its address; the case of the domain does not matter."""
    row = session.one(
        f"""
        SELECT {_CONTACT} FROM contacts
        WHERE account_id = :account_id AND region = :region AND list_name = :list_name AND address_key = :address_key
        """,
        {"account_id": account_id, "region": region, "list_name": list_name, "address_key": address_key(address)},
    )
    return None if row is None else _contact(row)


def contacts(session: Session, account_id: str, region: str, list_name: str, request: PageRequest) -> list[Contact]:
    """Give the contacts of a list by address."""
    after = "" if request.after is None else request.after[0]
    rows = session.execute(
        f"""
        SELECT {_CONTACT} FROM contacts
        WHERE account_id = :account_id AND region = :region AND list_name = :list_name AND address_key > :after
        ORDER BY address_key LIMIT :fetch
        """,
        {"account_id": account_id, "region": region, "list_name": list_name, "after": after, "fetch": request.fetch},
    )
    return [_contact(row) for row in rows]


def _contact(row: tuple[Any, ...]) -> Contact:
    address, preferences, unsubscribe_all, attributes_data, created_at, updated_at = row
    return Contact(
        address, _preferences.decode(preferences), bool(unsubscribe_all), attributes_data, created_at, updated_at
    )


def insert_contact(session: Session, account_id: str, region: str, list_name: str, contact: Contact) -> bool:
    """Store a new contact; False when the list has it already, and nothing is changed then."""
    row = session.one(
        f"{_INSERT} ON CONFLICT (account_id, region, list_name, address_key) DO NOTHING RETURNING address",
        _row(account_id, region, list_name, contact),
    )
    return row is not None


def put_many(session: Session, account_id: str, region: str, list_name: str, contacts: Sequence[Contact]) -> None:
    """Store contacts, each in place of one that the list has already, which leaves only its time of creation."""
    session.many(
        f"""
        {_INSERT} ON CONFLICT (account_id, region, list_name, address_key) DO UPDATE SET
          preferences = excluded.preferences, unsubscribe_all = excluded.unsubscribe_all,
          attributes_data = excluded.attributes_data, updated_at = excluded.updated_at
        """,
        [_row(account_id, region, list_name, contact) for contact in contacts],
    )


def update_contact(session: Session, account_id: str, region: str, list_name: str, contact: Contact) -> None:
    """Replace a contact's choices and attributes."""
    session.execute(
        """
        UPDATE contacts SET preferences = :preferences, unsubscribe_all = :unsubscribe_all,
          attributes_data = :attributes_data, updated_at = :updated_at
        WHERE account_id = :account_id AND region = :region AND list_name = :list_name AND address_key = :address_key
        """,
        {
            "account_id": account_id,
            "region": region,
            "list_name": list_name,
            "address_key": address_key(contact.address),
            **_choices(contact),
        },
    )


def _row(account_id: str, region: str, list_name: str, contact: Contact) -> dict[str, Value]:
    return {
        "account_id": account_id,
        "region": region,
        "list_name": list_name,
        "address_key": address_key(contact.address),
        "address": contact.address,
        "created_at": contact.created_at,
        **_choices(contact),
    }


def _choices(contact: Contact) -> dict[str, Value]:
    return {
        "preferences": msgspec.json.encode(contact.preferences).decode(),
        "unsubscribe_all": int(contact.unsubscribe_all),
        "attributes_data": contact.attributes_data,
        "updated_at": contact.updated_at,
    }


def delete_contact(session: Session, account_id: str, region: str, list_name: str, address: str) -> bool:
    """Remove a contact; False when there was none."""
    row = session.one(
        """
        DELETE FROM contacts
        WHERE account_id = :account_id AND region = :region AND list_name = :list_name AND address_key = :address_key
        RETURNING address
        """,
        {"account_id": account_id, "region": region, "list_name": list_name, "address_key": address_key(address)},
    )
    return row is not None


def delete_many(session: Session, account_id: str, region: str, list_name: str, keys: Sequence[str]) -> None:
    """Remove the contacts with these keys; one that is not there is fine."""
    session.many(
        """
        DELETE FROM contacts
        WHERE account_id = :account_id AND region = :region AND list_name = :list_name AND address_key = :address_key
        """,
        [{"account_id": account_id, "region": region, "list_name": list_name, "address_key": key} for key in keys],
    )
