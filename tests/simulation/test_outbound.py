"""The outbound flow in a simulated world: retries in milliseconds, a crash at every write.

Invariants: what was acknowledged survives any crash; each recipient reaches
exactly one final state once faults stop; every final state has its event; a
message arrives twice only where a possible duplicate was counted.
"""

from __future__ import annotations

import asyncio

import pytest

from hatobin.flow.outbound import accept
from hatobin.flow.outbound.draft import Accepted
from hatobin.flow.outbound.refusals import Unavailable
from hatobin.words.outcome import RecipientState
from tests.simulation.receiver import Accepts, Behaviour, Defers, DropsInData, KnowsNobody, Receiver
from tests.simulation.server import RECEIVER_IP, CrashPlan, World, draft
from tests.stores import not_on_postgres

FINAL = {RecipientState.DELIVERED, RecipientState.BOUNCED, RecipientState.EXPIRED}


async def make_world(behaviour: Behaviour, seed: int = 1) -> tuple[World, Receiver]:
    world = World(seed)
    receiver = Receiver(behaviour)
    world.network.receivers[RECEIVER_IP] = receiver
    return world, receiver


async def test_a_message_is_delivered_and_its_events_recorded() -> None:
    world, receiver = await make_world(Accepts())
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net", "b@example.org"))
    assert await world.run(lambda: len(receiver.taken) == 1 and not outbound.ready.messages)
    assert receiver.taken[0].recipients == ("a@example.net", "b@example.org")
    assert await world.states(accepted.key) == [RecipientState.DELIVERED] * 2
    assert await world.kinds(accepted.key) == ["Send", "Delivery"]
    await world.kill(outbound)


async def test_a_receiver_that_defers_twice_gets_the_message_at_the_third_attempt() -> None:
    world, receiver = await make_world(Defers(times=2))
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net"))
    assert await world.run(lambda: bool(receiver.taken) and not outbound.ready.messages)
    # 2 min and 5 min, ±20 %.
    assert 0.8 * 420 <= world.clock.elapsed_s <= 1.2 * 420 + 5
    assert await world.kinds(accepted.key) == ["Send", "DeliveryDelay", "DeliveryDelay", "Delivery"]
    assert await world.states(accepted.key) == [RecipientState.DELIVERED]
    await world.kill(outbound)


@not_on_postgres
async def test_a_receiver_that_always_defers_leads_to_a_transient_bounce_after_fourteen_hours() -> None:
    world, receiver = await make_world(Defers(times=1_000_000))
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net"))
    expired = world.watch(accepted.key, RecipientState.EXPIRED)
    assert await world.run(expired)
    assert 14 * 3600 <= world.clock.elapsed_s <= 14 * 3600 + 60
    kinds = await world.kinds(accepted.key)
    assert kinds[0] == "Send"
    assert kinds[-1] == "Bounce"
    # 2, 5, 10, 20, 40 minutes, then hourly.
    assert 15 <= kinds.count("DeliveryDelay") <= 22
    assert not receiver.taken
    await world.kill(outbound)


async def test_a_receiver_that_drops_the_connection_in_data_gets_the_message_again() -> None:
    world, receiver = await make_world(DropsInData(times=1))
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net"))
    assert await world.run(lambda: len(receiver.taken) == 1 and not outbound.ready.messages)
    assert await world.states(accepted.key) == [RecipientState.DELIVERED]
    assert await world.kinds(accepted.key) == ["Send", "DeliveryDelay", "Delivery"]
    await world.kill(outbound)


@pytest.mark.parametrize("after_taking", [False, True])
async def test_content_without_an_answer_counts_as_a_possible_duplicate(after_taking: bool) -> None:
    world, receiver = await make_world(DropsInData(times=1, after_taking=after_taking))
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net", "b@example.net"))
    assert await world.run(world.watch(accepted.key, RecipientState.DELIVERED))
    assert len(receiver.taken) == 1 + after_taking
    # The sender cannot know which of the two it was.
    assert (await world.figures()).possible_duplicates == 2
    await world.kill(outbound)


async def test_an_unknown_user_bounces_once_and_is_suppressed_from_then_on() -> None:
    world, receiver = await make_world(KnowsNobody())
    outbound = await world.start()
    await world.verify("sender@example.com")
    first = await outbound.acceptor.accept(draft("nobody@example.net"))
    assert await world.run(world.watch(first.key, RecipientState.BOUNCED))
    second = await outbound.acceptor.accept(draft("nobody@example.net"))
    assert await world.states(second.key) == [RecipientState.SUPPRESSED]
    assert await world.kinds(second.key) == ["Send", "Bounce"]
    assert receiver.visits["nobody@example.net"] == 1
    await world.kill(outbound)


