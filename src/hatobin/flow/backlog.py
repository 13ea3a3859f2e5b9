"""What has not left yet, in one place: every destination that is behind, or has events that were given up.

Rows are counted when they are asked for; nothing on the way of an event counts for them.
"""

from __future__ import annotations

from msgspec import Struct

from hatobin.capabilities import events
from hatobin.companions import eventbridge, firehose, outward, sns
from hatobin.ports import Session

OUTBOX, SNS, FIREHOSE, EVENTS = "outbox", "sns", "firehose", "events"


class BacklogRow(Struct, frozen=True):
    """One destination. `oldest_age_s` is None where nothing waits.

    `kind` is "outbox" for what was not handed over yet, else whose queue it is: "sns" (`target` is a
    subscription, or a topic elsewhere), "firehose", "events", "sqs", "cloudwatch", "pinpoint" or "webhook".
    `dead` counts what was given up and is still kept, or, where nothing is kept (streams and rules here), ever.
    """

    kind: str
    account_id: str
    region: str
    target: str
    waiting: int
    oldest_age_s: float | None
    dead: int
    last_error: str | None = None


def backlog(session: Session, *, now: float) -> list[BacklogRow]:
    """Give the destinations that are behind or have dead events, by kind and target."""
    rows = [*_outbox(session, now), *_subscriptions(session, now), *_here(session, now), *_elsewhere(session, now)]
    behind = [row for row in rows if row.waiting or row.dead]
    return sorted(behind, key=lambda row: (row.kind, row.target, row.account_id, row.region))


def _outbox(session: Session, now: float) -> list[BacklogRow]:
    return [
        BacklogRow(OUTBOX, account_id, region, target, waiting, _age(oldest, now), 0)
        for account_id, region, target, waiting, oldest in events.outbox_by_target(session)
    ]


def _subscriptions(session: Session, now: float) -> list[BacklogRow]:
    return [
        BacklogRow(
            SNS,
            key.topic.account_id,
            key.topic.region,
            key.arn,
            found.due + found.waiting,
            _age(found.oldest_published_at, now),
            found.dead,
            found.last_error,
        )
        for found in sns.backlog(session)
        if (key := sns.SubscriptionKey.from_arn(found.subscription_arn)) is not None
    ]


def _here(session: Session, now: float) -> list[BacklogRow]:
    streams = [
        BacklogRow(
            FIREHOSE, key.account_id, key.region, key.arn, one.records, _age(one.oldest_at, now), one.lost_records
        )
        for one in firehose.backlog(session)
        if (key := firehose.StreamKey.from_arn(one.stream_arn)) is not None
    ]
    targets = [
        BacklogRow(EVENTS, key.account_id, key.region, f"{key.arn} {arn}", 0, None, failed)
        for key, arn, failed in eventbridge.failed_targets(session)
    ]
    return streams + targets


def _elsewhere(session: Session, now: float) -> list[BacklogRow]:
    return [
        BacklogRow(
            one.key.kind,
            one.key.account_id,
            one.key.region,
            one.key.target,
            one.waiting,
            _age(one.oldest_created_at, now),
            one.dead,
            one.last_error,
        )
        for one in outward.backlog(session)
    ]


def _age(since: float | None, now: float) -> float | None:
    return None if since is None else max(0.0, round(now - since, 3))
