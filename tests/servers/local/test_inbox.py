"""`/_hatobin/inbox`: what a developer's test asks after it has sent a mail."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import pytest

from hatobin.servers.local import LocalApp
from tests.asgi import Answer, call
from tests.servers.world import World, mode, settle, simple


def local(world: World) -> LocalApp:
    return LocalApp(world.ports, mode("mailbox"), waiters=world.waiters)


async def get(world: World, target: str) -> Answer:
    return await call(local(world), "GET", target)


async def test_empty_inbox_answers_at_once(world: World) -> None:
    answer = await get(world, "/_hatobin/inbox")
    assert (answer.status, answer.json()) == (200, {"messages": []})
    assert answer.header("content-type") == "application/json"


async def test_captured_mail_is_shown_decoded(world: World) -> None:
    raw = simple("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße aus Köln", Cc="Bo <bo@example.net>", X_Note="=?utf-8?q?=C3=A4?=")
    key = await world.deliver(raw, ["ann@example.net", "bo@example.net", "secret@example.net"])
    (message,) = (await get(world, "/_hatobin/inbox")).json()["messages"]
    assert message["id"] == key.message_id
    assert message["reverse_path"] == f"{key.message_id}@hatobin.localhost"
    assert message["recipients"] == ["ann@example.net", "bo@example.net", "secret@example.net"]
    assert message["subject"] == "Grüße"
    assert message["text"] == "Grüße aus Köln\n"
    assert message["html"] is None
    assert message["from"] == ["Sender <sender@example.com>"]
    assert message["cc"] == ["Bo <bo@example.net>"]
    assert message["bcc"] == ["secret@example.net"]
    assert {"name": "X-Note", "value": "ä"} in message["headers"]
    assert message["received_at"] == "2026-01-01T00:00:00.012Z"


async def test_html_and_attachments_of_a_real_mail(world: World) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "ann@example.net", "Bericht"
    mail.set_content("plain")
    mail.add_alternative("<p>hübsch</p>", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Übersicht.pdf")
    await world.deliver(bytes(mail))
    (message,) = (await get(world, "/_hatobin/inbox")).json()["messages"]
    assert message["html"] == "<p>hübsch</p>\n"
    assert message["attachments"] == [
        {
            "filename": "Übersicht.pdf",
            "content_type": "application/pdf",
            "content_id": None,
            "disposition": "attachment",
            "size": 4,
        }
    ]


async def test_a_broken_part_hides_nothing_else(world: World) -> None:
    raw = (
        b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nstill here\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@!\r\n--b--\r\n"
    )
    await world.deliver(raw)
    (message,) = (await get(world, "/_hatobin/inbox")).json()["messages"]
    assert message["text"].strip() == "still here"
    assert [file["content_type"] for file in message["attachments"]] == ["image/png"]


async def test_newest_first_and_limited(world: World) -> None:
    for number in range(3):
        await world.deliver(simple(f"mail {number}"))
        await world.clock.advance(1)
    messages = (await get(world, "/_hatobin/inbox?limit=2")).json()["messages"]
    assert [message["subject"] for message in messages] == ["mail 2", "mail 1"]


async def test_filters_by_recipient_and_subject(world: World) -> None:
    await world.deliver(simple("Reset your password"), ["Ann@Example.net"])
    await world.deliver(simple("Welcome"), ["bo@example.net"])
    for target, subjects in (
        ("?to=ann@example.NET", ["Reset your password"]),
        ("?to=nn@example.net", []),
        ("?subject=PASSWORD", ["Reset your password"]),
        ("?subject=e", ["Welcome", "Reset your password"]),
        ("?to=bo@example.net&subject=reset", []),
    ):
        messages = (await get(world, f"/_hatobin/inbox{target}")).json()["messages"]
        assert [message["subject"] for message in messages] == subjects, target


async def test_a_large_body_comes_from_the_blob_store(world: World) -> None:
    await world.deliver(simple(text="x" * 300_000), in_blob=True)
    (message,) = (await get(world, "/_hatobin/inbox")).json()["messages"]
    assert message["text"] == "x" * 300_000 + "\n"


async def test_a_blob_that_is_gone_leaves_the_entry(world: World) -> None:
    await world.deliver(simple("kept"), in_blob=True)
    world.blobs.kept.clear()
    (message,) = (await get(world, "/_hatobin/inbox")).json()["messages"]
    assert (message["subject"], message["headers"]) == ("kept", [])


async def test_waiting_ends_when_a_matching_mail_is_settled(world: World) -> None:
    waiting = asyncio.ensure_future(get(world, "/_hatobin/inbox?to=ann@example.net&wait=30"))
    await settle()
    await world.deliver(simple("other"), ["bo@example.net"])
    await settle()
    assert not waiting.done()
    await world.deliver(simple("mine"), ["ann@example.net"])
    # The clock stands still: only the notification can have woken it.
    (message,) = (await waiting).json()["messages"]
    assert message["subject"] == "mine"


async def test_waiting_sees_what_another_worker_kept(world: World) -> None:
    app = LocalApp(world.ports, mode("mailbox"), waiters=type(world.waiters)())
    waiting = asyncio.ensure_future(call(app, "GET", "/_hatobin/inbox?wait=30"))
    await settle()
    await world.deliver(simple("mine"))
    assert not waiting.done()
    await world.clock.advance(0.2)
    assert waiting.done()
    assert len((await waiting).json()["messages"]) == 1


async def test_waiting_gives_up_in_time(world: World) -> None:
    waiting = asyncio.ensure_future(get(world, "/_hatobin/inbox?wait=2.5"))
    await world.clock.advance(2.4)
    assert not waiting.done()
    await world.clock.advance(0.2)
    assert (await waiting).json() == {"messages": []}
    assert world.waiters.count == 0


async def test_waiting_starts_anew_after_the_inbox_was_cleared(world: World) -> None:
    await world.deliver(simple("old"), ["bo@example.net"])
    waiting = asyncio.ensure_future(get(world, "/_hatobin/inbox?to=ann@example.net&wait=30"))
    await world.clock.advance(1)
    await call(local(world), "DELETE", "/_hatobin/inbox")
    await world.deliver(simple("new"), ["ann@example.net"])
    (message,) = (await waiting).json()["messages"]
    assert message["subject"] == "new"


async def test_a_client_that_hangs_up_waits_no_longer(world: World) -> None:
    gone = asyncio.Event()
    waiting = asyncio.ensure_future(call(local(world), "GET", "/_hatobin/inbox?wait=300", gone=gone))
    await settle()
    gone.set()
    await world.clock.advance(0.2)
    assert waiting.done()
    await waiting


@pytest.mark.parametrize("query", ["wait=soon", "wait=-1", "wait=301", "wait=nan", "limit=0", "limit=501", "limit=x"])
async def test_numbers_out_of_range_are_explained(world: World, query: str) -> None:
    answer = await get(world, f"/_hatobin/inbox?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json()["message"]


async def test_one_message_by_any_of_its_names(world: World) -> None:
    raw = simple("one")
    key = await world.deliver(raw)
    for name in (key.message_id, f"{key.message_id}.json", "1", f"%3C{key.message_id}@email.hatobin.localhost%3E"):
        assert (await get(world, f"/_hatobin/inbox/{name}")).json()["id"] == key.message_id, name
    octets = await get(world, f"/_hatobin/inbox/{key.message_id}.eml")
    assert (octets.body, octets.header("content-type")) == (raw, "message/rfc822")
    assert (await get(world, "/_hatobin/inbox/1.eml")).body == raw


@pytest.mark.parametrize("name", ["2", "nope", "nope.eml", "99999999999999999999"])
async def test_a_message_that_is_not_there_is_404(world: World, name: str) -> None:
    await world.deliver(simple())
    answer = await get(world, f"/_hatobin/inbox/{name}")
    assert answer.status == 404
    assert "message" in answer.json()


async def test_deleting_takes_the_bodies_along(world: World) -> None:
    key = await world.deliver(simple(), in_blob=True)
    await world.deliver(simple("stays"))
    assert (await call(local(world), "DELETE", f"/_hatobin/inbox/{key.message_id}")).status == 204
    assert world.blobs.kept == {}
    assert [m["subject"] for m in (await get(world, "/_hatobin/inbox")).json()["messages"]] == ["stays"]
    assert (await call(local(world), "DELETE", "/_hatobin/inbox")).status == 204
    assert (await get(world, "/_hatobin/inbox")).json() == {"messages": []}


@pytest.mark.parametrize("name", ["relay", "mx"])
async def test_without_mailbox_mode_the_reason_is_given(world: World, name: str) -> None:
    app = LocalApp(world.ports, mode(name), waiters=world.waiters)
    for method, target in (
        ("GET", "/_hatobin/inbox"),
        ("GET", "/_hatobin/inbox/1"),
        ("DELETE", "/_hatobin/inbox"),
        ("GET", "/_aws/ses"),
        ("DELETE", "/_aws/ses"),
        ("GET", "/store"),
        ("POST", "/clear-store"),
    ):
        answer = await call(app, method, target)
        assert answer.status == 404, target
        assert f'"{name}"' in answer.json()["message"]


async def test_unknown_local_paths_are_404_and_wrong_methods_405(world: World) -> None:
    assert (await get(world, "/_hatobin/nothing")).status == 404
    assert (await call(local(world), "PUT", "/_hatobin/inbox")).status == 405
