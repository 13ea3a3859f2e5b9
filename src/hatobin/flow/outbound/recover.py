"""Recovery: what the attempt log of an earlier process says about deliveries that were under way.

Runs in the transaction that takes the slot, and once more in the one that
gives it back, because from then on anybody may deliver what is still queued.
An attempt whose reply was seen is settled as if nothing had happened; one
without a reply may have reached the receiver, so its recipients are counted
as possible duplicates and sent again (RFC 5321 §4.5.4: better twice than
never).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities import queue
from hatobin.capabilities.delivery import classify
from hatobin.capabilities.queue import AttemptLog, Lease, QueuedRecipient, ReadyMessage, Replayed, WorkerLease
from hatobin.flow.outbound.settlement import Settlement, Settlements
from hatobin.ports import Ports, Session
from hatobin.words.outcome import Hop, RecipientState
from hatobin.words.reply import Reply
from hatobin.words.settings import Settings


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many attempts of an earlier process were settled, and how many are in doubt."""

    settled: int = 0
    doubtful: int = 0


async def take_slot(ports: Ports, settings: Settings, log: AttemptLog, worker: int) -> tuple[WorkerLease, Recovered]:
    """Take a worker slot and settle the log of the process that had it before, in one transaction."""
    attempts = log.replay()
    recovered = Recovered()

    def settle(session: Session, lease: Lease) -> None:
        nonlocal recovered
        settlements = Settlements(settings, ports.entropy, lease)
        recovered = _settle(session, attempts, settlements, ports.clock.now())

    lease = await WorkerLease.acquire(
        ports.database, ports.clock, worker, dead_after_s=settings.server.dead_after_s, settle=settle
    )
    log.forget()
    return lease, recovered


async def give_back_slot(ports: Ports, settings: Settings, log: AttemptLog, lease: Lease) -> None:
    """Give back what a worker holds, and settle what its log says of attempts that were cut off.

    Raises `DatabaseUnavailable`; then the next process on the slot does it.
    """
    attempts = log.unsettled()
    now = ports.clock.now()

    def work(session: Session) -> None:
        _settle(session, attempts, Settlements(settings, ports.entropy, lease), now)
        queue.release(session, lease, now=now)

    await ports.database.write(work, turn="settle")
    log.forget()


def _settle(session: Session, attempts: Sequence[Replayed], settlements: Settlements, now: float) -> Recovered:
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
    return Recovered(len(seen), doubtful)


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
        tenant=stored.tenant,
    )
    return Settlement(message, tuple((recipient, outcome) for recipient in waiting), now)
