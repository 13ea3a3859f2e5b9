"""Which contacts a filter lets through, and a page of them. Pure but for the reading of rows.

A page looks at a bounded number of contacts in the order of their addresses.
Where few of a long list match it may come back short, or empty, with a token
to go on: no request takes longer for a longer list.

Refs: API reference, ListContactsFilter and TopicFilter; AWS developer guide
"sending-email-list-management".
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.contacts import store
from hatobin.capabilities.contacts.model import OPT_OUT, Contact, ContactList, address_key
from hatobin.gateway.paging import PageRequest
from hatobin.ports import Session

MAX_LOOKED_AT = 10_000
"""Contacts that one page looks at."""
_PIECE = 1000


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """The contacts with this status: for a topic, or without one for the list as a whole.

    Of contacts that made no choice for the topic its default counts only with
    `uses_default`; without it they are passed over.
    """

    status: str | None
    topic: str | None = None
    uses_default: bool = False

    def takes(self, contact: Contact, topic_default: str | None) -> bool:
        """Say whether a contact is wanted. Who left everything is opted out of every topic."""
        if self.topic is None:
            return self.status is None or (self.status == OPT_OUT) == contact.unsubscribe_all
        status = contact.preferences.get(self.topic, topic_default if self.uses_default else None)
        if status is None:
            return False
        if contact.unsubscribe_all:
            status = OPT_OUT
        return self.status is None or status == self.status

    @property
    def scope(self) -> str:
        """What a token is bound to beside its list."""
        return f"{self.status or ''}|{self.topic or ''}|{int(self.uses_default)}"


EVERYBODY = ContactFilter(None)


@dataclass(frozen=True, slots=True)
class FilteredPage:
    """Contacts that were found, and after which address the search goes on; None when it is through."""

    contacts: tuple[Contact, ...]
    goes_on_after: str | None


def filtered(
    session: Session,
    account_id: str,
    region: str,
    contact_list: ContactList,
    wanted: ContactFilter,
    request: PageRequest,
) -> FilteredPage:
    """Look for a page of contacts."""
    default = None if wanted.topic is None else contact_list.default_of(wanted.topic)
    found: list[Contact] = []
    after = request.after
    for _ in range(MAX_LOOKED_AT // _PIECE):
        size = request.size if wanted == EVERYBODY else _PIECE
        piece = store.contacts(session, account_id, region, contact_list.name, PageRequest(size, after))
        for place, contact in enumerate(piece[:size], start=1):
            if wanted.takes(contact, default):
                found.append(contact)
            if len(found) == request.size:
                is_last = place == len(piece)
                return FilteredPage(tuple(found), None if is_last else address_key(contact.address))
        if len(piece) <= size:
            return FilteredPage(tuple(found), None)
        after = (address_key(piece[size - 1].address),)
    assert after is not None, "a whole piece was looked at"
    return FilteredPage(tuple(found), str(after[0]))
