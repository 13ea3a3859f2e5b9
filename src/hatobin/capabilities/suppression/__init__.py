"""The suppression lists: addresses that an account, or one of its tenants, does not send to, by region.

A hard bounce or a complaint puts an address on it, or the account does so
itself. A message to a suppressed recipient is accepted and counted, but not
sent: the recipient gets a Bounce or Complaint event of the kind
OnAccountSuppressionList. `lookup` is asked at acceptance, `add` when a message
is settled; `effective` says which reasons count for a message.
"""

from __future__ import annotations

from hatobin.capabilities.suppression import api_v2
from hatobin.capabilities.suppression.model import (
    REASONS,
    InvalidDestination,
    SuppressedDestination,
    TenantLists,
    effective,
    key_of,
)
from hatobin.capabilities.suppression.store import add, add_many, find, forget_some, lookup, remove, remove_many

__all__ = [
    "REASONS",
    "InvalidDestination",
    "SuppressedDestination",
    "TenantLists",
    "add",
    "add_many",
    "api_v2",
    "effective",
    "find",
    "forget_some",
    "key_of",
    "lookup",
    "remove",
    "remove_many",
]
