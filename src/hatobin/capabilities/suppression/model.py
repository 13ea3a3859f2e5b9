"""Suppressed destinations as values, and the rules about their addresses. Pure.

Management is exact: an address is kept trimmed with its domain in lower case
and its local part as written, and only that address gets, replaces or deletes
it (probed: surface.md §4.9, DEV-IS-11).

Sending is wider. Public sources disagree on whether SES compares the local
part exactly (cases, §5.3); here case does not matter, because practically no
host has two mailboxes that differ only in case, and a mail to an address that
bounced harms the sender. `a+b` and `a` stay two addresses.

Refs: AWS developer guide, "sending-email-suppression-list".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hatobin.ports import Session
from hatobin.words.address_rules import MAX_ADDRESS_LENGTH

REASONS = ("BOUNCE", "COMPLAINT")


class InvalidDestination(ValueError):
    """A text is no address that could be suppressed; the message is for the caller."""


@dataclass(frozen=True, slots=True)
class SuppressedDestination:
    """One address on the list, why it is there, and what put it there."""

    address: str
    reason: str
    updated_at: float
    message_id: str | None = None
    feedback_id: str | None = None


@dataclass(frozen=True, slots=True)
class TenantLists:
    """How this room asks for the id of a tenant, whose list bears it; None where there is no such tenant.

    Tenants clear their lists before they go, so this room cannot import
    theirs: the composition root offers the function as a service.
    """

    find_id: Callable[[Session, str, str, str], str | None]


def key_of(text: str) -> str:
    """Give the address as the list keeps it. Raises `InvalidDestination`.

    >>> key_of(" Foo.Bar@Example.COM ")
    'Foo.Bar@example.com'
    """
    trimmed = text.strip()
    if not trimmed:
        raise InvalidDestination("EmailAddress is required.")
    local, at, domain = trimmed.rpartition("@")
    if not at or not local or not domain or len(trimmed) > MAX_ADDRESS_LENGTH:
        raise InvalidDestination(f"EmailAddress <{trimmed}> is invalid")
    return f"{local}@{domain.lower()}"


def effective(
    found: Mapping[str, str], *, account_reasons: Sequence[str], override: Sequence[str] | None
) -> dict[str, str]:
    """Keep the suppressed addresses whose reason counts for this message.

    `override` is the configuration set's own list of reasons: None leaves it
    to the account, an empty one turns suppression off (surface.md §4.9).

    >>> effective({"a@x": "BOUNCE", "b@x": "COMPLAINT"}, account_reasons=("BOUNCE",), override=None)
    {'a@x': 'BOUNCE'}
    """
    reasons = account_reasons if override is None else override
    return {address: reason for address, reason in found.items() if reason in reasons}
