"""What a configuration set says about delivery is what happens: its time, its TLS policy."""

from __future__ import annotations

import pytest

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import Options
from hatobin.gateway.models.sesv2 import DeliveryOptions, SuppressionListReason, SuppressionOptions, TlsPolicy
from hatobin.words.outcome import RecipientState
from tests.simulation.receiver import Accepts, Behaviour, Defers, KnowsNobody, Receiver
from tests.simulation.server import ACCOUNT, RECEIVER_IP, REGION, World, draft


async def make_world(
    behaviour: Behaviour, delivery: DeliveryOptions | None = None, suppression: SuppressionOptions | None = None
) -> tuple[World, Receiver]:
    world, receiver = World(), Receiver(behaviour)
    world.network.receivers[RECEIVER_IP] = receiver
    await world.verify("sender@example.com")
    await world.database.write(
        lambda s: configuration_sets.insert(
            s, ACCOUNT, REGION, "cs", Options(delivery=delivery, suppression=suppression), world.clock.now()
        )
    )
    return world, receiver


@pytest.mark.parametrize("seconds", [300, 3600])
async def test_a_message_expires_when_its_set_says_so(seconds: int) -> None:
    world, receiver = await make_world(Defers(times=1_000_000), DeliveryOptions(max_delivery_seconds=seconds))
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(draft("a@example.net", configuration_set="cs"))
    assert await world.run(world.watch(accepted.key, RecipientState.EXPIRED))
    assert seconds <= world.clock.elapsed_s <= seconds + 60
    assert (await world.kinds(accepted.key))[-1] == "Bounce"
    assert not receiver.taken
    await world.kill(outbound)


@pytest.mark.parametrize(("policy", "state"), [("REQUIRE", RecipientState.EXPIRED), (None, RecipientState.DELIVERED)])
async def test_a_server_without_tls_gets_nothing_that_requires_it(
    policy: TlsPolicy | None, state: RecipientState
) -> None:
    world, receiver = await make_world(Accepts(), DeliveryOptions(tls_policy=policy, max_delivery_seconds=300))
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(draft("a@example.net", configuration_set="cs"))
    assert await world.run(world.all_final())
    assert await world.states(accepted.key) == [state]
    taken = [one for one in receiver.taken if "a@example.net" in one.recipients]
    assert len(taken) == (state is RecipientState.DELIVERED)
    await world.kill(outbound)


@pytest.mark.parametrize(("reasons", "kept"), [(["BOUNCE"], 1), (["COMPLAINT"], 0), ([], 0), (None, 1)])
async def test_an_unknown_user_is_put_on_the_list_as_the_set_wants_it(
    reasons: list[SuppressionListReason] | None, kept: int
) -> None:
    override = None if reasons is None else SuppressionOptions(suppressed_reasons=reasons)
    world, _ = await make_world(KnowsNobody(), suppression=override)
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(draft("a@example.net", configuration_set="cs"))
    assert await world.run(world.watch(accepted.key, RecipientState.BOUNCED))
    assert world.count("SELECT count(*) FROM suppressed_destinations") == kept
    await world.kill(outbound)
