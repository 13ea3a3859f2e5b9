"""What keeps the console to its owner: forms, links, policies; and the languages it speaks."""

from __future__ import annotations

import re

import pytest

from hatobin.servers.console import ConsoleApp
from tests.asgi import call
from tests.servers.console.asking import INBOX, get, post, shop_mail, subjects, text_of
from tests.servers.world import World, mode, simple

# ── changing something ───────────────────────────────────────────────────────


async def test_deleting_one_and_all(world: World) -> None:
    one = await world.deliver(simple("one"))
    await world.deliver(simple("two"), in_blob=True)
    await world.deliver(simple("three"))
    answer = await post(world, f"/console/messages/{one.message_id}/delete", {"origin": "http://127.0.0.1:8005"})
    assert (answer.status, answer.header("location")) == (303, "/console/")
    assert subjects(await get(world, "/console/")) == ["three", "two"]
    assert (await post(world, "/console/delete-all", headers={"sec-fetch-site": "same-origin"})).status == 303
    assert subjects(await get(world, "/console/")) == []
    assert world.blobs.kept == {}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://localhost:8005"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"origin": "http://127.0.0.1:8005", "sec-fetch-site": "cross-site"},
    ],
)
async def test_forms_of_others_change_nothing(world: World, headers: dict[str, str]) -> None:
    await world.deliver(simple("stays"))
    assert (await post(world, "/console/delete-all", headers)).status == 403
    assert subjects(await get(world, "/console/")) == ["stays"]


async def test_reading_changes_nothing(world: World) -> None:
    await world.deliver(simple("stays"))
    assert (await get(world, "/console/delete-all")).status == 405
    assert subjects(await get(world, "/console/")) == ["stays"]


# ── fences and languages ─────────────────────────────────────────────────────


async def test_every_page_is_fenced(world: World) -> None:
    key = await world.deliver(shop_mail())
    for target in ("/console/", "/console/sent", f"/console/messages/{key.message_id}", "/console/nothing"):
        answer = await get(world, target)
        policy = answer.header("content-security-policy")
        nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
        assert nonce is not None
        assert f'nonce="{nonce[1]}"' in answer.text
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.header("x-frame-options") == "DENY"
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("cache-control") == "no-store"
        assert " style=" not in answer.text, "the policy would drop it"
    assert (await get(world, "/console/")).header("content-security-policy") != (
        (await get(world, "/console/")).header("content-security-policy")
    ), "a nonce is used once"


async def test_links_lead_in_from_anywhere_and_nothing_else_does(world: World) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert (await get(world, "/console/", headers=link)).status == 200
    assert (await get(world, "/console/", headers={**link, "sec-fetch-dest": "iframe"})).status == 403
    assert (await get(world, "/console/", headers={**link, "sec-fetch-mode": "no-cors"})).status == 403
    assert (await get(world, "/console/", headers={"host": "evil.example"})).status == 403
    assert (await get(world, "/console/", headers={"x-forwarded-for": "127.0.0.1"})).status == 403
    assert (await call(ConsoleApp(world.ports, INBOX), "GET", "/console/", peer="192.0.2.1")).status == 403


async def test_assets_may_be_kept_and_change_their_address(world: World) -> None:
    page = await get(world, "/console/")
    found = set(re.findall(r'(?:href|src)="(/console/assets/[^"]+)"', page.text))
    assert {url.partition("?")[0].rpartition("/")[2] for url in found} == {"console.css", "console.js", "icon.svg"}
    for url in found:
        answer = await get(world, url)
        assert answer.status == 200
        assert "immutable" in answer.header("cache-control")
    assert (await get(world, "/console/assets/..%2Fapp.py")).status == 404
    assert (await get(world, "/console/assets/app.py")).status == 404


async def test_pages_ask_for_nothing_from_elsewhere(world: World) -> None:
    key = await world.deliver(shop_mail())
    for target in ("/console/", f"/console/messages/{key.message_id}"):
        page = (await get(world, target)).text
        assert not re.findall(r'(?:src|href|action)="(?!/)[^"]*"', page)
    for name in ("console.css", "console.js"):
        assert "//" not in (await get(world, f"/console/assets/{name}")).text.replace("// ", "")


async def test_the_reader_s_language(world: World) -> None:
    await world.deliver(simple("=?utf-8?b?44GU5rOo5paH?="))
    japanese = await get(world, "/console/", headers={"accept-language": "ja,en;q=0.8"})
    assert '<html lang="ja">' in japanese.text
    assert "受信箱" in text_of(japanese)
    assert japanese.header("content-language") == "ja"
    assert japanese.header("vary") == "accept-language"
    assert '<html lang="en">' in (await get(world, "/console/", headers={"accept-language": "de"})).text


async def test_japanese_mail_is_marked_as_japanese(world: World) -> None:
    await world.deliver(simple("=?utf-8?b?44GU5rOo5paH?=", "ありがとう"))
    page = await get(world, "/console/")
    assert re.search(r'<span class="what" lang="ja"><span class="subject">ご注文</span>', page.text)


async def test_mode_mx_shows_no_first_password(world: World) -> None:
    text = text_of(await get(world, "/console/", mode("mx")))
    assert "hatobin keys create" in text
    assert "BESqoa" not in text
