"""`/_hatobin/explain/{message-id}`: the story of one message."""

from __future__ import annotations

from hatobin.servers.local import LocalApp
from tests.asgi import Answer, call
from tests.servers.world import World, mode, simple


async def explain(world: World, message_id: str, name: str = "relay") -> Answer:
    return await call(
        LocalApp(world.ports, mode(name), waiters=world.waiters), "GET", f"/_hatobin/explain/{message_id}"
    )


async def test_the_story_of_a_bounce(world: World) -> None:
    key = await world.accept(simple(), ["ann@example.net", "nobody@example.net"])
    await world.bounce(key, 1, "550 5.1.1 no such user")
    told = (await explain(world, key.message_id)).json()
    assert told["message"]["id"] == key.message_id
    assert told["message"]["source"] == "sender@example.com"
    assert told["message"]["tags"] == {"ses:operation": ["SendEmail"]}
    assert [(r["address"], r["state"], r["reply"]) for r in told["recipients"]] == [
        ("ann@example.net", "Queued", None),
        ("nobody@example.net", "Bounced", "550 5.1.1 no such user"),
    ]
    assert told["recipients"][0]["next_attempt_at"] == "2026-01-01T00:00:00.000Z"
    assert told["recipients"][1]["settled_at"] == "2026-01-01T00:00:01.000Z"
    assert [(event["type"], event["at"]) for event in told["events"]] == [
        ("Send", "2026-01-01T00:00:00.000Z"),
        ("Bounce", "2026-01-01T00:00:01.000Z"),
    ]
    assert told["events"][1]["detail"]["bounceType"] == "Permanent"


async def test_an_id_as_the_message_id_field_has_it(world: World) -> None:
    key = await world.deliver(simple())
    answer = await explain(world, f"%3C{key.message_id}@email.hatobin.localhost%3E", "mailbox")
    assert answer.json()["message"]["id"] == key.message_id


async def test_an_unknown_id_is_404_with_a_hint(world: World) -> None:
    answer = await explain(world, "0100-unknown")
    assert answer.status == 404
    assert "MessageId" in answer.json()["message"]
