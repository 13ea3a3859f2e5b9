"""What was sent in a time, message by message: for reports about one's own traffic."""

from __future__ import annotations

from msgspec import Struct

from hatobin.ports import Session, Value
from hatobin.words.identifiers import id_bound
from hatobin.words.outcome import RecipientState


class SentMessage(Struct, frozen=True):
    """A message with how many recipients it has, and how many have got it."""

    message_id: str
    accepted_at: float
    source: str
    configuration_set: str | None
    recipients: int
    delivered: int
    subject: str


def sent_between(
    session: Session, account_id: str, region: str, between: tuple[float, float], limit: int
) -> list[SentMessage]:
    """Give messages accepted between two moments, the newest first: ranges of the primary keys."""
    where: dict[str, Value] = {"account_id": account_id, "region": region}
    messages = session.execute(
        """SELECT message_id, accepted_at, source, configuration_set, subject FROM queue_message
        WHERE account_id = :account_id AND region = :region AND message_id >= :first AND message_id < :last
        ORDER BY message_id DESC LIMIT :limit""",
        {
            **where,
            "first": id_bound(region, between[0]),
            "last": id_bound(region, between[1] + 0.001),
            "limit": limit,
        },
    )
    if not messages:
        return []
    rows = session.execute(
        """SELECT message_id, COUNT(*), SUM(CASE WHEN state = :delivered THEN 1 ELSE 0 END) FROM queue_recipient
        WHERE account_id = :account_id AND region = :region AND message_id >= :first AND message_id <= :last
        GROUP BY message_id""",
        {
            **where,
            "delivered": int(RecipientState.DELIVERED),
            "first": messages[-1][0],
            "last": messages[0][0],
        },
    )
    counts = {message_id: (int(recipients), int(delivered)) for message_id, recipients, delivered in rows}
    return [
        SentMessage(identifier, at, source, set_name, *counts.get(identifier, (0, 0)), subject)
        for identifier, at, source, set_name, subject in messages
    ]
