"""The driver of one connection, over a transport in memory and with a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hatobin.servers.smtp import Connection, TrustedServer
from hatobin.words.reply import Reply
from tests.dialogs.player import BANNER
from tests.servers.smtp.house import HandClock, House, Wire, settings, trusted_server

OPENING = b"HELO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
MESSAGE = OPENING + b"hi\r\n.\r\n"
ACCEPTED = "250 Ok 0100018f00000000-00000000-0000-0000-0000-000000000000-000000\r\n"


class Call:
    """One client of a trusted server."""

    def __init__(self, server: TrustedServer[str], *, ip: str = "192.0.2.7") -> None:
        self.wire = Wire(ip=ip)
        self.connection: Connection = server.protocol()
        self.connection.connection_made(self.wire)

    def say(self, data: bytes) -> str:
        self.connection.data_received(data)
        return self.wire.take()

    def hang_up(self) -> None:
        self.connection.connection_lost(None)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def server(house: House | None = None, clock: HandClock | None = None, **limits: object) -> TrustedServer[str]:
    return trusted_server(house or House(), clock or HandClock(), settings(**limits))


async def test_pipelined_replies_are_written_in_one_piece() -> None:
    call = Call(server())
    assert call.wire.take() == f"{BANNER}\r\n"
    assert (
        call.say(OPENING) == "250 email-smtp.example.com\r\n250 Ok\r\n250 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
    )
    assert call.say(b"hi\r\n.\r\n") == ""
    await settle()
    assert call.wire.take() == ACCEPTED


async def test_messages_of_one_connection_are_accepted_one_after_another() -> None:
    house = House(gate=asyncio.Event())
    call = Call(server(house))
    call.say(MESSAGE + MESSAGE.replace(b"hi", b"ho") + b"QUIT\r\n")
    await settle()
    assert len(house.peers) == 1
    assert house.gate is not None
    house.gate.set()
    await settle()
    assert [data for _, _, data in house.taken] == [b"hi\r\n", b"ho\r\n"]
    assert call.wire.take().endswith(ACCEPTED + "221 Bye\r\n")
    assert call.wire.closing


async def test_acceptance_learns_who_sent_what() -> None:
    house = House()
    Call(server(house)).say(MESSAGE)
    await settle()
    ((principal, envelope, data),) = house.taken
    assert (principal, data) == ("bench", b"hi\r\n")
    assert (envelope.reverse_path, envelope.recipients, envelope.size) == ("a@example.com", ("b@example.org",), 4)
    (peer,) = house.peers
    assert (peer.ip, peer.port, peer.tls_version, peer.helo) == ("192.0.2.7", 4711, None, "x")


async def test_failure_of_ours_is_answered_451_and_reported() -> None:
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    house = House(failure=KeyError("bug"))
    call = Call(server(house))
    call.say(MESSAGE)
    await settle()
    assert call.wire.take().endswith("451 Temporary service failure\r\n")
    assert reported[0]["exception"] is house.failure
    house.failure = None
    call.say(MESSAGE)
    await settle()
    assert call.wire.take().endswith(ACCEPTED)


async def test_client_that_sends_ahead_is_not_read_beyond_a_bound() -> None:
    house = House(gate=asyncio.Event())
    call = Call(server(house, max_unread_bytes=1_000))
    call.say(MESSAGE)
    call.say(b"NOOP\r\n" * 100)
    assert call.wire.reading
    call.say(b"NOOP\r\n" * 100)
    assert not call.wire.reading
    assert house.gate is not None
    house.gate.set()
    await settle()
    assert call.wire.reading
    assert call.wire.take() == ACCEPTED + "250 Ok\r\n" * 200


async def test_client_that_does_not_read_is_not_answered_for_a_while() -> None:
    call = Call(server())
    call.wire.take()
    call.connection.pause_writing()
    assert not call.wire.reading
    assert call.say(b"NOOP\r\nNOOP\r\n") == ""
    call.connection.resume_writing()
    assert call.wire.take() == "250 Ok\r\n250 Ok\r\n"
    assert call.wire.reading


async def test_connection_lost_while_accepting_leaves_the_message_accepted() -> None:
    house = House(gate=asyncio.Event())
    trusted = server(house)
    call = Call(trusted)
    call.say(MESSAGE)
    await settle()
    call.hang_up()
    assert trusted.session_count == 0
    assert house.gate is not None
    house.gate.set()
    await settle()
    assert len(house.taken) == 1
    assert ACCEPTED not in call.wire.take()


async def test_client_that_closed_its_half_still_gets_its_answer() -> None:
    house = House(gate=asyncio.Event())
    call = Call(server(house))
    call.say(MESSAGE)
    assert call.connection.eof_received() is True
    assert house.gate is not None
    house.gate.set()
    await settle()
    assert call.wire.take().endswith(ACCEPTED)
    assert call.wire.closing
    assert Call(server()).connection.eof_received() is False


async def test_silent_client_is_told_so() -> None:
    clock = HandClock()
    call = Call(server(clock=clock, idle_timeout_s=60.0, linger_s=5.0))
    call.wire.take()
    clock.advance(59)
    call.say(b"NOOP\r\n")
    clock.advance(59)
    assert call.wire.take() == ""
    clock.advance(1)
    assert call.wire.take() == "451 Timeout waiting for data from client\r\n"
    assert call.wire.closing
    assert not call.wire.aborted
    clock.advance(5)
    assert call.wire.aborted


async def test_client_is_not_silent_while_it_waits_for_us() -> None:
    clock = HandClock()
    house = House(gate=asyncio.Event())
    call = Call(server(house, clock, idle_timeout_s=60.0))
    call.say(MESSAGE)
    await settle()
    clock.advance(1_000)
    assert house.gate is not None
    house.gate.set()
    await settle()
    assert call.wire.take().endswith(ACCEPTED)
    clock.advance(59)
    assert not call.wire.closing
    clock.advance(61)
    assert call.wire.closing


async def test_session_too_many_is_turned_away() -> None:
    clock = HandClock()
    trusted = server(clock=clock, max_sessions=3, max_sessions_per_client=2)
    calls = [Call(trusted), Call(trusted)]
    turned_away = Call(trusted)
    assert turned_away.wire.take() == "421 Too many concurrent SMTP connections\r\n"
    assert turned_away.wire.closing
    calls.append(Call(trusted, ip="192.0.2.8"))
    assert not calls[2].wire.closing
    assert Call(trusted, ip="192.0.2.9").wire.closing
    assert trusted.session_count == 3
    calls[0].hang_up()
    assert not Call(trusted).wire.closing


async def test_content_of_all_sessions_together_is_bounded() -> None:
    trusted = server(max_held_bytes=100_000)
    first, second = Call(trusted), Call(trusted)
    for call in (first, second):
        call.say(OPENING)
        call.say(b"x" * 70_000 + b"\r\n")
    first.say(b".\r\n")
    assert second.say(b".\r\n") == "451 Temporary service failure\r\n"
    await settle()
    assert first.wire.take() == ACCEPTED
    second.say(MESSAGE[8:])
    await settle()
    assert second.wire.take().endswith(ACCEPTED)


async def test_memory_is_given_back_by_answer_and_by_loss() -> None:
    trusted = server(max_held_bytes=100_000)
    for end in (lambda call: call.say(b".\r\n"), lambda call: call.hang_up()):
        call = Call(trusted)
        call.say(OPENING)
        call.say(b"x" * 90_000 + b"\r\n")
        finish: Callable[[Call], object] = end
        finish(call)
        await settle()
    call = Call(trusted)
    call.say(OPENING)
    call.say(b"x" * 90_000 + b"\r\n")
    call.say(b".\r\n")
    await settle()
    assert call.wire.take().endswith(ACCEPTED)


async def test_stop_ends_idle_sessions_now_and_others_after_their_message() -> None:
    clock = HandClock()
    house = House(gate=asyncio.Event())
    trusted = server(house, clock)
    idle, accepting, sending = Call(trusted), Call(trusted), Call(trusted)
    accepting.say(MESSAGE + MESSAGE)
    sending.say(OPENING)
    for call in (idle, accepting, sending):
        call.wire.take()
    stopping = asyncio.ensure_future(trusted.stop(grace_s=30.0))
    await settle()
    goodbye = "421 Service shutting down, closing transmission channel\r\n"
    assert idle.wire.take() == goodbye
    assert Call(trusted).wire.take() == goodbye
    assert not accepting.wire.closing
    assert house.gate is not None
    house.gate.set()
    await settle()
    # The second message, sent ahead, is not begun.
    assert accepting.wire.take() == ACCEPTED + goodbye
    sending.say(b"hi\r\n.\r\n")
    await settle()
    assert sending.wire.take() == ACCEPTED + goodbye
    assert len(house.taken) == 2
    for call in (idle, accepting, sending):
        assert call.wire.closing
        assert not stopping.done()
        call.hang_up()
    await stopping


async def test_stop_cuts_what_is_left_after_the_grace() -> None:
    clock = HandClock()
    trusted = server(clock=clock)
    stuck = Call(trusted)
    stuck.say(OPENING)
    stopping = asyncio.ensure_future(trusted.stop(grace_s=30.0))
    await settle()
    assert not stuck.wire.aborted
    clock.advance(30)
    await stopping
    assert stuck.wire.aborted


async def test_reply_of_the_house_is_given_as_it_is() -> None:
    call = Call(server(House(reply=Reply.of(454, "Throttling failure: Maximum sending rate exceeded"))))
    call.say(MESSAGE)
    await settle()
    assert call.wire.take().endswith("454 Throttling failure: Maximum sending rate exceeded\r\n")
    assert not call.wire.closing
