"""The message log: what happened to a mail, found by whatever one knows of it.

It has no table of its own: the queue keeps messages and recipients for
`store.history_s`, the events what became of them, and both are written in the
transactions of acceptance and settlement. What is here decides which of their
indexes leads to an answer, and puts the answer together. A search looks at a
bounded number of messages and says where the next one goes on, so none costs
more than some tens of milliseconds, however much is kept.
"""

from __future__ import annotations

from hatobin.capabilities.message_log.model import LogEntry, LogPage, LogQuery, Outcome
from hatobin.capabilities.message_log.searching import entry, search

__all__ = ["LogEntry", "LogPage", "LogQuery", "Outcome", "entry", "search"]
