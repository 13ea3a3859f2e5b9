"""One message in the console."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.servers.console.asking import get, shop_mail, text_of
from tests.servers.world import World, simple


async def test_a_message_opens_with_its_html(world: World) -> None:
    key = await world.deliver(shop_mail(), ["ann@example.net", "secret@example.net"])
    page = await get(world, f"/console/messages/{key.message_id}")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert f'src="/console/messages/{key.message_id}/html"' in page.text
    text = text_of(page)
    assert "Your order" in text
    assert "Bcc secret@example.net" in text
    assert "Delivered 2" in text, "recipients' states"
    assert "250 2.0.0 Ok: kept in the local inbox" in text, "the story"


async def test_the_frame_is_fenced(world: World) -> None:
    key = await world.deliver(shop_mail())
    frame = await get(world, f"/console/messages/{key.message_id}/html")
    policy = frame.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "http:" not in policy
    assert frame.header("x-frame-options") == "SAMEORIGIN"
    assert "<script" not in frame.text
    assert "onclick" not in frame.text
    assert 'src="data:image/png;base64,UE5H"' in frame.text


async def test_text_is_escaped_and_its_links_work(world: World) -> None:
    key = await world.deliver(shop_mail())
    page = await get(world, f"/console/messages/{key.message_id}?view=text")
    assert (
        '<a href="https://shop.example.com/orders/1" rel="nofollow noopener noreferrer" target="_blank">' in page.text
    )
    assert "&lt;soon&gt;" in page.text


async def test_headers_and_source(world: World) -> None:
    raw = simple("=?utf-8?q?Gr=C3=BC=C3=9Fe?=")
    key = await world.deliver(raw)
    headers = await get(world, f"/console/messages/{key.message_id}?view=headers")
    assert '<tr><th scope="row">Subject</th><td>Grüße</td></tr>' in headers.text
    source = await get(world, f"/console/messages/{key.message_id}?view=source")
    shown = re.search(r'<pre class="source">(.*?)</pre>', source.text, re.DOTALL)
    assert shown is not None
    assert unescape(shown[1]) == raw.decode().replace("\r\n", "\n")


async def test_a_long_text_is_cut_and_says_so(world: World) -> None:
    key = await world.deliver(simple(text="x" * 600_000), in_blob=True)
    page = await get(world, f"/console/messages/{key.message_id}?view=text")
    assert "Only the beginning is shown" in text_of(page)
    assert len(page.body) < 560_000


async def test_attachments_are_downloads_of_no_dangerous_type(world: World) -> None:
    key = await world.deliver(shop_mail())
    page = await get(world, f"/console/messages/{key.message_id}?view=files")
    links = re.findall(r'href="(/console/messages/[^"]+/files/\d+)"', page.text)
    assert len(links) == 2
    file = await get(world, links[1])
    assert file.body == b"<script>"
    assert file.header("content-type") == "application/octet-stream"
    assert file.header("x-content-type-options") == "nosniff"
    assert "sandbox" in file.header("content-security-policy")
    assert file.header("content-disposition") == (
        "attachment; filename=\"_ber__uns_.html\"; filename*=UTF-8''%C3%BCber%20%22uns%22.html"
    )
    for target in ("0", "3", "99"):
        assert (await get(world, f"/console/messages/{key.message_id}/files/{target}")).status == 404


async def test_the_octets_are_a_download(world: World) -> None:
    raw = shop_mail()
    key = await world.deliver(raw)
    eml = await get(world, f"/console/messages/{key.message_id}/eml")
    assert eml.body == raw
    assert eml.header("content-disposition").startswith("attachment;")


async def test_a_mail_to_the_simulator_has_its_story(world: World) -> None:
    key = await world.accept(simple(), ["bounce@simulator.amazonses.com"])
    await world.bounce(key, 0, "550 5.1.1 unknown")
    page = await get(world, f"/console/messages/{key.message_id}")
    text = text_of(page)
    assert "Bounce 00:00:01 Permanent · General bounce@simulator.amazonses.com smtp; 550 5.1.1 unknown" in text
    assert "Delete" not in text, "there is nothing in the inbox to delete"


async def test_a_mail_of_a_tenant_names_it(world: World) -> None:
    for tenant in ("acme", None):
        key = await world.accept(simple(), tenant=tenant)
        text = text_of(await get(world, f"/console/messages/{key.message_id}"))
        assert ("Tenant acme" in text) == (tenant is not None)


@pytest.mark.parametrize("view", ["html", "text", "headers", "files", "source", "nonsense"])
@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"x", b"Content-Type: multipart/mixed\r\n\r\n\xff\xfe", b"\xff: \xfe\r\n\r\n"]
)
async def test_mail_that_is_none_is_shown_all_the_same(world: World, view: str, raw: bytes) -> None:
    key = await world.deliver(raw)
    assert (await get(world, f"/console/messages/{key.message_id}?view={view}")).status == 200
    assert (await get(world, "/console/")).status == 200


@pytest.mark.parametrize("target", ["/console/messages/0100-none", "/console/nothing", "/console/messages/x/files/y"])
async def test_what_is_missing_is_said_kindly(world: World, target: str) -> None:
    answer = await get(world, target)
    assert answer.status == 404
    assert "There is no such message" in text_of(answer)
