"""Recovery: what the attempt log of an earlier process says about deliveries that were under way.

Runs after the slot is taken and before anything is claimed. An attempt whose
reply was seen is settled as if nothing had happened; one without a reply may
have reached the receiver, so its recipients are counted as possible
duplicates and sent again (RFC 5321 §4.5.4: better twice than never).
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.capabilities import queue
from hatobin.capabilities.delivery import classify
from hatobin.capabilities.queue import AttemptLog, QueuedRecipient, ReadyMessage, Replayed
from hatobin.flow.outbound.settlement import Settlement, Settlements
from hatobin.ports import Database, Session
from hatobin.words.outcome import Hop, RecipientState
from hatobin.words.reply import Reply


async def recover(database: Database, log: AttemptLog, settlements: Settlements, *, now: float) -> tuple[int, int]:
    """Settle the log of an earlier process; give the numbers of settled and of doubtful attempts."""
    attempts = log.replay()
    if not attempts:
        return 0, 0
    counts = await database.write(lambda session: _settle(session, attempts, settlements, now), turn="settle")
    log.forget()
    return counts


def _settle(session: Session, attempts: Sequence[Replayed], settlements: Settlements, now: float) -> tuple[int, int]:
    seen: list[Settlement] = []
    doubtful = 0
    for attempt in attempts:
        waiting = [
            QueuedRecipient(r.position, r.address, r.address.rpartition("@")[2].lower(), r.attempts)
            for r in queue.recipients(session, attempt.key)
            if r.position in attempt.positions and r.state is RecipientState.QUEUED
        ]
        if not waiting:
            continue
        if attempt.code is None:
            doubtful += 1
            queue.count_possible_duplicates(session, attempt.key, [recipient.position for recipient in waiting])
        elif 200 <= attempt.code < 300:
            seen.append(_settlement(session, attempt, waiting, now))
    if seen:
        settlements.apply(session, seen)
    return len(seen), doubtful


def _settlement(session: Session, attempt: Replayed, waiting: list[QueuedRecipient], now: float) -> Settlement:
    stored = queue.message(session, attempt.key)
    assert stored is not None, "recipients have a message"
    reply = Reply.of(attempt.code or 250, attempt.text.partition(" ")[2])
    outcome = classify(reply, Hop(), at_recipient=False)
    message = ReadyMessage(
        key=attempt.key,
        accepted_at=stored.accepted_at,
        expires_at=stored.expires_at,
        reverse_path=stored.reverse_path,
        configuration_set=stored.configuration_set,
        tls_required=False,
        dkim=None,
        content=b"",
        blob_key=None,
        recipients=tuple(waiting),
        size=stored.size,
    )
    return Settlement(message, tuple((recipient, outcome) for recipient in waiting), now)
