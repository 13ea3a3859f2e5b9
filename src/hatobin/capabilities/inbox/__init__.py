"""The local inbox: in mailbox mode mail goes here instead of to the network.

A developer's view on what was sent. Rows point at the queue's body; the
oldest go when there are more than `local.inbox_messages`, or when their time in the store is over.
"""

from __future__ import annotations

from hatobin.capabilities.inbox.model import Captured, InboxEntry
from hatobin.capabilities.inbox.store import clear, find, holds, keep, remove, search, trim

__all__ = ["Captured", "InboxEntry", "clear", "find", "holds", "keep", "remove", "search", "trim"]
