"""Clients that take their time, or never mean to finish: each way of being slow has its end."""

from __future__ import annotations

import asyncio

import pytest

from tests.servers.smtp.house import HandClock, House
from tests.servers.smtp.test_connection import ACCEPTED, MESSAGE, OPENING, Call, server, settle

TIMEOUT = "451 Timeout waiting for data from client\r\n"


def connected(clock: HandClock, house: House | None = None, **limits: object) -> Call:
    call = Call(server(house, clock, **limits))
    call.wire.take()
    return call


def trickle(call: Call, clock: HandClock, text: bytes, every_s: float) -> float:
    """Send octet by octet until the server hangs up, and say how long that took."""
    begun = clock.monotonic()
    for place in range(10_000):
        if call.wire.closing:
            return clock.monotonic() - begun
        call.connection.data_received(text[place % len(text) :][:1])
        clock.advance(every_s)
    raise AssertionError("the server waits for ever")


async def test_command_that_trickles_is_not_waited_for() -> None:
    clock = HandClock()
    call = connected(clock, idle_timeout_s=60.0)
    assert trickle(call, clock, b"a", 10.0) == 60.0
    assert call.wire.take() == TIMEOUT


async def test_every_reply_gives_the_next_command_its_time() -> None:
    clock = HandClock()
    call = connected(clock, idle_timeout_s=60.0, progress_timeout_s=10_000.0)
    for _ in range(20):
        clock.advance(59.0)
        assert call.say(b"NOOP\r\n") == "250 Ok\r\n"
    clock.advance(60.0)
    assert call.wire.take() == TIMEOUT


async def test_content_that_trickles_is_not_waited_for() -> None:
    clock = HandClock()
    call = connected(clock, idle_timeout_s=60.0, message_timeout_s=600.0)
    call.say(OPENING)
    assert trickle(call, clock, b"text\r\n", 10.0) == 600.0
    assert call.wire.take() == TIMEOUT


async def test_silence_in_content_is_not_waited_for() -> None:
    clock = HandClock()
    call = connected(clock, idle_timeout_s=60.0, message_timeout_s=600.0)
    call.say(OPENING)
    clock.advance(50.0)
    call.say(b"text\r\n")
    clock.advance(59.0)
    assert not call.wire.closing
    clock.advance(1.0)
    assert call.wire.take() == TIMEOUT


async def test_next_message_has_its_own_time() -> None:
    clock = HandClock()
    call = connected(clock, idle_timeout_s=60.0, message_timeout_s=100.0)
    for _ in range(4):
        call.say(OPENING)
        for _ in range(9):
            clock.advance(10.0)
            call.say(b"text\r\n")
        call.say(b".\r\n")
        await settle()
        assert call.wire.take() == ACCEPTED


async def test_large_content_that_trickles_is_given_up() -> None:
    clock, house = HandClock(), House()
    call = connected(clock, house, idle_timeout_s=60.0, message_timeout_s=600.0, max_whole_bytes=65_536)
    call.say(OPENING)
    for _ in range(60):
        call.say(b"line of text\r\n" * 1_000)
        await settle()
        clock.advance(10.0)
    assert call.wire.take() == TIMEOUT
    call.hang_up()
    await settle()
    assert house.streams[0].aborted


@pytest.mark.parametrize("command", [b"NOOP\r\n", b"RSET\r\n", b"VRFY a\r\n", b"HELO x\r\n"])
async def test_commands_without_a_message_come_to_an_end(command: bytes) -> None:
    clock = HandClock()
    call = connected(clock, idle_timeout_s=60.0, progress_timeout_s=600.0)
    for _ in range(19):
        clock.advance(30.0)
        assert call.say(command).startswith("25")
    clock.advance(30.0)
    assert call.wire.take() == TIMEOUT


async def test_accepted_message_gives_new_time_and_a_refused_one_does_not() -> None:
    clock, house = HandClock(), House()
    call = connected(clock, house, idle_timeout_s=400.0, progress_timeout_s=600.0)
    clock.advance(300.0)
    call.say(MESSAGE)
    await settle()
    assert call.wire.take().endswith(ACCEPTED)
    clock.advance(390.0)
    assert call.say(MESSAGE.replace(b"hi", b"bare\nline")).endswith("bare CR or LF.\r\n")
    clock.advance(209.0)
    assert not call.wire.closing
    clock.advance(1.0)
    assert call.wire.take() == TIMEOUT


async def test_message_under_way_is_not_cut_for_want_of_progress() -> None:
    clock, house = HandClock(), House(gate=asyncio.Event())
    call = connected(clock, house, idle_timeout_s=60.0, progress_timeout_s=100.0)
    clock.advance(50.0)
    call.say(OPENING)
    clock.advance(55.0)
    call.say(b"hi\r\n.\r\n")
    await settle()
    clock.advance(1_000.0)
    assert not call.wire.closing
    assert house.gate is not None
    house.gate.set()
    await settle()
    assert call.wire.take().endswith(ACCEPTED)


async def test_client_that_does_not_read_is_cut_off() -> None:
    clock = HandClock()
    call = connected(clock, idle_timeout_s=60.0, linger_s=5.0)
    call.connection.pause_writing()
    call.connection.data_received(b"NOOP\r\n" * 100)
    assert not call.wire.reading
    clock.advance(60.0)
    assert call.wire.closing
    clock.advance(5.0)
    assert call.wire.aborted


async def test_addresses_of_one_ipv6_network_are_one_client() -> None:
    one = server(max_sessions_per_client=2)
    calls = [Call(one, ip=ip) for ip in ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")]
    refused = [call.wire.take().startswith("421 Too many concurrent SMTP connections") for call in calls]
    assert refused == [False, False, True, False]
    calls[0].hang_up()
    assert Call(one, ip="2001:db8::4").wire.take().startswith("220 ")
