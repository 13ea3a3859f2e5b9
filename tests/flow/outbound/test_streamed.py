"""Large messages by SMTP: in pieces they are judged, stored and answered as whole ones are."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from hatobin.app.outbound import Outbound
from hatobin.capabilities import configuration_sets, contacts, queue
from hatobin.capabilities.configuration_sets import SnsTarget
from hatobin.capabilities.contacts.api_v2 import create_contact_list
from hatobin.flow.outbound import SmtpDoor, SmtpLogin
from hatobin.gateway import Principal, all_permissions
from hatobin.gateway.models.sesv2 import CreateContactListRequest
from hatobin.ports import Session
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.servers.smtp import Peer
from hatobin.words.envelope import Envelope
from hatobin.words.outcome import RecipientState
from hatobin.words.reply import Reply
from tests.simulation.server import ACCOUNT, REGION, World

PEER = Peer("192.0.2.7", 4711, None, "client.example")
LOGIN = SmtpLogin(
    Principal(ACCOUNT, "test", f"arn:aws:iam::{ACCOUNT}:user/test", "test", "AIDATEST"), REGION, all_permissions()
)
HEAD = b"From: sender@example.com\r\nTo: ann@example.net\r\nSubject: large\r\nMIME-Version: 1.0\r\n"
MIXED = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
BODY = b"--b\r\n\r\ntext\r\n--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>line</p>\r\n" * 400 + b"--b--\r\n"
PLAIN = HEAD + b"Content-Type: text/plain\r\n\r\n"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
OUR_OWN = re.compile(rb"^(Message-ID|Date|Feedback-ID): .*\r\n", re.MULTILINE)

MESSAGES = {
    "multipart": MIXED + BODY,
    "plain": PLAIN + b"text\r\n" * 900,
    "without MIME-Version": PLAIN.replace(b"MIME-Version: 1.0\r\n", b"") + b"text\r\n" * 900,
    "without Content-Type": HEAD + b"\r\n" + "Grüße\r\n".encode() * 900,
    "long lines": PLAIN + b"x" * 3_000 + b"\r\n",
    "long header line": HEAD
    + b"References: "
    + b"<a@example.com> " * 100
    + b"\r\nContent-Type: text/plain\r\n\r\nx\r\n",
    "eight bit": PLAIN + "Grüße\r\n".encode() * 400,
    "bad content": PLAIN + b"text\r\n" * 300 + EICAR + b"\r\n" + b"text\r\n" * 300,
    "hidden recipient": PLAIN.replace(b"Subject", b"Bcc: eve@example.net\r\nSubject") + b"text\r\n" * 900,
    "header without body": HEAD + b"Content-Type: text/plain\r\n",
    "line that is no field": HEAD + b"Content-Type: text/plain\r\nno field\r\n" + b"text\r\n\r\n" * 500,
}
REFUSED = {
    "no From": PLAIN.replace(b"From: sender@example.com\r\n", b"") + b"text\r\n" * 900,
    "doubled Subject": PLAIN.replace(b"To:", b"Subject: again\r\nTo:") + b"text\r\n" * 900,
    "stranger as sender": PLAIN.replace(b"sender@example.com", b"sender@example.org") + b"text\r\n" * 900,
    "no boundary": MIXED + b"text\r\n" * 900,
    "broken part": MIXED + b"--b\r\nContent-Type: text\r\n\r\n" + b"text\r\n" * 900,
    "too many parts": MIXED + b"--b\r\n\r\nx\r\n" * 501,
    "line that cannot be mended": HEAD
    + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"?" * 3_000
    + b"\r\n",
    "header too large": HEAD + b"X-A: b\r\n" * 200_000 + b"\r\nx\r\n",
    "no such set": PLAIN.replace(b"To:", b"X-SES-CONFIGURATION-SET: none\r\nTo:") + b"text\r\n" * 900,
}


class Scene:
    """A server without a receiver, whose sender is verified."""

    def __init__(self, world: World, outbound: Outbound) -> None:
        self.world = world
        self.door = SmtpDoor(cast(Any, None), outbound.acceptor)

    async def whole(self, message: bytes) -> Reply:
        return await self.door.accept(LOGIN, self.envelope(message), message, PEER)

    async def in_pieces(self, message: bytes, size: int) -> Reply:
        stream = self.door.stream(LOGIN, self.envelope(b""), PEER)
        pieces = [message[start : start + size] for start in range(0, len(message), size)]
        for piece in pieces[:-1]:
            await stream.write(piece)
        return await stream.finish(self.envelope(message), pieces[-1])

    def envelope(self, message: bytes) -> Envelope:
        return Envelope("sender@example.com", ("ann@example.net",), "8BITMIME", len(message))

    async def stored(self, reply: Reply) -> bytes:
        """What lies in the store for an accepted message, without what differs from one message to the next."""
        key = queue.MessageKey(ACCOUNT, REGION, str(reply).removeprefix("250 Ok "))
        content, blob_key = await self.world.database.read(lambda session: queue.body(session, key))
        kept = await self.world.blobs.get(blob_key) if blob_key is not None else content
        assert kept is not None
        row = await self.world.database.read(lambda session: queue.message(session, key))
        assert row is not None
        assert row.size == len(kept)
        assert key.message_id.encode() in kept
        return OUR_OWN.sub(rb"\1\r\n", kept)

    async def states(self, reply: Reply) -> list[RecipientState]:
        return await self.world.states(queue.MessageKey(ACCOUNT, REGION, str(reply).removeprefix("250 Ok ")))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    world = World()
    outbound = await world.start()
    await world.verify("sender@example.com")
    yield Scene(world, outbound)
    await world.kill(outbound)


@pytest.mark.parametrize("size", [7, 1_000, 1_000_000])
@pytest.mark.parametrize("name", MESSAGES)
async def test_message_in_pieces_is_stored_as_a_whole_one(scene: Scene, name: str, size: int) -> None:
    message = MESSAGES[name]
    whole, streamed = await scene.whole(message), await scene.in_pieces(message, size)
    assert (whole.code, streamed.code) == (250, 250), (str(whole), str(streamed))
    assert await scene.states(streamed) == await scene.states(whole)
    if await scene.states(whole) == [RecipientState.QUEUED]:
        assert await scene.stored(streamed) == await scene.stored(whole)


@pytest.mark.parametrize("size", [7, 1_000, 1_000_000])
@pytest.mark.parametrize("name", REFUSED)
async def test_message_in_pieces_is_refused_as_a_whole_one_and_leaves_nothing(
    scene: Scene, name: str, size: int
) -> None:
    message = REFUSED[name]
    size = max(size, len(message) // 1_000)
    answered = await scene.in_pieces(message, size)
    assert answered.code == 554
    assert str(answered) == str(await scene.whole(message))
    assert scene.world.blobs.stored == {}


async def test_message_to_a_contact_list_gets_its_link(scene: Scene) -> None:
    request = CreateContactListRequest(contact_list_name="news")
    await create_contact_list(scene.world._call(), request)
    message = PLAIN.replace(b"To:", b"X-SES-LIST-MANAGEMENT-OPTIONS: news\r\nTo:") + b"text\r\n" * 900
    stored = await scene.stored(await scene.in_pieces(message + contacts.PLACEHOLDER.encode() + b"\r\n", 1_000))
    assert contacts.PLACEHOLDER.encode() not in stored
    assert stored.count(contacts.LINK_PATH.encode()) == 2
    assert b"\r\nList-Unsubscribe: <" in stored
    assert len(scene.world.blobs.stored) == 0  # Small enough for its row.


async def test_links_of_a_large_message_are_tracked(scene: Scene) -> None:
    sns_only = configuration_sets.EventDestination("d", True, ("OPEN", "CLICK"), SnsTarget("arn:aws:sns:::none"))

    def make(session: Session) -> None:
        configuration_sets.insert(session, ACCOUNT, REGION, "app", configuration_sets.Options(), 0.0)
        configuration_sets.insert_destination(session, ACCOUNT, REGION, "app", sns_only)

    await scene.world.database.write(make)
    html = b'<a href="http://a.test/">x</a>\r\n' + b"<p>line</p>\r\n" * 100_000
    message = HEAD + b"X-SES-CONFIGURATION-SET: app\r\nContent-Type: text/html\r\n\r\n" + html
    for _ in range(2):
        stored = await scene.stored(await scene.in_pieces(message, 65_536))
        assert b"/L0/http:%2F%2Fa.test%2F/1/" in stored
        assert stored.count(b"/I0/") == 1
        assert len(scene.world.blobs.stored) == 1, "only what is sent lies there"
        scene.world.blobs.stored.clear()


async def test_bad_content_is_found_where_it_is_cut(scene: Scene) -> None:
    for size in range(300, 340):
        assert await scene.states(await scene.in_pieces(MESSAGES["bad content"], size)) == [RecipientState.REJECTED]


async def test_message_that_is_given_up_leaves_nothing(scene: Scene) -> None:
    for count in (0, 1, 3):
        stream = scene.door.stream(LOGIN, scene.envelope(b""), PEER)
        for _ in range(count):
            await stream.write(MIXED + BODY)
        await stream.abort()
    assert scene.world.blobs.stored == {}
    assert scene.world.count("SELECT COUNT(*) FROM queue_message") == 0


async def test_nothing_is_acknowledged_that_the_blob_store_did_not_take(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_room(key: str, data: bytes) -> None:
        raise BlobsUnavailable("no room")

    monkeypatch.setattr(scene.world.blobs, "put", no_room)
    assert str(await scene.in_pieces(MESSAGES["multipart"], 1_000)) == "451 Temporary service failure"
    assert scene.world.count("SELECT COUNT(*) FROM queue_message") == 0


async def test_message_that_finds_the_line_full_leaves_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatobin.flow.outbound.accept.MAX_LINE", 0)
    assert str(await scene.in_pieces(MESSAGES["multipart"], 1_000)) == "451 Temporary service failure"
    assert scene.world.blobs.stored == {}


async def test_blob_of_a_message_that_may_be_recorded_stays_for_retention(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*arguments: Any, **more: Any) -> None:
        raise DatabaseUnavailable("the connection broke at the commit")

    monkeypatch.setattr(scene.world.database, "write", lost)
    assert str(await scene.in_pieces(MESSAGES["multipart"], 1_000)) == "451 Temporary service failure"
    assert len(scene.world.blobs.stored) == 1
