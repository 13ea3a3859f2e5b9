"""What waits for a destination, and what none has taken, by the kind of destination: figures for the operator."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from hatobin.capabilities.events.store import backlog
from hatobin.companions import firehose, sns
from hatobin.ports import Session


class Waiting(Struct, frozen=True):
    """Of one kind of destination: how much waits, and how much was given up."""

    waiting: int = 0
    dead: int = 0


def by_destination(session: Session) -> Mapping[str, Waiting]:
    """Give the figures of every kind: "outbox" (not handed over yet), "firehose", and the protocols of SNS."""
    streams = firehose.totals(session)
    topics = sns.backlog_by_protocol(session)
    return {
        "outbox": Waiting(backlog(session)),
        "firehose": Waiting(streams.records, streams.lost_records),
        **{f"sns-{protocol}": Waiting(waiting, dead) for protocol, (waiting, dead) in sorted(topics.items())},
    }
