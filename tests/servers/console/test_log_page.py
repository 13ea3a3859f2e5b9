"""The message log as a page."""

from __future__ import annotations

from tests.servers.console.asking import get, subjects, text_of
from tests.servers.world import World, mode, simple


async def test_the_form_keeps_what_was_asked_and_shows_what_was_found(world: World) -> None:
    await world.accept(simple(), ["ann@example.net"])
    key = await world.accept(simple(), ["nobody@example.net"])
    await world.bounce(key, 0, "550 5.1.1 no such user")
    answer = await get(world, "/console/log?to=nobody%40example.net&outcome=bounced", mode("mx"))
    assert answer.status == 200
    assert subjects(answer) == ["nobody@example.net"]
    assert 'value="nobody@example.net"' in answer.text
    assert '<option value="bounced" selected>' in answer.text
    assert "550 5.1.1 no such user" in text_of(answer)


async def test_pages_lead_on_with_the_same_question(world: World) -> None:
    for number in range(60):
        await world.accept(simple(), [f"u{number}@example.net"])
        await world.clock.advance(1)
    first = await get(world, "/console/log?from=sender%40example.com")
    assert len(subjects(first)) == 50
    link = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert link.startswith("/console/log?from=sender%40example.com&before=")
    assert len(subjects(await get(world, link))) == 10


async def test_nothing_found_is_said(world: World) -> None:
    assert "Nothing found" in text_of(await get(world, "/console/log?to=nobody%40example.net"))


async def test_what_cannot_be_read_is_said_and_kept(world: World) -> None:
    answer = await get(world, "/console/log?since=%3Cb%3Eyesterday")
    assert answer.status == 400
    assert "since must be a time" in text_of(answer)
    assert "<b>" not in answer.text
