"""One message and another through a client session: who takes it, who refuses it, and what is written."""

from __future__ import annotations

import pytest

from hatobin.protocols.smtp import (
    ClientPhase,
    Finished,
    LocalProtocolError,
    ReadyForData,
    RecipientReply,
    RemoteProtocolError,
    SenderReply,
    Stage,
)
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply
from tests.protocols.smtp.played import CONTENT, ENVELOPE, GROUP, hear, ready


def test_pipelined_transaction_takes_two_round_trips() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    assert session.data_to_send() == GROUP
    assert hear(session, "250 s", "250 b", "250 c", "354 go") == [
        SenderReply(Reply.of(250, "s")),
        RecipientReply(0, Reply.of(250, "b")),
        RecipientReply(1, Reply.of(250, "c")),
        ReadyForData(Reply.of(354, "go")),
    ]
    session.give_content()
    session.end_content()
    assert session.data_to_send() == b"hi\r\n.\r\n"
    assert session.stage is Stage.CONTENT
    assert session.patience_s == 600
    (finished,) = hear(session, "250 2.0.0 queued as 1")
    assert finished == Finished(Stage.CONTENT, Reply.of(250, "2.0.0 queued as 1"))
    assert finished.taken
    session.begin(ENVELOPE, CONTENT)
    assert session.data_to_send() == GROUP


def test_server_without_pipelining_gets_one_command_at_a_time() -> None:
    session = ready()
    session.begin(ENVELOPE, CONTENT)
    said = []
    for line in ("250 s", "550 5.1.1 b", "250 c", "354 go"):
        said.append(session.data_to_send())
        hear(session, line)
    assert b"".join(said) == GROUP
    assert all(text.count(b"\r\n") == 1 for text in said)
    assert session.phase is ClientPhase.CONTENT


def test_parameters_of_mail_are_those_the_server_knows() -> None:
    eight_bit = Envelope("", ("b@example.org",), "8BITMIME", 4)
    for keywords, parameters in [
        (("SIZE 100", "8BITMIME"), b" SIZE=3 BODY=8BITMIME"),
        (("SIZE",), b" SIZE=3"),
        (("8BITMIME",), b" BODY=8BITMIME"),
        ((), b""),
    ]:
        session = ready(*keywords)
        session.begin(eight_bit, b"\xe9\r\n")
        assert session.data_to_send() == b"MAIL FROM:<>" + parameters + b"\r\n"


def test_refused_recipient_does_not_stop_the_other() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    said = hear(session, "250 s", "550 5.1.1 no b", "250 c", "354 go")
    assert said[1:3] == [RecipientReply(0, Reply.of(550, "5.1.1 no b")), RecipientReply(1, Reply.of(250, "c"))]
    assert isinstance(said[3], ReadyForData)


@pytest.mark.parametrize("data_reply", ["503 need RCPT", "554 no valid recipients"])
def test_all_recipients_refused_and_the_next_message_begins_with_rset(data_reply: str) -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    said = hear(session, "250 s", "550 b", "451 c", data_reply)
    assert said[-1] == Finished(Stage.RCPT, Reply.of(451, "c"))
    assert not said[-1].taken
    session.data_to_send()
    session.begin(ENVELOPE, CONTENT)
    assert session.data_to_send() == b"RSET\r\n" + GROUP
    assert [type(event) for event in hear(session, "250 reset", "250 s", "250 b", "250 c", "354 go")] == [
        SenderReply,
        RecipientReply,
        RecipientReply,
        ReadyForData,
    ]


def test_server_that_begins_data_for_nobody_gets_an_empty_message() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    session.data_to_send()
    assert [type(event) for event in hear(session, "250 s", "550 b", "550 c", "354 go")] == [
        SenderReply,
        RecipientReply,
        RecipientReply,
    ]
    assert session.data_to_send() == b".\r\n"
    assert hear(session, "250 thanks for nothing") == [Finished(Stage.RCPT, Reply.of(550, "c"))]


def test_refused_sender_ends_it_without_recipient_replies() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    refusal = Reply.of(550, "5.7.1 not you")
    assert hear(session, "550 5.7.1 not you", "503 b", "503 c") == [SenderReply(refusal)]
    assert hear(session, "503 d") == [Finished(Stage.MAIL, refusal)]
    session.data_to_send()
    session.begin(ENVELOPE, CONTENT)
    assert session.data_to_send() == GROUP


