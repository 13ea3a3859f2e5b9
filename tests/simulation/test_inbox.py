"""Mailbox mode: what the inbox takes is delivered by the transaction that accepts it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hatobin.capabilities import inbox, queue, suppression
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Delivery, Local, Service, Settings
from tests.simulation.server import ACCOUNT, REGION, CrashPlan, World, draft

SIMULATED = "success@simulator.amazonses.com"


def mailbox_world(**local: int) -> World:
    settings = Settings(
        delivery=Delivery(mode="mailbox", service_signature=False),
        service=Service(domain="mail.example"),
        local=Local(**local),
    )
    return World(settings=settings)


async def test_mail_is_in_the_inbox_when_its_sender_has_the_answer() -> None:
    world = mailbox_world()
    await world.verify("sender@example.com")
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(draft("ann@example.net", "bob@example.org"))
    entries = await world.database.read(lambda s: inbox.search(s, limit=10))
    assert [entry.recipients for entry in entries] == [("ann@example.net", "bob@example.org")]
    assert entries[0].content
    assert await world.states(accepted.key) == [RecipientState.DELIVERED] * 2
    assert await world.kinds(accepted.key) == ["Send", "Delivery"]
    assert outbound.ready.messages == 0
    assert world.count("SELECT attempts FROM account_statistics") == 2
    totals = await world.database.read(queue.totals)
    assert (totals.final[RecipientState.DELIVERED], totals.queued) == (2, 0)
    await world.kill(outbound)


async def test_the_simulator_answers_by_itself_and_the_suppressed_get_nothing() -> None:
    world = mailbox_world()
    await world.verify("sender@example.com")
    await world.database.write(
        lambda s: suppression.add(s, ACCOUNT, REGION, "gone@example.net", "BOUNCE", world.clock.now())
    )
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(draft("ann@example.net", SIMULATED, "gone@example.net"))
    assert await world.run(world.all_final())
    delivered, suppressed = RecipientState.DELIVERED, RecipientState.SUPPRESSED
    assert await world.states(accepted.key) == [delivered, delivered, suppressed]
    assert await world.kinds(accepted.key) == ["Send", "Bounce", "Delivery", "Delivery"]
    entries = await world.database.read(lambda s: inbox.search(s, limit=10))
    assert [entry.recipients for entry in entries] == [("ann@example.net",)]
    assert entries[0].content, "the simulator's end does not take the content away"
    await world.kill(outbound)


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_leaves_the_whole_or_nothing(after: bool) -> None:
    world = mailbox_world()
    await world.verify("sender@example.com")
    outbound = await world.start()
    world.crash = CrashPlan(at_commit=1, after=after)
    client = asyncio.ensure_future(outbound.acceptor.accept(draft("ann@example.net")))
    await world.run(lambda: world.crash.dead, limit_s=60)
    await world.kill(outbound)
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)
    world.crash = CrashPlan()
    kept = await world.database.read(lambda s: inbox.search(s, limit=10))
    assert len(kept) == int(after)
    assert world.count("SELECT count(*) FROM queue_message") == int(after)
    assert world.count("SELECT count(*) FROM event_record") == 2 * int(after)


async def test_the_inbox_keeps_its_limit() -> None:
    world = mailbox_world(inbox_messages=50)
    await world.verify("sender@example.com")
    outbound = await world.start()
    for _ in range(3):
        await outbound.acceptor.accept_all([draft("ann@example.net") for _ in range(100)])
        await world.run(world.all_final())
    assert world.count("SELECT count(*) FROM inbox_message") == 50
    assert world.count("SELECT count(*) FROM queue_body") == 50
    await world.kill(outbound)


async def test_what_was_queued_under_another_mode_comes_into_the_inbox_too() -> None:
    world = World()  # A relay that does not answer.
    await world.verify("sender@example.com")
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(draft("ann@example.net"))
    await world.kill(outbound)
    delivery = msgspec.structs.replace(world.settings.delivery, mode="mailbox", relay="")
    world.settings = msgspec.structs.replace(world.settings, delivery=delivery)
    outbound = await world.start()
    assert await world.run(world.watch(accepted.key, RecipientState.DELIVERED))
    assert world.count("SELECT count(*) FROM inbox_message") == 1
    await world.kill(outbound)
