"""The queue: messages that were accepted, and their recipients on the way.

A message is one row, its body another, and each recipient one narrow row that
carries the state. A recipient row is either leased by a worker, which holds
it in memory (`ReadyQueue`), or due at a time and claimed by whoever comes
first. A lease is (worker, epoch); taking over a dead worker's slot raises the
epoch, so what the old holder still says is told apart from the new holder's
word. See `docs/flow.md` for the life of one message.
"""

from __future__ import annotations

from hatobin.capabilities.queue.attempts import Attempt, AttemptLog, Replayed
from hatobin.capabilities.queue.counting import QueueTotals, totals, workers
from hatobin.capabilities.queue.expiry import BLOB_PREFIX, blob_key, find_expired, remove, unknown_blobs
from hatobin.capabilities.queue.history import SentMessage, sent_between
from hatobin.capabilities.queue.leases import WorkerLease, held_for_s
from hatobin.capabilities.queue.model import (
    MAX_SUBJECT,
    TRACKED_CLICKS,
    TRACKED_OPENS,
    DkimKeyChoice,
    Lease,
    MessageKey,
    NewMessage,
    NewRecipient,
    QueuedRecipient,
    QueueFigures,
    ReadyMessage,
    StoredMessage,
    StoredRecipient,
)
from hatobin.capabilities.queue.reading_store import (
    body,
    last_outcomes,
    message,
    recent,
    recent_messages,
    recipients,
    scopes,
)
from hatobin.capabilities.queue.ready import ReadyQueue, Site
from hatobin.capabilities.queue.search_store import IdRange, MessageFilter, Searched, pick, search
from hatobin.capabilities.queue.settling import FinalState, drop_bodies, finish_all
from hatobin.capabilities.queue.store import (
    claim_due,
    count_possible_duplicates,
    defer,
    enqueue,
    enqueue_all,
    figures,
    finish,
    give_back,
    give_back_message,
    leased_to,
    next_due_at,
    release,
)

__all__ = [
    "BLOB_PREFIX",
    "MAX_SUBJECT",
    "TRACKED_CLICKS",
    "TRACKED_OPENS",
    "Attempt",
    "AttemptLog",
    "DkimKeyChoice",
    "FinalState",
    "IdRange",
    "Lease",
    "MessageFilter",
    "MessageKey",
    "NewMessage",
    "NewRecipient",
    "QueueFigures",
    "QueueTotals",
    "QueuedRecipient",
    "ReadyMessage",
    "ReadyQueue",
    "Replayed",
    "Searched",
    "SentMessage",
    "Site",
    "StoredMessage",
    "StoredRecipient",
    "WorkerLease",
    "blob_key",
    "body",
    "claim_due",
    "count_possible_duplicates",
    "defer",
    "drop_bodies",
    "enqueue",
    "enqueue_all",
    "figures",
    "find_expired",
    "finish",
    "finish_all",
    "give_back",
    "give_back_message",
    "held_for_s",
    "last_outcomes",
    "leased_to",
    "message",
    "next_due_at",
    "pick",
    "recent",
    "recent_messages",
    "recipients",
    "release",
    "remove",
    "scopes",
    "search",
    "sent_between",
    "totals",
    "unknown_blobs",
    "workers",
]
