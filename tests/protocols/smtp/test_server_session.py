"""The server session: laws that hold for every client, and what the driver may do to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.smtp import (
    LocalProtocolError,
    MailFrom,
    MessageReceived,
    MessageRefused,
    Phase,
    RcptTo,
    ServerConfig,
    ServerLimits,
    ServerSession,
    replies,
)
from hatobin.words.reply import Reply
from tests.dialogs.player import ACCEPTED, RECEPTION, SUBMISSION, TRUSTED, Dialog, Player, Segment, byte_by_byte

_LINES = st.sampled_from(
    [
        b"EHLO x\r\n",
        b"HELO x\r\n",
        b"STARTTLS\r\n",
        b"AUTH PLAIN AGEAYg==\r\n",
        b"AUTH LOGIN\r\n",
        b"YQ==\r\n",
        b"*\r\n",
        b"MAIL FROM:<a@example.com>\r\n",
        b"MAIL FROM:<a@example.com> SIZE=99 BODY=8BITMIME\r\n",
        b"RCPT TO:<b@example.com>\r\n",
        b"RCPT TO:<b>\r\n",
        b"DATA\r\n",
        b".\r\n",
        b"..x\r\n",
        b"text\r\n",
        b"text\n",
        b"\r\n.\r\n",
        b"\r",
        b"NOOP\r\n",
        b"RSET\r\n",
        b"x" * 600 + b"\r\n",
        b"QUIT\r\n",
        b"\x16\x03",
    ]
)
_TALK = st.lists(st.one_of(_LINES, _LINES, _LINES, st.binary(max_size=8)), max_size=40).map(b"".join)
_CONFIGS = st.sampled_from([(SUBMISSION, True), (SUBMISSION, False), (TRUSTED, False), (RECEPTION, False)])
_SMALL = ServerLimits(max_message_bytes=60, max_recipients=2, max_envelope_recipients=3, max_errors=5)


def player(config: ServerConfig, *, secured: bool = False) -> Player:
    return Player(Dialog("", config, secured, [Segment()], []))


@given(talk=_TALK, configured=_CONFIGS, sizes=st.lists(st.integers(1, 50), max_size=40))
def test_same_bytes_give_the_same_events_however_they_are_cut(
    talk: bytes, configured: tuple[ServerConfig, bool], sizes: list[int]
) -> None:
    config, secured = configured
    opening = b"EHLO x\r\n" + (b"AUTH PLAIN AGEAYg==\r\n" if secured else b"")
    at_once, cut, bytewise = (player(replace(config, limits=_SMALL), secured=secured) for _ in range(3))
    at_once.hear(opening + talk)
    rest = opening + talk
    for size in sizes:
        cut.hear(rest[:size])
        rest = rest[size:]
    cut.hear(rest)
    for byte in byte_by_byte(opening + talk):
        bytewise.hear(byte)
    assert at_once.events == cut.events == bytewise.events
    assert at_once.server == cut.server == bytewise.server
    assert at_once.session.standing.phase is cut.session.standing.phase is bytewise.session.standing.phase


@given(
    garbage=st.lists(st.one_of(st.binary(max_size=60), _LINES), max_size=30),
    configured=_CONFIGS,
    answers=st.lists(st.sampled_from([220, 235, 250, 354, 421, 450, 535, 550]), min_size=1, max_size=10),
)
def test_garbage_gives_replies_and_never_an_exception(
    garbage: list[bytes], configured: tuple[ServerConfig, bool], answers: list[int]
) -> None:
    session = ServerSession(replace(configured[0], limits=_SMALL), secured=configured[1])
    asked = 0
    for chunk in garbage:
        session.receive(chunk)
        while session.next_event() is not None:
            if session.awaits_answer:
                session.send(Reply.of(answers[asked % len(answers)], "x"))
                asked += 1
        if session.standing.phase is Phase.HANDSHAKE:
            session.tls_established()
    said = session.data_to_send()
    assert all(line[:3].isdigit() and line[3:4] in b" -" for line in said.split(b"\r\n")[:-1])


@given(talk=_TALK)
def test_nobody_gets_a_message_in_without_tls_and_login(talk: bytes) -> None:
    session = ServerSession(SUBMISSION)
    session.receive(b"EHLO x\r\n" + talk)
    while (event := session.next_event()) is not None:
        assert not isinstance(event, MailFrom | RcptTo | MessageReceived)
        if session.awaits_answer:
            session.send(Reply.of(220, "x"))


def ready_for_content(config: ServerConfig = TRUSTED) -> Player:
    played = player(config)
    played.hear(b"HELO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
    played.server.clear()
    return played


def test_unfinished_line_is_not_held_for_ever() -> None:
    played = player(TRUSTED)
    for _ in range(100):
        played.hear(b"x" * 5_000)
        assert played.session.held_bytes < 20_000


def test_content_beyond_the_limit_is_not_held() -> None:
    played = ready_for_content(replace(TRUSTED, limits=ServerLimits(max_message_bytes=100_000)))
    for _ in range(100):
        played.hear(b"x" * 998 * 10 + b"\r\n")
        assert played.session.held_bytes < 200_000
    played.hear(b".\r\n")
    assert played.server == b"552 Message is too long.\r\n"


def test_session_reads_on_only_after_the_answer() -> None:
    session = ServerSession(TRUSTED)
    session.receive(b"HELO x\r\nMAIL FROM:<a@example.com>\r\nNOOP\r\n")
    session.next_event()
    session.send(Reply.of(220, "hi"))
    session.next_event()
    assert isinstance(session.next_event(), MailFrom)
    assert session.next_event() is None
    assert session.awaits_answer
    assert session.data_to_send() == b"220 hi\r\n250 email-smtp.example.com\r\n"
    session.send(replies.OK)
    assert session.next_event() is None
    assert session.data_to_send() == b"250 Ok\r\n250 Ok\r\n"


def test_answer_without_a_question_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError):
        ServerSession(TRUSTED).send(replies.OK)


def test_content_outside_of_data_cannot_be_refused() -> None:
    with pytest.raises(LocalProtocolError):
        ServerSession(TRUSTED).refuse_content(replies.SERVICE_FAILURE)


def test_handshake_nobody_asked_for_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError):
        player(SUBMISSION).session.tls_established()


def test_driver_short_of_memory_hears_the_message_out() -> None:
    played = ready_for_content()
    played.hear(b"x" * 70_000 + b"\r\n")
    assert played.session.held_bytes > 70_000
    played.session.refuse_content(replies.SERVICE_FAILURE)
    played.hear(b"x" * 70_000 + b"\r\n")
    assert played.session.held_bytes == 0
    assert not played.server
    played.hear(b".\r\nNOOP\r\n")
    assert played.server == b"451 Temporary service failure\r\n250 Ok\r\n"
    assert played.events[-1] == "MessageRefused <a@example.com> b@example.com 451"


def test_close_is_the_last_word_even_in_the_middle_of_content() -> None:
    played = ready_for_content()
    played.hear(b"half")
    played.session.close(replies.IDLE_TOO_LONG)
    played.session.close(replies.SHUTTING_DOWN)
    played.hear(b"\r\n.\r\nNOOP\r\n")
    assert played.server == b"451 Timeout waiting for data from client\r\n"
    assert played.session.standing.closed
    assert played.session.held_bytes == 0


def test_close_takes_back_an_open_question() -> None:
    session = ServerSession(TRUSTED)
    session.next_event()
    session.close(replies.SHUTTING_DOWN)
    assert not session.awaits_answer
    with pytest.raises(LocalProtocolError):
        session.send(ACCEPTED)


def test_session_is_in_a_transaction_from_mail_to_the_answer() -> None:
    session = player(TRUSTED).session
    for line, inside in [(b"HELO x", False), (b"MAIL FROM:<a@b>", True), (b"RCPT TO:<a@b>", True), (b"DATA", True)]:
        session.receive(line + b"\r\n")
        while session.next_event() is not None:
            if session.awaits_answer:
                session.send(replies.OK)
        assert session.standing.in_transaction is inside
    session.receive(b".\r\n")
    assert isinstance(session.next_event(), MessageReceived)
    assert session.standing.in_transaction
    session.send(ACCEPTED)
    assert not session.standing.in_transaction


def test_refused_content_is_told_with_its_envelope() -> None:
    session = ServerSession(replace(TRUSTED, limits=_SMALL))
    session.receive(b"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + b"x" * 100 + b"\r\n.\r\n")
    refused = None
    while (event := session.next_event()) is not None:
        refused = event
        if session.awaits_answer:
            session.send(replies.OK)
    assert isinstance(refused, MessageRefused)
    assert refused.envelope.recipients == ("c@d",)
    assert refused.reply is replies.MESSAGE_TOO_LONG