def test_refusals_without_pipelining_end_before_data() -> None:
    session = ready()
    session.begin(ENVELOPE, CONTENT)
    assert hear(session, "451 later") == [
        SenderReply(Reply.of(451, "later")),
        Finished(Stage.MAIL, Reply.of(451, "later")),
    ]
    session.begin(ENVELOPE, CONTENT)
    hear(session, "250 s", "550 b")
    assert hear(session, "551 c")[-1] == Finished(Stage.RCPT, Reply.of(551, "c"))
    session.data_to_send()
    session.begin(ENVELOPE, CONTENT)
    assert session.data_to_send() == b"RSET\r\n"
    assert hear(session, "250 reset") == []
    assert session.data_to_send() == b"MAIL FROM:<a@example.com>\r\n"


def test_refused_data_and_refused_content_count_for_the_accepted() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    assert hear(session, "250 s", "250 b", "250 c", "451 no disk")[-1] == Finished(Stage.DATA, Reply.of(451, "no disk"))
    session.data_to_send()
    session.begin(ENVELOPE, CONTENT)
    hear(session, "250 reset", "250 s", "250 b", "250 c", "354 go")
    session.give_content()
    session.end_content()
    assert hear(session, "550 spam") == [Finished(Stage.CONTENT, Reply.of(550, "spam"))]
    session.data_to_send()
    session.begin(ENVELOPE, CONTENT)
    assert session.data_to_send() == GROUP


@pytest.mark.parametrize(
    ("lines", "stage"),
    [
        (["421 bye"], Stage.MAIL),
        (["250 s", "421 bye"], Stage.RCPT),
        (["250 s", "250 b", "250 c", "421 bye"], Stage.DATA),
        (["250 s", "250 b", "250 c", "354 go", "421 bye"], Stage.CONTENT),
    ],
)
def test_421_ends_transaction_and_session_wherever_it_comes(lines: list[str], stage: Stage) -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    assert hear(session, *lines)[-1] == Finished(stage, Reply.of(421, "bye"))
    assert session.phase is ClientPhase.CLOSED
    with pytest.raises(LocalProtocolError):
        session.begin(ENVELOPE, CONTENT)


def test_server_that_refuses_content_early_is_believed_and_left() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    hear(session, "250 s", "250 b", "250 c", "354 go")
    session.give_content()
    assert hear(session, "552 too much") == [Finished(Stage.CONTENT, Reply.of(552, "too much"))]
    assert session.phase is ClientPhase.CLOSED


@pytest.mark.parametrize(
    "lines",
    [
        ["354 s"],
        ["250 s", "354 b"],
        ["250 s", "250 b", "250 c", "250 d"],
        ["250 s", "250 b", "250 c", "354 go", "250 already?"],
    ],
)
def test_replies_that_fit_no_command_are_the_remotes_error(lines: list[str]) -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    with pytest.raises(RemoteProtocolError):
        hear(session, *lines)


def test_connection_closed_while_a_reply_is_owed() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    hear(session, "250 s")
    with pytest.raises(RemoteProtocolError, match="before the reply to RCPT"):
        session.receive_eof()


@pytest.mark.parametrize(
    ("envelope", "content"),
    [
        (Envelope("a@example.com", (), "7BIT", 0), CONTENT),
        (Envelope("a@example.com\r\nDATA", ("b@example.org",), "7BIT", 0), CONTENT),
        (Envelope("a@example.com", ("b@example.org>\r\nDATA",), "7BIT", 0), CONTENT),
        (Envelope("a@example.com", ("b@ex\u00e4mple.org",), "7BIT", 0), CONTENT),
        (ENVELOPE, b"a\nb\r\n"),
        (ENVELOPE, b"a\r\n.\r"),
        (ENVELOPE, b"a\r.\rb\r\n"),
    ],
)
def test_what_could_be_read_as_a_second_message_is_never_written(envelope: Envelope, content: bytes) -> None:
    session = ready("PIPELINING")
    with pytest.raises(LocalProtocolError):
        session.begin(envelope, content)
    assert session.data_to_send() == b""
    assert session.phase is ClientPhase.IDLE


def test_transaction_come_to_nothing_is_reset_once() -> None:
    session = ready("PIPELINING")
    session.begin(ENVELOPE, CONTENT)
    hear(session, "250 s", "550 b", "550 c", "503 d")
    session.reset()
    hear(session, "250 reset")
    session.data_to_send()
    session.begin(ENVELOPE, CONTENT)
    assert session.data_to_send() == GROUP
