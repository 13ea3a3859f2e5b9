"""Replies that say that our address is on a block list, as findings of whoever sent.

The servers of providers name the list in the text of their refusal. One row of an account and list is written, and
written anew at most every quarter of an hour, so a storm of refusals costs one look-up for each group of outcomes.
"""

from __future__ import annotations

import re

from msgspec import Struct

from hatobin.capabilities.reputation import store
from hatobin.capabilities.reputation.changes import OPENED, tell_finding
from hatobin.capabilities.reputation.findings import REFRESH_S
from hatobin.capabilities.reputation.model import IP_LISTING, Finding
from hatobin.capabilities.reputation.store import Resource
from hatobin.ports import Session
from hatobin.protocols.aws.arn import ses_arn
from hatobin.words.reply import Reply

# Lists by how replies name them: in a link, or as the zone that was asked.
_LISTS = {
    "Spamhaus": r"spamhaus",
    "SpamCop": r"spamcop",
    "Barracuda": r"barracuda(?:central|networks)|b\.barracuda",
    "SORBS": r"\bsorbs\b",
    "UCEPROTECT": r"uceprotect",
    "Invaluement": r"invaluement",
    "PSBL": r"\bpsbl\b|psbl\.org",
    "Abusix": r"abusix",
    "Mailspike": r"mailspike",
    "Cloudmark": r"cloudmark",
    "Proofpoint": r"proofpoint|ppe-hosted|\bpdr\b",
}
_NAMED = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _LISTS.items()), re.IGNORECASE)
_LISTED = re.compile(r"\b(?:block|black)(?:ed|list)|\bdnsbl\b|\brbl\b|\blisted\b|listing", re.IGNORECASE)


class Listing(Struct, frozen=True, order=True):
    """A list that somebody's reply named."""

    account_id: str
    region: str
    list_name: str


def list_named(reply: Reply) -> str | None:
    """Give the block list for which a reply refuses us, None where it names none.

    >>> list_named(Reply.of(550, "5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org"))
    'Spamhaus'
    >>> list_named(Reply.of(550, "5.1.1 No such user")) is None
    True
    """
    text = reply.text
    if reply.is_positive or not _LISTED.search(text):
        return None
    found = _NAMED.search(text)
    return None if found is None else found.lastgroup


def note_listing(session: Session, listing: Listing, ip: str, now: float) -> None:
    """Keep a finding about a list, in the transaction of the outcome."""
    arn = ses_arn(listing.region, listing.account_id, "account")
    resource = Resource(listing.account_id, listing.region, arn)
    known = store.open_of(session, resource, (IP_LISTING,)).get((IP_LISTING, listing.list_name))
    if known is not None and known.updated_at > now - REFRESH_S:
        return
    address = f"The sending IP {ip}" if ip else "A sending IP"
    text = f"{address} is listed by {listing.list_name}, as the reply of a mailbox provider says."
    store.put(session, resource, Finding(IP_LISTING, "HIGH", text, listing.list_name), now)
    if known is None:
        tell_finding(session, resource, OPENED, (text, "HIGH", IP_LISTING), now)
