"""What waits for a destination, and what none has taken, by the kind of destination: figures for the operator."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from hatobin.capabilities.events.store import backlog
from hatobin.companions import eventbridge, firehose, outward, sns
from hatobin.ports import Session


class Waiting(Struct, frozen=True):
    """Of one kind of destination: how much waits, and how much was given up."""

    waiting: int = 0
    dead: int = 0


def by_destination(session: Session) -> Mapping[str, Waiting]:
    """Give the figures of every kind.

    "outbox" was not handed over yet; "firehose", "rules" and the protocols of SNS are here; what goes to services
    elsewhere and to webhooks stands under "elsewhere-" and its kind.
    """
    streams = firehose.totals(session)
    found = {
        "outbox": Waiting(backlog(session)),
        "firehose": Waiting(streams.records, streams.lost_records),
        "rules": Waiting(0, sum(failed for *_, failed in eventbridge.failed_targets(session))),
    }
    for protocol, (waiting, dead) in sorted(sns.backlog_by_protocol(session).items()):
        found[f"sns-{protocol}"] = Waiting(waiting, dead)
    for one in outward.backlog(session):
        kind = f"elsewhere-{one.key.kind}"
        before = found.get(kind, Waiting())
        found[kind] = Waiting(before.waiting + one.waiting, before.dead + one.dead)
    return found