async def test_an_unreachable_receiver_is_tried_again_when_it_is_back() -> None:
    world, receiver = await make_world(Accepts())
    del world.network.receivers[RECEIVER_IP]
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net"))
    assert await world.run(lambda: world.clock.elapsed_s > 300, limit_s=400)
    world.network.receivers[RECEIVER_IP] = receiver
    assert await world.run(lambda: bool(receiver.taken) and not outbound.ready.messages)
    assert await world.states(accepted.key) == [RecipientState.DELIVERED]
    await world.kill(outbound)


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("at_commit", range(1, 12))
async def test_a_crash_at_any_write_loses_nothing(at_commit: int, after: bool) -> None:
    world, receiver = await make_world(Defers(times=1), seed=at_commit)
    outbound = await world.start()
    await world.verify("sender@example.com")
    world.crash = CrashPlan(at_commit=at_commit, after=after)
    acknowledged: list[Accepted] = []

    async def client(number: int) -> None:
        acknowledged.append(await outbound.acceptor.accept(draft(f"r{number}@example.net", body=f"message {number}")))

    clients = [asyncio.ensure_future(client(number)) for number in range(3)]
    await world.run(lambda: world.crash.dead or (not outbound.ready.messages and len(acknowledged) == 3), limit_s=600)
    await world.kill(outbound)
    await asyncio.gather(*clients, return_exceptions=True)

    outbound = await world.start()
    assert await world.run(world.all_final(), limit_s=60_000)
    figures = await world.figures()
    arrived = [message.content for message in receiver.taken]
    for accepted in acknowledged:
        assert set(await world.states(accepted.key)) <= FINAL
        assert (await world.kinds(accepted.key))[-1] == "Delivery"
        assert sum(accepted.key.message_id.encode() in content for content in arrived) >= 1
    assert len(arrived) - len(set(arrived)) <= figures.possible_duplicates
    await world.kill(outbound)


@pytest.mark.parametrize("seed", range(1, 6))
async def test_the_same_seed_gives_the_same_trace(seed: int) -> None:
    traces = []
    for _ in range(2):
        world, receiver = await make_world(Defers(times=1), seed=seed)
        outbound = await world.start()
        await world.verify("sender@example.com")
        for number in range(5):
            await outbound.acceptor.accept(draft(f"r{number}@example.net"))
        assert await world.run(lambda r=receiver, o=outbound: len(r.taken) == 5 and not o.ready.messages)
        traces.append((world.clock.elapsed_s, [m.content for m in receiver.taken]))
        await world.kill(outbound)
    assert traces[0] == traces[1]


async def test_a_recipient_suppressed_while_deferred_is_not_attempted_again() -> None:
    world, receiver = await make_world(Defers(times=1))
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net"))
    assert await world.run(lambda: receiver.visits["a@example.net"] == 1 and not outbound.ready.messages)
    await world.suppress("a@example.net")
    assert await world.run(world.watch(accepted.key, RecipientState.SUPPRESSED))
    assert receiver.visits["a@example.net"] == 1
    assert await world.kinds(accepted.key) == ["Send", "DeliveryDelay", "Bounce"]
    await world.kill(outbound)


async def test_a_worker_that_stood_still_delivers_what_it_had_left_once_it_beats_again() -> None:
    world, receiver = await make_world(Accepts())
    outbound = await world.start()
    await world.verify("sender@example.com")
    world.clock.elapsed_s += 100  # Stopped, or without its store: nobody knows who holds its rows now.
    accepted = await outbound.acceptor.accept(draft("a@example.net"))
    assert await world.run(lambda: bool(receiver.taken) and not outbound.ready.messages, limit_s=60)
    assert len(receiver.taken) == 1
    assert await world.states(accepted.key) == [RecipientState.DELIVERED]
    assert await world.kinds(accepted.key) == ["Send", "Delivery"]
    await world.kill(outbound)


@pytest.mark.parametrize(("limit", "value"), [("MAX_LINE", 3), ("MAX_LINE_BYTES", 1)])
async def test_a_line_that_is_full_sends_newcomers_away_until_it_moves(
    limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accept, limit, value)
    world, receiver = await make_world(Accepts())
    outbound = await world.start()
    await world.verify("sender@example.com")
    drafts = [draft(f"r{number}@example.net") for number in range(5)]
    results = await outbound.acceptor.accept_all(drafts)
    taken = 3 if limit == "MAX_LINE" else 1
    assert [isinstance(result, Accepted) for result in results] == [True] * taken + [False] * (5 - taken)
    assert {type(result) for result in results[taken:]} == {Unavailable}
    # It has moved: there is room again, and who was refused left nothing behind.
    assert isinstance(await outbound.acceptor.accept(draft("later@example.net")), Accepted)
    assert await world.run(lambda: len(receiver.taken) == taken + 1 and not outbound.ready.messages)
    await world.kill(outbound)
