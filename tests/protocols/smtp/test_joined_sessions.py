"""Our client talks to our server in memory: what goes in at one end comes out at the other."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hatobin.protocols.smtp import (
    ClientEvent,
    ClientSession,
    Finished,
    MessageReceived,
    Offered,
    ReadyForData,
    RecipientReply,
    ServerConfig,
    ServerSession,
    TlsReply,
)
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply
from tests.dialogs.player import RECEPTION

_LOCALS = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)
_MAILBOXES = st.builds(
    lambda local, host: f"{local}@{host}.example", _LOCALS, st.text("abc-09", max_size=8).map("x{}y".format)
)
_ENVELOPES = st.builds(
    Envelope,
    st.one_of(st.just(""), _MAILBOXES),
    st.lists(_MAILBOXES, min_size=1, max_size=5).map(tuple),
    st.sampled_from(["7BIT", "8BITMIME"]),
    st.just(0),
)
_CONTENT = st.lists(st.sampled_from([b".", b"..", b"x", b".x", b"", b"\xff\xfe", b"QUIT", b"x" * 80])).map(
    lambda lines: b"".join(line + b"\r\n" for line in lines)
)


class Joined:
    """A client and a server with a wire between them that cuts where a seed says."""

    def __init__(self, config: ServerConfig, seed: int) -> None:
        self.client = ClientSession("client.example")
        self.server = ServerSession(config)
        self.received: list[MessageReceived] = []
        self.refuse: set[str] = set()
        self._chance = random.Random(seed)

    def run(self) -> list[ClientEvent]:
        """Let both talk until neither has anything to say."""
        told: list[ClientEvent] = []
        while True:
            heard = self._serve()
            told += self._read(heard)
            said = self.client.data_to_send()
            if not heard and not said:
                return told
            for piece in self._pieces(said):
                self.server.receive(piece)

    def _serve(self) -> bytes:
        while (event := self.server.next_event()) is not None:
            if isinstance(event, MessageReceived):
                self.received.append(event)
            if self.server.awaits_answer:
                refused = getattr(event, "recipient", None) in self.refuse
                self.server.send(Reply.of(550, "5.1.1 no") if refused else Reply.of(250, "2.0.0 Ok"))
        return self.server.data_to_send()

    def _read(self, heard: bytes) -> list[ClientEvent]:
        told = []
        for piece in self._pieces(heard):
            self.client.receive(piece)
            while (event := self.client.next_event()) is not None:
                told.append(event)
                if isinstance(event, ReadyForData):
                    self.client.give_content()
                    self.client.end_content()
                if isinstance(event, TlsReply):
                    self.server.tls_established()
                    self.client.tls_established()
        return told

    def _pieces(self, data: bytes) -> list[bytes]:
        pieces = []
        while data:
            size = self._chance.randrange(1, 60)
            pieces.append(data[:size])
            data = data[size:]
        return pieces


@given(
    envelopes=st.lists(_ENVELOPES, min_size=1, max_size=4), content=_CONTENT, seed=st.integers(0, 9), tls=st.booleans()
)
def test_every_message_arrives_as_it_was_sent(envelopes: list[Envelope], content: bytes, seed: int, tls: bool) -> None:
    joined = Joined(RECEPTION, seed)
    assert isinstance(joined.run()[-1], Offered)
    if tls:
        joined.client.start_tls()
        assert isinstance(joined.run()[-1], Offered)
        assert joined.server.standing.secured
    for envelope in envelopes:
        joined.client.begin(envelope, content)
        finished = joined.run()[-1]
        assert isinstance(finished, Finished)
        assert finished.taken
    wanted = [replace(envelope, size=len(content)) for envelope in envelopes]
    assert [message.envelope for message in joined.received] == wanted
    assert all(message.data == content for message in joined.received)


@given(refused=st.sets(st.integers(0, 3)), seed=st.integers(0, 9))
def test_each_recipient_gets_its_own_reply(refused: set[int], seed: int) -> None:
    recipients = tuple(f"r{index}@example.org" for index in range(4))
    joined = Joined(RECEPTION, seed)
    joined.run()
    joined.refuse = {recipients[index] for index in refused}
    for _ in range(2):  # the second time on a session that holds a transaction come to nothing
        joined.client.begin(Envelope("a@example.com", recipients, "7BIT", 0), b"x\r\n")
        told = joined.run()
        assert [event.reply.code for event in told if isinstance(event, RecipientReply)] == [
            550 if index in refused else 250 for index in range(4)
        ]
        assert isinstance(told[-1], Finished)
        assert told[-1].taken == (len(refused) < 4)
    taken = tuple(recipient for recipient in recipients if recipient not in joined.refuse)
    assert [message.envelope.recipients for message in joined.received] == ([taken] * 2 if taken else [])
