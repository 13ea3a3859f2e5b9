"""What becomes of a tenant's mail: where its bounces are kept, and who is not tried again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hatobin.capabilities import suppression, tenants
from hatobin.capabilities.tenants import Tenant, TenantSuppression, association_store, store
from hatobin.words.outcome import RecipientState
from tests.simulation.receiver import Behaviour, Defers, KnowsNobody, Receiver
from tests.simulation.server import ACCOUNT, RECEIVER_IP, REGION, World, draft

TENANT_ID = "tn-1"


async def make_world(behaviour: Behaviour, rules: TenantSuppression | None) -> World:
    world = World()
    world.network.receivers[RECEIVER_IP] = Receiver(behaviour)
    await world.verify("sender@example.com")
    tenant = Tenant(ACCOUNT, REGION, "acme", TENANT_ID, world.clock.now(), suppression=rules)
    identity = tenants.TenantResource(ACCOUNT, REGION, tenants.IDENTITY, "sender@example.com")
    await world.database.write(lambda s: store.insert(s, tenant))
    await world.database.write(lambda s: association_store.associate(s, "acme", identity, world.clock.now()))
    return world


async def lists(world: World) -> tuple[int, int]:
    """Count what is on the account's list and on the tenant's."""
    rows = await world.database.read(
        lambda s: s.execute("SELECT tenant_id, count(*) FROM suppressed_destinations GROUP BY tenant_id")
    )
    found = {row[0]: row[1] for row in rows}
    return found.get("", 0), found.get(TENANT_ID, 0)


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        (None, (1, 0)),
        (TenantSuppression("TENANT", ("BOUNCE",)), (0, 1)),
        (TenantSuppression("TENANT", ("COMPLAINT",)), (0, 0)),
        (TenantSuppression("TENANT", ()), (0, 0)),
        (TenantSuppression("ACCOUNT", ("BOUNCE",)), (1, 0)),
        (TenantSuppression("ACCOUNT", ("COMPLAINT",)), (0, 0)),
    ],
)
async def test_an_unknown_user_is_put_on_the_list_that_the_scope_says(
    rules: TenantSuppression | None, kept: tuple[int, int]
) -> None:
    world = await make_world(KnowsNobody(), rules)
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(replace(draft("a@example.net"), tenant="acme"))
    assert await world.run(world.watch(accepted.key, RecipientState.BOUNCED))
    assert await lists(world) == kept
    await world.kill(outbound)


async def test_a_bounce_of_a_tenant_that_is_gone_is_kept_as_the_accounts() -> None:
    world = await make_world(Defers(times=1), TenantSuppression("TENANT", ("BOUNCE",)))
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(replace(draft("a@example.net"), tenant="acme"))
    await world.database.write(lambda s: store.delete(s, ACCOUNT, REGION, "acme"))
    world.network.receivers[RECEIVER_IP] = Receiver(KnowsNobody())
    assert await world.run(world.watch(accepted.key, RecipientState.BOUNCED))
    assert await lists(world) == (1, 0)
    await world.kill(outbound)


@pytest.mark.parametrize(("listed", "state"), [(TENANT_ID, RecipientState.SUPPRESSED), ("", RecipientState.DELIVERED)])
async def test_who_is_suppressed_for_the_tenant_meanwhile_is_not_tried_again(
    listed: str, state: RecipientState
) -> None:
    world = await make_world(Defers(times=1), TenantSuppression("TENANT", ("BOUNCE",)))
    outbound = await world.start()
    accepted = await outbound.acceptor.accept(replace(draft("a@example.net"), tenant="acme"))
    assert await world.run(lambda: not outbound.ready.messages)
    await world.database.write(
        lambda s: suppression.add(s, ACCOUNT, REGION, "a@example.net", "BOUNCE", world.clock.now(), tenant_id=listed)
    )
    assert await world.run(world.watch(accepted.key, state))
    await world.kill(outbound)
