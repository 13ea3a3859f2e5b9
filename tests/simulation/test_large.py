"""Large messages in the simulated world: they leave from the blob store in pieces, as they would leave whole."""

from __future__ import annotations

import re

import msgspec
import pytest
from msgspec.structs import replace

from hatobin.capabilities import inbox
from hatobin.capabilities.queue import MessageKey
from hatobin.flow.outbound.draft import RenderedContent
from hatobin.protocols.mail.canonical import body_hash
from hatobin.protocols.mail.headers import split_message
from hatobin.protocols.mail.rewrite import read_message
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings
from tests.simulation.receiver import Accepts, Behaviour, DropsInData, Receiver
from tests.simulation.server import ACCOUNT, RECEIVER_IP, REGION, World, draft

LIMIT_BYTES = 65_536
HEAD = b"From: sender@example.com\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
LINES = b".a line  of a large message\t with blanks \r\n\r\n" * 2_000


def world_of(behaviour: Behaviour) -> tuple[World, Receiver]:
    """A world that streams whatever it may."""
    world = World()
    world.settings = streaming(world.settings)
    world.network.receivers[RECEIVER_IP] = Receiver(behaviour)
    return world, world.network.receivers[RECEIVER_IP]


def streaming(settings: Settings) -> Settings:
    store = msgspec.structs.replace(settings.store, stream_above_bytes=LIMIT_BYTES)
    delivery = msgspec.structs.replace(settings.delivery, service_signature=True)
    return msgspec.structs.replace(settings, store=store, delivery=delivery)


async def stored(world: World, content: bytes) -> MessageKey:
    """A due message whose body lies in the blob store: accepted, and its holder gone since."""
    outbound = await world.start()
    await world.verify("sender@example.com")
    asked = replace(draft("ann@example.net"), content=RenderedContent(read_message(content)))
    del world.network.receivers[RECEIVER_IP]
    accepted = await outbound.acceptor.accept(asked)
    await world.kill(outbound)
    assert len(world.blobs.stored) == 1
    return accepted.key


@pytest.mark.parametrize("ending", [b"", b"end without a line end", b"\r\n\r\n\r\n", "Grüße\r\n".encode()])
async def test_large_message_arrives_signed_and_unchanged(ending: bytes) -> None:
    world, receiver = world_of(Accepts())
    key = await stored(world, HEAD + LINES + ending)
    (lying,) = world.blobs.stored.values()
    world.network.receivers[RECEIVER_IP] = receiver
    outbound = await world.start()
    assert await world.run(world.watch(key, RecipientState.DELIVERED))
    received = split_message(receiver.taken[0].content.replace(b"\r\n..", b"\r\n."))
    assert received.fields[0].key == "dkim-signature"
    wanted = lying if lying.endswith(b"\r\n") else lying + b"\r\n"
    if ending.isascii():
        assert received.raw.endswith(wanted)
    else:
        # The simulated receivers do not know 8BITMIME (RFC 6152 §3).
        assert received.raw.isascii()
        assert received.value("content-transfer-encoding") == "quoted-printable"
    found = re.search(r"bh=([^;]+);", received.fields[0].value)
    assert found is not None
    assert found[1] == body_hash(received.body, "relaxed")
    assert (await world.kinds(key))[-1] == "Delivery"
    assert world.blobs.stored == {}
    await world.kill(outbound)


async def test_large_message_whose_receiver_drops_the_connection_is_sent_again() -> None:
    world, receiver = world_of(DropsInData(times=1))
    key = await stored(world, HEAD + LINES)
    world.network.receivers[RECEIVER_IP] = receiver
    outbound = await world.start()
    assert await world.run(world.watch(key, RecipientState.DELIVERED))
    assert len(receiver.taken) == 1
    assert (await world.figures()).possible_duplicates == 1
    await world.kill(outbound)


async def test_large_message_in_the_inbox_has_its_subject() -> None:
    world, _ = world_of(Accepts())
    key = await stored(world, HEAD + LINES)
    world.settings = msgspec.structs.replace(
        world.settings, delivery=msgspec.structs.replace(world.settings.delivery, mode="mailbox", relay="")
    )
    outbound = await world.start()
    assert await world.run(world.watch(key, RecipientState.DELIVERED))
    (entry,) = await world.database.read(lambda session: inbox.search(session, limit=10))
    assert (entry.subject, entry.key) == ("large", MessageKey(ACCOUNT, REGION, key.message_id))
    await world.kill(outbound)


async def test_large_message_whose_blob_is_lost_waits() -> None:
    world, receiver = world_of(Accepts())
    key = await stored(world, HEAD + LINES)
    world.blobs.stored.clear()
    world.network.receivers[RECEIVER_IP] = receiver
    outbound = await world.start()
    assert await world.run(lambda: world.count("SELECT COUNT(*) FROM queue_recipient WHERE attempts > 0") == 1)
    assert receiver.taken == []
    assert await world.states(key) == [RecipientState.QUEUED]
    await world.kill(outbound)
