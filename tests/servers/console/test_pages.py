"""The console's pages, asked for without a browser."""

from __future__ import annotations

import re
from email.message import EmailMessage
from html import unescape

import msgspec
import pytest

from hatobin.servers.console import ConsoleApp, SmtpLogin
from hatobin.words.settings import Console, Settings
from tests.asgi import Answer, call
from tests.servers.world import World, mode, simple

INBOX = mode("mailbox")


async def get(world: World, target: str, settings: Settings = INBOX, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await call(ConsoleApp(world.ports, settings), "GET", target, headers=sent)


async def post(world: World, target: str, settings: Settings = INBOX, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await call(ConsoleApp(world.ports, settings), "POST", target, headers=sent)


def text_of(answer: Answer) -> str:
    """What a reader sees, roughly: the page without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def subjects(answer: Answer) -> list[str]:
    return [unescape(found) for found in re.findall(r'<span class="subject">([^<]*)</span>', answer.text)]


def paged(size: int, name: str = "mailbox") -> Settings:
    return msgspec.structs.replace(mode(name), console=Console(page_size=size))


# ── the lists ────────────────────────────────────────────────────────────────


async def test_an_empty_inbox_says_what_to_type_next(world: World) -> None:
    text = text_of(await get(world, "/console/", host="localhost:9000"))
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
    await post(world, "/console/delete-all", sec_fetch_site="same-origin")
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


# ── one message ──────────────────────────────────────────────────────────────


def shop_mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Shop <shop@example.com>", "Ann <ann@example.net>"
    mail["Subject"] = "Your order"
    mail.set_content("See https://shop.example.com/orders/1 <soon>\n")
    mail.add_alternative('<p onclick="x()">Hi <img src="cid:logo"><script>alert(1)</script></p>', subtype="html")
    mail.get_payload()[1].add_related(b"PNG", "image", "png", cid="<logo>")  # type: ignore[index,union-attr]
    mail.add_attachment(b"<script>", maintype="text", subtype="html", filename='über "uns".html')
    return bytes(mail)


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
    assert '<a href="https://shop.example.com/orders/1" rel="nofollow noopener noreferrer" target="_blank">' in page.text
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


@pytest.mark.parametrize("view", ["html", "text", "headers", "files", "source", "nonsense"])
@pytest.mark.parametrize("raw", [b"", b"\r\n", b"x", b"Content-Type: multipart/mixed\r\n\r\n\xff\xfe", b"\xff: \xfe\r\n\r\n"])
async def test_mail_that_is_none_is_shown_all_the_same(world: World, view: str, raw: bytes) -> None:
    key = await world.deliver(raw)
    assert (await get(world, f"/console/messages/{key.message_id}?view={view}")).status == 200
    assert (await get(world, "/console/")).status == 200


@pytest.mark.parametrize("target", ["/console/messages/0100-none", "/console/nothing", "/console/messages/x/files/y"])
async def test_what_is_missing_is_said_kindly(world: World, target: str) -> None:
    answer = await get(world, target)
    assert answer.status == 404
    assert "There is no such message" in text_of(answer)


# ── changing something ───────────────────────────────────────────────────────


async def test_deleting_one_and_all(world: World) -> None:
    one = await world.deliver(simple("one"))
    await world.deliver(simple("two"), in_blob=True)
    await world.deliver(simple("three"))
    answer = await post(world, f"/console/messages/{one.message_id}/delete", origin="http://127.0.0.1:8005")
    assert (answer.status, answer.header("location")) == (303, "/console/")
    assert subjects(await get(world, "/console/")) == ["three", "two"]
    assert (await post(world, "/console/delete-all", sec_fetch_site="same-origin")).status == 303
    assert subjects(await get(world, "/console/")) == []
    assert world.blobs.kept == {}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://localhost:8005"},
        {"origin": "https://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {"origin": "http://127.0.0.1:8005", "sec_fetch_site": "cross-site"},
    ],
)
async def test_forms_of_others_change_nothing(world: World, headers: dict[str, str]) -> None:
    await world.deliver(simple("stays"))
    assert (await post(world, "/console/delete-all", **headers)).status == 403
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
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert (await get(world, "/console/", **link)).status == 200
    assert (await get(world, "/console/", **{**link, "sec_fetch_dest": "iframe"})).status == 403
    assert (await get(world, "/console/", **{**link, "sec_fetch_mode": "no-cors"})).status == 403
    assert (await get(world, "/console/", host="evil.example")).status == 403
    assert (await get(world, "/console/", x_forwarded_for="127.0.0.1")).status == 403
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
    japanese = await get(world, "/console/", accept_language="ja,en;q=0.8")
    assert '<html lang="ja">' in japanese.text
    assert "受信箱" in text_of(japanese)
    assert japanese.header("content-language") == "ja"
    assert japanese.header("vary") == "accept-language"
    assert '<html lang="en">' in (await get(world, "/console/", accept_language="de")).text


async def test_japanese_mail_is_marked_as_japanese(world: World) -> None:
    await world.deliver(simple("=?utf-8?b?44GU5rOo5paH?=", "ありがとう"))
    page = await get(world, "/console/")
    assert re.search(r'<span class="what" lang="ja"><span class="subject">ご注文</span>', page.text)


async def test_mode_mx_shows_no_first_password(world: World) -> None:
    text = text_of(await get(world, "/console/", mode("mx")))
    assert "hatobin keys create" in text
    assert "BESqoa" not in text
