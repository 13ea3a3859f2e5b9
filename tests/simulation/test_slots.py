"""A worker slot changes hands while others wait for its rows; and rows that a slot holds without knowing it."""

from __future__ import annotations

from hatobin.capabilities import queue
from hatobin.capabilities.queue import AttemptLog, Lease, MessageKey, NewMessage, NewRecipient
from hatobin.flow.outbound import give_back_slot, take_slot
from hatobin.words.outcome import RecipientState
from hatobin.words.reply import Reply
from tests.simulation.receiver import Accepts, Receiver
from tests.simulation.server import RECEIVER_IP, CrashPlan, World

SLOT = 0
QUEUED = Reply.of(250, "2.0.0 Ok: queued")


async def hold(world: World, number: int, lease: Lease) -> MessageKey:
    """Store a message for one recipient that a lease holds."""
    key = MessageKey("123456789012", "us-east-1", f"id-{number}")
    message = NewMessage(
        key=key,
        accepted_at=world.clock.now(),
        expires_at=world.clock.now() + 50_400,
        source="sender@example.com",
        reverse_path=f"id-{number}@mail.example",
        identity_arn="arn:aws:ses:us-east-1:123456789012:identity/example.com",
        configuration_set=None,
        tls_required=False,
        dkim=None,
        tags="{}",
        mail="",
        content=b"From: sender@example.com\r\n\r\nHello\r\n",
        blob_key=None,
        recipients=(NewRecipient(f"reader-{number}@example.net", "example.net"),),
    )
    await world.database.write(lambda session: queue.enqueue(session, message, lease))
    return key


async def row(world: World, key: MessageKey) -> tuple[RecipientState, int]:
    """Give what became of the recipient, and how often it may have got a copy that nobody knows of."""
    (recipient,) = await world.database.read(lambda session: queue.recipients(session, key))
    return recipient.state, recipient.possible_duplicates


async def claimable(world: World) -> set[str]:
    """Give the messages that another worker would deliver now."""
    claimed = await world.database.write(
        lambda session: queue.claim_due(session, Lease(7, 1), now=world.clock.now(), limit=10)
    )
    return {message.key.message_id for message in claimed}


async def test_what_the_journal_knows_is_recorded_in_the_transaction_that_frees_the_rows() -> None:
    world = World()
    log = AttemptLog(world.journal)
    before, _ = await take_slot(world.ports, world.settings, log, SLOT)
    seen, unseen, untried = [await hold(world, number, before.lease) for number in range(3)]
    log.outcome(log.start(seen, [0]), QUEUED)
    log.start(unseen, [0])
    world.crash = CrashPlan()
    lease, recovered = await take_slot(world.ports, world.settings, AttemptLog(world.journal), SLOT)
    assert world.crash.commits == 1, "between two of them another worker would send again what was delivered"
    assert (recovered.settled, recovered.doubtful) == (1, 1)
    assert lease.lease.epoch > before.lease.epoch
    assert await row(world, seen) == (RecipientState.DELIVERED, 0)
    assert await row(world, unseen) == (RecipientState.QUEUED, 1)
    assert await row(world, untried) == (RecipientState.QUEUED, 0)
    assert await claimable(world) == {"id-1", "id-2"}
    assert not world.journal.records


async def test_attempts_that_a_stop_cuts_off_are_owned_up_to_before_the_rows_are_free() -> None:
    world = World()
    log = AttemptLog(world.journal)
    held, _ = await take_slot(world.ports, world.settings, log, SLOT)
    seen, unseen, settled = [await hold(world, number, held.lease) for number in range(3)]
    log.outcome(log.start(seen, [0]), QUEUED)
    log.start(unseen, [0])
    log.settled(log.start(settled, [0]))
    world.crash = CrashPlan()
    await give_back_slot(world.ports, world.settings, log, held.lease)
    assert world.crash.commits == 1
    assert await row(world, seen) == (RecipientState.DELIVERED, 0)
    assert await row(world, unseen) == (RecipientState.QUEUED, 1)
    assert await row(world, settled) == (RecipientState.QUEUED, 0)
    assert await claimable(world) == {"id-1", "id-2"}
    assert not world.journal.records, "the next start has nothing to recover"


async def test_rows_that_a_slot_holds_without_knowing_it_are_delivered_after_a_beat() -> None:
    world, receiver = World(), Receiver(Accepts())
    world.network.receivers[RECEIVER_IP] = receiver
    outbound = await world.start()
    epoch = world.count(f"SELECT epoch FROM queue_worker WHERE worker = {SLOT}")
    # A commit whose answer was lost leased the one; a process before this one had the other one's under way.
    ours, earlier = await hold(world, 1, Lease(SLOT, epoch)), await hold(world, 2, Lease(SLOT, epoch - 1))
    theirs = await hold(world, 3, Lease(7, 1))
    assert await world.run(lambda: len(receiver.taken) == 2, limit_s=world.settings.server.dead_after_s)
    assert await world.run(lambda: not outbound.ready.messages)
    assert await row(world, ours) == await row(world, earlier) == (RecipientState.DELIVERED, 0)
    assert await row(world, theirs) == (RecipientState.QUEUED, 0)
    await world.kill(outbound)
