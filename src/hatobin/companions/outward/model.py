"""Calls and their targets as values, and when a failed call is tried again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from hatobin.ports import Entropy

GIVE_UP_AFTER_S = 24 * 3600.0
"""Counted from a call's first turn: one that waited for its predecessor has a day of its own."""
DEAD_RETENTION_S = 14 * 86_400.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
JITTER = 0.2
"""The part of each pause that is drawn by chance, so that the calls of a target do not march in step."""
STEADY_PAUSES_S = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
"""From one failed post to a subscriber to the next; the last one repeats."""
MAX_ERROR = 500
"""Characters of what went wrong that are kept."""


class CallKind(Enum):
    """What is called; the values are those in the table. All but webhooks are the services' names in `[aws.NAME]`."""

    SNS = "sns"
    SQS = "sqs"
    FIREHOSE = "firehose"
    EVENTS = "events"
    CLOUDWATCH = "cloudwatch"
    PINPOINT = "pinpoint"
    WEBHOOK = "webhook"


class CallState(IntEnum):
    """How far a call has come; the numbers are those in the table. What arrived has no row."""

    DUE = 0
    WAITING = 1
    DEAD = 2


@dataclass(frozen=True, slots=True, order=True)
class TargetKey:
    """Who is called for whom: a topic, queue, stream, bus, application by its ARN; a namespace; a webhook's name."""

    account_id: str
    region: str
    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class CallDraft:
    """A call on its way into the table. Calls of a target with the same `order_key` are made one after the other."""

    payload: str
    order_key: str | None = None


@dataclass(frozen=True, slots=True)
class Leased:
    """A call that we hold: what it says, and what was tried before. Times are seconds since the epoch."""

    key: TargetKey
    call_id: str
    payload: str
    order_key: str
    created_at: float
    turn_at: float
    attempts: int


@dataclass(frozen=True, slots=True)
class TargetBacklog:
    """What one target has not got, and how it went so far."""

    key: TargetKey
    waiting: int
    oldest_created_at: float | None
    dead: int
    delivered: int
    dead_lettered: int
    last_error: str | None


def pause_s(kind: str, failed_attempts: int, entropy: Entropy) -> float:
    """Say how long to wait after so many failed attempts: webhooks are posted to as SNS posts, services backed off."""
    if kind == CallKind.WEBHOOK.value:
        pause = STEADY_PAUSES_S[min(failed_attempts, len(STEADY_PAUSES_S)) - 1]
    else:
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failed_attempts - 1, 16))
    return pause * entropy.uniform(1.0 - JITTER, 1.0 + JITTER)
