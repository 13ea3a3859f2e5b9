"""`/_hatobin/messages`: the message log over HTTP."""

from __future__ import annotations

import pytest

from hatobin.capabilities import events
from hatobin.capabilities.events import Event
from hatobin.servers.local import LocalApp
from hatobin.words.event import EventKind
from tests.asgi import Answer, call
from tests.servers.world import World, mode, simple


async def get(world: World, query: str, name: str = "mx") -> Answer:
    return await call(LocalApp(world.ports, mode(name), waiters=world.waiters), "GET", f"/_hatobin/messages{query}")


async def test_a_bounced_mail_is_found_by_its_recipient_in_every_mode(world: World) -> None:
    await world.accept(simple(), ["ann@example.net"])
    key = await world.accept(simple(), ["nobody@example.net", "bo@example.net"])
    await world.bounce(key, 0, "550 5.1.1 no such user")
    for name in ("mailbox", "relay", "mx"):
        answer = (await get(world, "?to=NOBODY%40example.net", name)).json()
        assert answer["next"] is None
        [message] = answer["messages"]
        assert message["id"] == key.message_id
        assert message["explain"] == f"/_hatobin/explain/{key.message_id}"
        assert message["tags"] == {"ses:operation": ["SendEmail"]}
        assert [(one["address"], one["state"], one["reply"]) for one in message["recipients"]] == [
            ("nobody@example.net", "Bounced", "550 5.1.1 no such user"),
            ("bo@example.net", "Queued", None),
        ]
    assert [one["id"] for one in (await get(world, "?outcome=bounced")).json()["messages"]] == [key.message_id]


async def test_opens_are_told_with_their_time(world: World) -> None:
    key = await world.accept(simple())
    opened = Event(key, None, EventKind.OPEN, world.clock.now() + 60, "{}")
    await world.database.write(lambda session: events.record(session, opened))
    [message] = (await get(world, "?outcome=opened&tag=ses:operation=SendEmail")).json()["messages"]
    at = "2026-01-01T00:01:00.000Z"
    assert message["engagement"] == [{"type": "Open", "count": 1, "first_at": at, "last_at": at}]


async def test_pages_go_on_where_the_last_one_ended(world: World) -> None:
    keys = []
    for _ in range(5):
        keys.append((await world.accept(simple())).message_id)
        await world.clock.advance(1)
    found, cursor = [], ""
    while True:
        answer = (await get(world, f"?limit=2{cursor}")).json()
        found += [one["id"] for one in answer["messages"]]
        if answer["next"] is None:
            break
        cursor = f"&before={answer['next']}"
    assert found == keys[::-1]


@pytest.mark.parametrize(
    ("since", "count"),
    [("2026-01-01T00:30Z", 1), ("2026-01-01", 2), ("30m", 1), ("2h", 2), ("2026-01-01T01:30%2B01:00", 1)],
)
async def test_a_time_is_a_date_an_instant_or_how_long_ago(world: World, since: str, count: int) -> None:
    await world.accept(simple())
    await world.clock.advance(3600)
    await world.accept(simple())
    assert len((await get(world, f"?since={since}")).json()["messages"]) == count


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?outcome=lost", "outcome must be one of queued, delivered"),
        ("?since=yesterday", "since must be a time such as"),
        ("?until=2026-13-01", "until must be a time such as"),
        ("?limit=501", "limit must be from 1 to 500"),
        ("?before=" + "0" * 101, "before is the cursor"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_reason(world: World, query: str, said: str) -> None:
    answer = await get(world, query)
    assert answer.status == 400
    assert said in answer.json()["message"]


async def test_who_is_not_local_is_refused(world: World) -> None:
    app = LocalApp(world.ports, mode("mx"), waiters=world.waiters)
    answer = await call(app, "GET", "/_hatobin/messages", headers={"x-forwarded-for": "192.0.2.1"})
    assert answer.status == 403
