"""Mail that tells of bounces in the simulated world: one for each bounce, wherever the server crashes."""

from __future__ import annotations

import pytest

from hatobin.words.outcome import RecipientState
from tests.simulation.receiver import KnowsNobody, Receiver
from tests.simulation.server import RECEIVER_IP, CrashPlan, World, draft

REPORTS = "SELECT COUNT(*) FROM queue_message WHERE account_id = 'service'"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at_commit", range(1, 8))
async def test_a_crash_at_any_write_leaves_one_report(at_commit: int, after: bool) -> None:
    world = World(at_commit)
    receiver = world.network.receivers[RECEIVER_IP] = Receiver(KnowsNobody())
    outbound = await world.start()
    await world.verify("sender@example.com")
    accepted = await outbound.acceptor.accept(draft("a@example.net"))
    world.crash = CrashPlan(at_commit=at_commit, after=after)
    await world.run(lambda: world.crash.dead or world.count(REPORTS) == 1, limit_s=600)
    if at_commit == 1:  # The one that records the bounce.
        assert world.count(REPORTS) == after
    await world.kill(outbound)

    outbound = await world.start()
    assert await world.run(world.watch(accepted.key, RecipientState.BOUNCED), limit_s=60_000)
    assert await world.run(world.all_final(), limit_s=60_000)
    assert receiver.visits["sender@example.com"] >= 1
    assert world.count(REPORTS) == 1
    assert (await world.kinds(accepted.key)).count("Bounce") == 1
    await world.kill(outbound)
