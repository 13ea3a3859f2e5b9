"""Which queue a request means."""

from __future__ import annotations

from hatobin.companions.sqs import store
from hatobin.companions.sqs.model import Queue, QueueKey, split_queue_url
from hatobin.gateway import Call
from hatobin.ports import Session
from hatobin.words.errors import CallerError


def key_of(call: Call, queue_url: str) -> QueueKey:
    """Read the queue that a QueueUrl names, in the caller's region."""
    account_id, name = split_queue_url(queue_url, call.account_id)
    return QueueKey(account_id, call.region, name)


def open_queue(session: Session, call: Call, queue_url: str) -> Queue:
    """Give the queue of a QueueUrl; raises QueueDoesNotExist.

    Deviates: a queue of another account does not exist for the caller,
    whatever its policy says.
    """
    key = key_of(call, queue_url)
    queue = store.find_queue(session, key) if key.account_id == call.account_id else None
    if queue is None:
        raise missing()
    return queue


def missing() -> CallerError:
    """Make the error of a queue that is not there."""
    return CallerError("QueueDoesNotExist", "The specified queue does not exist.")
