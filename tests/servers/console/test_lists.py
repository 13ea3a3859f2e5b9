"""The lists of the console."""

from __future__ import annotations

import re
from html import unescape

import msgspec
import pytest

from hatobin.servers.console import ConsoleApp, SmtpLogin
from hatobin.words.settings import Console, Settings
from tests.asgi import call
from tests.servers.console.asking import INBOX, get, post, subjects, text_of
from tests.servers.world import World, mode, simple


def paged(size: int, name: str = "mailbox") -> Settings:
    return msgspec.structs.replace(mode(name), console=Console(page_size=size))


async def test_an_empty_inbox_says_what_to_type_next(world: World) -> None:
    text = text_of(await get(world, "/console/", headers={"host": "localhost:9000"}))
    assert "No mail yet" in text
    assert "export AWS_ENDPOINT_URL=http://localhost:9000" in text
    assert "aws sesv2 send-email" in text
    # The documented derivation for the secret "test" in us-east-1.
    assert "BESqoa1A44C6UywzhS8ErtO4EE+cq64MHGuZLs78Hnwj" in text
    assert "Port 2587 STARTTLS, 2465 TLS" in text


async def test_the_login_may_be_told_by_who_knows_the_ports(world: World) -> None:
    login = SmtpLogin("192.0.2.1", 40001, None, "someone", "word", "eu-west-1")
    text = text_of(await call(ConsoleApp(world.ports, INBOX, smtp=login), "GET", "/console/"))
    assert "Server 192.0.2.1 Port 40001 STARTTLS User someone Password word Region eu-west-1" in text


async def test_captured_mail_is_listed_newest_first(world: World) -> None:
    await world.deliver(simple("first", "Hello\r\nthere"))
    key = await world.deliver(simple("<b>second</b>"), ["ann@example.net", "bo@example.net", "cy@example.net"])
    answer = await get(world, "/console/")
    assert subjects(answer) == ["<b>second</b>", "first"]
    assert f'href="/console/messages/{key.message_id}"' in answer.text
    text = text_of(answer)
    assert "ann@example.net +2" in text
    assert "Hello there" in text, "the snippet"
    assert "<b>second" not in answer.text, "escaped"


async def test_pages_follow_each_other_without_gap_or_overlap(world: World) -> None:
    for number in range(5):
        await world.deliver(simple(f"mail {number}"))
    target, seen = "/console/", []
    while True:
        answer = await get(world, target, paged(2))
        seen.append(subjects(answer))
        following = re.search(r'rel="next" href="([^"]+)"', answer.text)
        if following is None:
            break
        target = unescape(following[1])
    assert seen == [["mail 4", "mail 3"], ["mail 2", "mail 1"], ["mail 0"]]


async def test_search_by_recipient_else_by_subject(world: World) -> None:
    await world.deliver(simple("Invoice & receipt"), ["ann@example.net"])
    await world.deliver(simple("ask bo@example.net"), ["cy@example.net"])
    for query, expected in (
        ("ann%40example.net", ["Invoice & receipt"]),
        ("invoice", ["Invoice & receipt"]),
        ("%26", ["Invoice & receipt"]),
        ("bo%40example.net", ["ask bo@example.net"]),
        ("nothing", []),
    ):
        answer = await get(world, f"/console/?q={query}")
        assert subjects(answer) == expected, query
    assert "Nothing found" in text_of(await get(world, "/console/?q=nothing"))


async def test_search_stays_on_the_next_page(world: World) -> None:
    for number in range(3):
        await world.deliver(simple(f"a&b {number}"))
        await world.deliver(simple("other"))
    answer = await get(world, "/console/?q=a%26b", paged(2))
    following = re.search(r'rel="next" href="([^"]+)"', answer.text)
    assert following is not None
    assert subjects(await get(world, unescape(following[1]), paged(2))) == ["a&b 0"]


@pytest.mark.parametrize("before", ["x", "-1", "99999999999999999999999", "1;drop"])
async def test_a_cursor_that_is_none_shows_the_first_page(world: World, before: str) -> None:
    await world.deliver(simple("here"))
    assert subjects(await get(world, f"/console/?before={before}")) == ["here"]


async def test_mail_in_the_blob_store_is_listed_with_its_sender(world: World) -> None:
    await world.deliver(simple("big"), source="shop@example.com", in_blob=True)
    answer = await get(world, "/console/")
    assert subjects(answer) == ["big"]
    assert "shop@example.com" in text_of(answer)


async def test_the_mark_changes_with_the_list(world: World) -> None:
    async def newest(target: str = "/console/newest") -> str:
        return (await get(world, target)).text

    empty = await newest()
    page = await get(world, "/console/")
    assert f'data-mark="{empty}"' in page.text
    await world.deliver(simple())
    one = await newest()
    assert one != empty
    await post(world, "/console/delete-all", headers={"sec-fetch-site": "same-origin"})
    await world.deliver(simple())
    assert await newest() not in (one, empty), "numbers begin again, marks do not"
    key = await world.accept(simple(), ["ann@example.net"])
    queued = await newest("/console/newest?list=sent")
    await world.bounce(key, 0, "550 no")
    assert await newest("/console/newest?list=sent") != queued, "a state has changed"


async def test_sent_mail_shows_states_and_replies_in_any_mode(world: World) -> None:
    key = await world.accept(simple(), ["ann@example.net", "nobody@example.net"])
    await world.bounce(key, 1, "550 5.1.1 no such user")
    for settings, target in ((mode("relay"), "/console/"), (mode("mx"), "/console/"), (INBOX, "/console/sent")):
        text = text_of(await get(world, target, settings))
        assert "ann@example.net +1" in text
        assert "550 5.1.1 no such user" in text
        assert "Queued Bounced" in text


async def test_sent_mail_is_paged_across_regions(world: World) -> None:
    for number in range(6):
        region = ("us-east-1", "eu-west-1", "ap-northeast-1")[number % 3]
        await world.accept(simple(), [f"r{number}@example.net"], region=region)
        if number % 2:
            await world.clock.advance(0.002)
    target, seen = "/console/", []
    while True:
        answer = await get(world, target, paged(2, "relay"))
        seen += re.findall(r"r\d@example.net", answer.text)
        following = re.search(r'rel="next" href="([^"]+)"', answer.text)
        if following is None:
            break
        target = unescape(following[1])
    assert sorted(seen) == [f"r{number}@example.net" for number in range(6)]
    assert [name[1] in "45" for name in seen[:2]] == [True, True], "newest first, whatever the region"
