"""The client session against servers of every temper, played from the other side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.smtp import (
    ClientPhase,
    ClientSession,
    Closed,
    Greeted,
    LocalProtocolError,
    LoginReply,
    Offered,
    Refused,
    RemoteProtocolError,
    ReplyLimits,
    ResetReply,
    Stage,
    TlsReply,
)
from hatobin.words.reply import Reply
from tests.protocols.smtp.played import CONTENT, ENVELOPE, events, hear, ready


def test_greeting_and_ehlo_happen_by_themselves() -> None:
    session = ClientSession("mail.example.com")
    assert session.data_to_send() == b""
    assert session.stage is Stage.GREETING
    assert hear(session, "220 mx.example.org ESMTP") == [Greeted(Reply.of(220, "mx.example.org ESMTP"))]
    assert session.data_to_send() == b"EHLO mail.example.com\r\n"
    (offered,) = hear(session, "250-mx.example.org", "250-SIZE 100", "250 PIPELINING")
    assert isinstance(offered, Offered)
    assert (offered.extensions, offered.esmtp) == ({"SIZE": "100", "PIPELINING": ""}, True)
    assert session.phase is ClientPhase.IDLE


def test_old_server_is_greeted_with_helo() -> None:
    session = ClientSession("mail.example.com")
    hear(session, "220 old", "502 what?")
    assert session.data_to_send() == b"EHLO mail.example.com\r\nHELO mail.example.com\r\n"
    (offered,) = hear(session, "250 old")
    assert isinstance(offered, Offered)
    assert (offered.extensions, offered.esmtp) == ({}, False)


@pytest.mark.parametrize(
    ("lines", "stage"),
    [
        (["554 go away"], Stage.GREETING),
        (["421 busy"], Stage.GREETING),
        (["220 mx", "421 busy"], Stage.EHLO),
        (["220 mx", "451 later"], Stage.EHLO),
        (["220 mx", "500 no", "550 no"], Stage.HELO),
    ],
)
def test_unwilling_server_is_told_with_its_reply(lines: list[str], stage: Stage) -> None:
    session = ClientSession("x")
    refused = hear(session, *lines)[-1]
    assert refused == Refused(stage, Reply.of(int(lines[-1][:3]), lines[-1][4:]))
    if refused.reply.code != 421:
        session.data_to_send()
        session.quit()
        assert session.data_to_send() == b"QUIT\r\n"
        assert hear(session, "221 bye") == [Closed(Reply.of(221, "bye"))]


def test_idle_session_may_be_told_goodbye() -> None:
    session = ready()
    assert hear(session, "421 idle too long") == [Closed(Reply.of(421, "idle too long"))]
    session.receive_eof()


def test_injected_lines_behind_starttls_are_dropped() -> None:
    # DEV-IS-24, nodemailer#1835.
    session = ready("STARTTLS", "PIPELINING")
    session.start_tls()
    assert session.data_to_send() == b"STARTTLS\r\n"
    assert hear(session, "220 go", "250-mx", "250 AUTH PLAIN") == [TlsReply(Reply.of(220, "go"))]
    assert hear(session, "250 more") == []
    assert session.extensions == {}
    session.tls_established()
    assert session.secured
    assert session.data_to_send() == b"EHLO mail.example.com\r\n"
    (offered,) = hear(session, "250-mx", "250 SIZE")
    assert isinstance(offered, Offered)
    assert offered.extensions == {"SIZE": ""}


def test_declined_starttls_leaves_a_session_in_plain_text() -> None:
    session = ready("STARTTLS")
    session.start_tls()
    assert hear(session, "454 not now") == [TlsReply(Reply.of(454, "not now"))]
    assert session.phase is ClientPhase.IDLE
    assert not session.secured


def secured(*keywords: str) -> ClientSession:
    session = ready("STARTTLS")
    session.start_tls()
    hear(session, "220 go")
    session.tls_established()
    hear(session, "250-mx", *(f"250-{word}" for word in keywords), "250 OK")
    session.data_to_send()
    return session


def test_login_by_plain_with_and_without_initial_response() -> None:
    session = secured("AUTH LOGIN PLAIN")
    session.login("user", "pass")
    assert session.data_to_send() == b"AUTH PLAIN AHVzZXIAcGFzcw==\r\n"
    assert hear(session, "334 ") == []
    assert session.data_to_send() == b"AHVzZXIAcGFzcw==\r\n"
    assert hear(session, "235 in") == [LoginReply(Reply.of(235, "in"))]
    assert session.phase is ClientPhase.IDLE


def test_login_by_login_and_a_server_that_never_has_enough() -> None:
    session = secured("AUTH LOGIN")
    session.login("user", "pass")
    said = [session.data_to_send()]
    for line in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "334 more"):
        hear(session, line)
        said.append(session.data_to_send())
    assert said == [b"AUTH LOGIN\r\n", b"dXNlcg==\r\n", b"cGFzcw==\r\n", b"*\r\n"]
    assert hear(session, "535 no") == [LoginReply(Reply.of(535, "no"))]


def test_no_password_over_plain_text_unless_allowed() -> None:
    session = ready("AUTH PLAIN")
    with pytest.raises(LocalProtocolError):
        session.login("user", "pass")
    session.login("user", "pass", in_plain_text=True)
    with pytest.raises(LocalProtocolError):
        secured("AUTH GSSAPI").login("user", "pass")


def test_reset_and_quit() -> None:
    session = ready()
    session.reset()
    assert hear(session, "250 ok") == [ResetReply(Reply.of(250, "ok"))]
    session.quit()
    assert session.data_to_send() == b"RSET\r\nQUIT\r\n"
    session.receive_eof()  # a server may hang up without a word here


@pytest.mark.parametrize(
    "lines",
    [
        ["hello"],
        ["99 x"],
        ["150 x"],
        ["650 x"],
        ["2500 x"],
        ["25O x"],
        [""],
        ["220-a", "221 b"],
        ["354 what"],
        ["220-" + "x" * 3_000],
        ["220 " + "x" * 3_000],
        ["220-x"] * 200,
        ["220 mx", "250 mx", "250 unasked"],
    ],
)
def test_nonsense_is_the_remotes_error(lines: list[str]) -> None:
    with pytest.raises(RemoteProtocolError):
        hear(ClientSession("x"), *lines)


def test_endless_line_is_not_held() -> None:
    session = ClientSession("x", limits=ReplyLimits(max_line_bytes=10))
    session.receive(b"220 x" * 3)
    with pytest.raises(RemoteProtocolError):
        session.next_event()


def test_text_of_a_stranger_is_made_printable() -> None:
    session = ClientSession("x")
    session.receive("220 caf\u00e9\x1b[2J\x00\ttab\r\n".encode())
    assert session.next_event() == Greeted(Reply.of(220, "caf\u00e9?[2J? tab"))
    session.receive(b"250 lone line feed\n")
    assert isinstance(session.next_event(), Offered)


def test_one_thing_at_a_time() -> None:
    session = ready()
    session.reset()
    for ask in (session.reset, session.quit, session.start_tls, lambda: session.begin(ENVELOPE, CONTENT)):
        with pytest.raises(LocalProtocolError):
            ask()
    with pytest.raises(LocalProtocolError):
        session.give_content()


_REPLIES = st.sampled_from(
    ["220 a", "250 b", "250-c", "354 d", "421 e", "451 f", "550 g", "334 h", "221 i", "250 PIPELINING", "x"]
)


@given(chunks=st.lists(st.one_of(_REPLIES.map(lambda line: line.encode() + b"\r\n"), st.binary(max_size=20))))
def test_garbage_gives_events_or_remote_protocol_error(chunks: list[bytes]) -> None:
    session = ClientSession("x")
    session.receive(b"220 mx\r\n250-mx\r\n250-AUTH LOGIN\r\n250 PIPELINING\r\n")
    turns = iter(range(1_000))
    try:
        for chunk in chunks:
            session.receive(chunk)
            for _ in events(session):
                pass
            if session.phase is ClientPhase.IDLE:
                turn = next(turns) % 4
                if turn == 0 and not session.secured:
                    session.start_tls()
                elif turn == 1 and "AUTH" in session.extensions:
                    session.login("a", "b", in_plain_text=True)
                else:
                    session.begin(ENVELOPE, CONTENT)
            elif session.phase is ClientPhase.CONTENT:
                session.give_content()
                session.end_content()
            elif session.phase is ClientPhase.HANDSHAKE:
                session.tls_established()
        session.receive_eof()
    except RemoteProtocolError:
        pass


@given(sizes=st.lists(st.integers(1, 9), max_size=60))
def test_replies_are_the_same_however_they_are_cut(sizes: list[int]) -> None:
    said = b"220 mx\r\n250-mx\n250-SIZE\r\n250 PIPELINING\r\n421-a\r\n421 b\r\n"
    whole, cut = ClientSession("x"), ClientSession("x")
    whole.receive(said)
    told = []
    for size in [*sizes, len(said)]:
        cut.receive(said[:size])
        said = said[size:]
        told += list(events(cut))
    assert told == list(events(whole))
