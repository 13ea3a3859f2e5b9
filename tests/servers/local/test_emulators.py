"""The shapes that LocalStack's and aws-ses-v2-local's users call."""

from __future__ import annotations

import base64
import email
from email.header import decode_header, make_header

from hatobin.servers.local import LocalApp
from tests.asgi import Answer, call
from tests.servers.world import World, mode, simple


async def ask(world: World, method: str, target: str) -> Answer:
    return await call(LocalApp(world.ports, mode("mailbox"), waiters=world.waiters), method, target)


async def test_localstack_health_says_running(world: World) -> None:
    services = (await ask(world, "GET", "/_localstack/health")).json()["services"]
    assert services["ses"] == services["sesv2"] == "running"


async def test_sent_messages_as_localstack_lists_them(world: World) -> None:
    key = await world.deliver(simple("one", Cc="c@example.net"), ["ann@example.net", "c@example.net", "b@example.net"])
    await world.deliver(simple("two"))
    first, second = (await ask(world, "GET", "/_aws/ses")).json()["messages"]
    assert second["Subject"] == "two", "the oldest comes first"
    assert first.pop("RawData") == simple("one", Cc="c@example.net").decode()
    assert first == {
        "Id": key.message_id,
        "Region": "us-east-1",
        "Source": "sender@example.com",
        "Destination": {
            "ToAddresses": ["ann@example.net"],
            "CcAddresses": ["c@example.net"],
            "BccAddresses": ["b@example.net"],
        },
        "Subject": "one",
        "Body": {"text_part": "It works.\n", "html_part": None},
        "Timestamp": "2026-01-01T00:00:00",
    }


async def test_what_django_ses_does_in_its_own_test(world: World) -> None:
    """The steps of django-ses 4.8.2's LocalStack test, with its 8-bit message (DEV-CL-02)."""
    raw = (
        "Subject: =?utf-8?q?Scandinavian_T=C3=ABst_S=C3=BCbject?=\r\n"
        "From: =?utf-8?b?VW5pY29kZSBOYW1lIMOzw7PDs8Ozw7PDsw==?= <test@example.com>\r\n"
        "To: =?utf-8?q?Recipient_=C3=91ame?= <to@example.com>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: 8bit\r\n\r\nSören & Björn"
    ).encode()
    await world.deliver(raw, ["to@example.com"], source="test@example.com")
    await world.deliver(simple("other"), source="other@example.com")
    found = await ask(
        world, "GET", "/_aws/ses?email=Unicode+Name+%C3%B3%C3%B3%C3%B3%C3%B3%C3%B3%C3%B3+%3Ctest%40example.com%3E"
    )
    (message,) = found.json()["messages"]
    parsed = email.message_from_string(message["RawData"])
    assert str(make_header(decode_header(parsed["Subject"]))) == "Scandinavian Tëst Sübject"
    assert str(make_header(decode_header(parsed["From"]))) == "Unicode Name óóóóóó <test@example.com>"
    assert str(parsed.get_payload()).strip() == "Sören & Björn"
    assert (await ask(world, "DELETE", "/_aws/ses")).status == 204
    assert (await ask(world, "GET", "/_aws/ses")).json() == {"messages": []}


async def test_filters_by_id_and_sender(world: World) -> None:
    one = await world.deliver(simple("one"), source="a@example.com")
    await world.deliver(simple("two"), source="b@example.com")
    for query, subjects in (
        (f"id={one.message_id}", ["one"]),
        (f"id={one.message_id}&email=b@example.com", []),
        ("email=B@example.com", ["two"]),
        ("email=", ["one", "two"]),
        ("id=unknown", []),
    ):
        messages = (await ask(world, "GET", f"/_aws/ses?{query}")).json()["messages"]
        assert [message["Subject"] for message in messages] == subjects, query


async def test_deleting_one_or_those_of_one_sender(world: World) -> None:
    one = await world.deliver(simple("one"), source="a@example.com")
    await world.deliver(simple("two"), source="b@example.com")
    await world.deliver(simple("three"), source="b@example.com")
    assert (await ask(world, "DELETE", f"/_aws/ses?id={one.message_id}")).status == 204
    assert (await ask(world, "DELETE", f"/_aws/ses?id={one.message_id}")).status == 404
    assert (await ask(world, "DELETE", "/_aws/ses?email=nobody@example.com")).status == 204
    assert len((await ask(world, "GET", "/_aws/ses")).json()["messages"]) == 2
    assert (await ask(world, "DELETE", "/_aws/ses?email=b@example.com")).status == 204
    assert (await ask(world, "GET", "/_aws/ses")).json() == {"messages": []}


async def test_octets_that_are_no_text_are_shown_all_the_same(world: World) -> None:
    raw = b"Subject: x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe4\r\n"
    await world.deliver(raw)
    (message,) = (await ask(world, "GET", "/_aws/ses")).json()["messages"]
    assert message["RawData"].encode("latin-1") == raw
    assert message["Body"]["text_part"] == "ä\n"


async def test_store_as_aws_ses_v2_local_gives_it(world: World) -> None:
    boundary = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>hi</b>\r\n"
    part = "--b\r\nContent-Type: application/pdf\r\n"
    part += "Content-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n--b--\r\n"
    raw = f"From: A <a@x.example>\r\nTo: ann@example.net\r\nReply-To: r@x.example\r\nSubject: s\r\n{boundary}{part}"
    key = await world.deliver(raw.encode())
    answer = (await ask(world, "GET", "/store")).json()
    assert answer["templates"] == {}
    (mail,) = answer["emails"]
    assert {"name": "Subject", "value": "s"} in mail.pop("headers")
    (attachment,) = mail.pop("attachments")
    assert base64.b64decode(attachment.pop("content")).strip() == b"PDF"
    assert attachment == {"contentType": "application/pdf", "filename": "a.pdf", "size": 3}
    assert mail == {
        "messageId": key.message_id,
        "from": "A <a@x.example>",
        "replyTo": ["r@x.example"],
        "destination": {"to": ["ann@example.net"], "cc": [], "bcc": []},
        "subject": "s",
        "body": {"html": "<b>hi</b>"},
        "at": 1767225600,
    }


async def test_store_since_an_instant_oldest_first(world: World) -> None:
    for subject in ("old", "new", "newest"):
        await world.deliver(simple(subject))
        await world.clock.advance(10)
    for since, subjects in (("", ["old", "new", "newest"]), ("1767225610", ["new", "newest"]), ("1767225700", [])):
        emails = (await ask(world, "GET", f"/store?since={since}")).json()["emails"]
        assert [mail["subject"] for mail in emails] == subjects
    assert (await ask(world, "GET", "/store?since=yesterday")).status == 400


async def test_clear_store_and_health_check(world: World) -> None:
    await world.deliver(simple())
    assert (await ask(world, "POST", "/clear-store")).json() == {"message": "Store cleared"}
    assert (await ask(world, "GET", "/store")).json()["emails"] == []
    health = await ask(world, "GET", "/health-check")
    assert (health.status, health.body) == (200, b"")
