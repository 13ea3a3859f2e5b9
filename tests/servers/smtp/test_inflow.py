"""Large messages go to the house while they are read: bounded, in order, and given up when the client is gone."""

from __future__ import annotations

import asyncio

from hatobin.servers.smtp.inflow import MAX_WAITING_BYTES
from hatobin.words.reply import Reply
from tests.servers.smtp.house import HandClock, House, settings, trusted_server
from tests.servers.smtp.test_connection import ACCEPTED, OPENING, Call, server, settle

LIMIT_BYTES = 65_536
LINES = b".line of a large message\r\n" * 4_000  # 104 kB
UNSTUFFED = LINES[1:].replace(b"\r\n.", b"\r\n")


async def test_large_message_is_handed_on_while_it_comes() -> None:
    house = House()
    call = Call(server(house, max_whole_bytes=LIMIT_BYTES))
    call.say(OPENING)
    for count in range(1, 20):
        call.say(LINES)
        await settle()
        (stream,) = house.streams
        assert len(stream.written) > len(UNSTUFFED) * count - 2 * LIMIT_BYTES
    call.say(b"end\r\n.\r\nNOOP\r\n")
    await settle()
    ((_, envelope, data),) = house.taken
    assert data == UNSTUFFED * 19 + b"end\r\n"
    assert envelope.size == len(data)
    assert not stream.aborted
    assert call.wire.take() == ACCEPTED + "250 Ok\r\n"


async def test_small_message_is_handed_over_whole() -> None:
    house = House()
    call = Call(server(house, max_whole_bytes=1_000_000))
    call.say(OPENING + LINES + b".\r\n")
    await settle()
    assert house.streams == []
    assert len(house.taken) == 1


async def test_client_waits_while_the_house_does_not_take_more() -> None:
    house = House(write_gate=asyncio.Event())
    clock = HandClock()
    sessions = trusted_server(house, clock, settings(max_whole_bytes=LIMIT_BYTES, idle_timeout_s=60.0))
    call = Call(sessions)
    call.say(OPENING)
    sent = 0
    while call.wire.reading:
        call.say(LINES)
        sent += 1
    assert len(LINES) * sent < MAX_WAITING_BYTES + 3 * len(LINES)
    # Its silence is our doing.
    clock.advance(300.0)
    assert not call.wire.closing
    assert house.write_gate is not None
    house.write_gate.set()
    await settle()
    assert call.wire.reading
    call.say(b".\r\n")
    await settle()
    assert call.wire.take() == ACCEPTED
    assert sessions._registry.held_bytes == 0


async def test_message_that_is_refused_for_its_form_is_given_up() -> None:
    house = House()
    call = Call(server(house, max_whole_bytes=LIMIT_BYTES))
    call.say(OPENING + LINES)
    await settle()
    answered = call.say(b"bare\nline\r\n" + LINES + b".\r\n" + OPENING)
    assert answered.startswith("554 Transaction failed: Message contains bare CR or LF.\r\n250 ")
    await settle()
    (stream,) = house.streams
    assert stream.aborted
    assert house.taken == []
    assert call.say(b"after it\r\n.\r\n") == ""
    await settle()
    assert call.wire.take() == ACCEPTED


async def test_message_over_the_limit_is_heard_out_and_given_up() -> None:
    house = House()
    call = Call(server(house, max_whole_bytes=LIMIT_BYTES))
    call.say(OPENING)
    for _ in range(500):
        call.say(LINES)
        await settle()
    (stream,) = house.streams
    assert len(stream.written) <= 40 * 1_048_576
    assert call.say(b".\r\nNOOP\r\n") == "552 Message is too long.\r\n250 Ok\r\n"
    await settle()
    assert stream.aborted
    assert house.taken == []


async def test_message_of_a_client_that_hangs_up_is_given_up() -> None:
    house = House(write_gate=asyncio.Event())
    sessions = server(house, max_whole_bytes=LIMIT_BYTES)
    call = Call(sessions)
    call.say(OPENING + LINES)
    await settle()
    call.hang_up()
    await settle()
    (stream,) = house.streams
    # One call at a time: the write that is under way comes to its end first.
    assert not stream.aborted
    assert house.write_gate is not None
    house.write_gate.set()
    await settle()
    assert stream.aborted
    assert house.taken == []
    assert sessions._registry.held_bytes == 0


async def test_message_that_is_complete_when_the_client_hangs_up_is_accepted() -> None:
    house = House(gate=asyncio.Event())
    call = Call(server(house, max_whole_bytes=LIMIT_BYTES))
    call.say(OPENING + LINES)
    call.say(b".\r\n")
    await settle()
    call.hang_up()
    assert house.gate is not None
    house.gate.set()
    await settle()
    assert len(house.taken) == 1
    assert not house.streams[0].aborted


async def test_failure_of_the_house_is_answered_451() -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    house = House(write_failure=RuntimeError("no room"))
    call = Call(server(house, max_whole_bytes=LIMIT_BYTES))
    call.say(OPENING + LINES * 3)
    await settle()
    call.say(LINES * 3 + b".\r\n")
    await settle()
    assert call.wire.take().endswith("451 Temporary service failure\r\n")
    assert house.taken == []
    assert house.streams[0].aborted
    assert [context["message"] for context in reported] == ["no answer to MessageReceived"]


async def test_refusal_of_the_house_is_given_as_it_is() -> None:
    house = House(reply=Reply.of(554, "Transaction failed: Duplicate header 'To'."))
    call = Call(server(house, max_whole_bytes=LIMIT_BYTES))
    call.say(OPENING + LINES)
    call.say(b".\r\n")
    await settle()
    assert call.wire.take().endswith("554 Transaction failed: Duplicate header 'To'.\r\n")


async def test_stop_gives_up_what_is_not_complete() -> None:
    house = House()
    clock = HandClock()
    sessions = trusted_server(house, clock, settings(max_whole_bytes=LIMIT_BYTES))
    call = Call(sessions)
    call.say(OPENING + LINES)
    await settle()
    stopping = asyncio.ensure_future(sessions.stop(grace_s=5.0))
    await settle()
    clock.advance(5.0)
    await settle()
    assert call.wire.aborted
    await stopping
    assert house.streams[0].aborted
