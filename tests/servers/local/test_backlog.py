"""`/_hatobin/backlog`: the rows as JSON, for this machine only."""

from __future__ import annotations

from hatobin.companions import outward
from hatobin.servers.local import LocalApp
from tests.asgi import call
from tests.servers.world import World, mode


async def test_the_rows_are_given_as_json(world: World) -> None:
    key = outward.TargetKey("123456789012", "us-east-1", "webhook", "shop")
    now, entropy = world.ports.clock.now(), world.ports.entropy
    draft = outward.CallDraft("{}")
    await world.ports.database.write(
        lambda session: outward.enqueue(session, key, [draft], now=now - 5, entropy=entropy)
    )
    answer = await call(LocalApp(world.ports, mode("relay"), waiters=world.waiters), "GET", "/_hatobin/backlog")
    [row] = answer.json()["backlog"]
    assert row == {
        "kind": "webhook",
        "account_id": "123456789012",
        "region": "us-east-1",
        "target": "shop",
        "waiting": 1,
        "oldest_age_s": 5.0,
        "dead": 0,
        "last_error": None,
    }
