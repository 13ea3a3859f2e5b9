"""Simulated receiving servers: plain SMTP whose behaviour is a script.

They are written by hand and know only what the client under test says, so a
mistake in our own server core cannot hide one in our client.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Received:
    """A message that a receiver has taken."""

    reverse_path: str
    recipients: tuple[str, ...]
    content: bytes


class Behaviour(Protocol):
    """Decides what to answer; None drops the connection."""

    def to_recipient(self, address: str, visits: int) -> str:
        """Answer RCPT; `visits` counts the earlier RCPTs of this address."""
        ...

    def to_content(self, received: Received, visits: int) -> str | None:
        """Answer the final dot."""
        ...


class Accepts:
    """Takes everything."""

    def to_recipient(self, address: str, visits: int) -> str:
        return "250 2.1.5 Ok"

    def to_content(self, received: Received, visits: int) -> str | None:
        return "250 2.0.0 Ok: queued"


@dataclass
class Defers(Accepts):
    """Answers 451 to the first `times` attempts of each recipient."""

    times: int = 2

    def to_recipient(self, address: str, visits: int) -> str:
        return "451 4.7.1 Greylisted, try again" if visits < self.times else "250 2.1.5 Ok"


@dataclass
class DropsInData(Accepts):
    """Closes the connection after the content, the first `times` messages."""

    times: int = 1
    after_taking: bool = False

    def to_content(self, received: Received, visits: int) -> str | None:
        return None if visits < self.times else "250 2.0.0 Ok: queued"


class KnowsNobody(Accepts):
    """Has no such user."""

    def to_recipient(self, address: str, visits: int) -> str:
        return "550 5.1.1 User unknown"


@dataclass
class Receiver:
    """One server with its behaviour, and what it took."""

    behaviour: Behaviour
    pipelining: bool = True
    taken: list[Received] = field(default_factory=list)
    visits: Counter[str] = field(default_factory=Counter)
    contents: int = 0

    def connected(self) -> ReceiverSession:
        """Begin a session."""
        return ReceiverSession(self)


@dataclass
class ReceiverSession:
    """One connection: commands in, replies out."""

    receiver: Receiver
    dropped: bool = False
    _buffer: bytearray = field(default_factory=bytearray)
    _reverse_path: str = ""
    _recipients: list[str] = field(default_factory=list)
    _in_data: bool = False

    def greet(self) -> bytes:
        return b"220 receiver.example ESMTP\r\n"

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the client and give what is answered at once."""
        self._buffer += data
        replies: list[str] = []
        while not self.dropped:
            if self._in_data:
                end = self._buffer.find(b"\r\n.\r\n")
                if end < 0:
                    break
                content = bytes(self._buffer[: end + 2])
                del self._buffer[: end + 5]
                self._in_data = False
                reply = self._end_of_content(content)
                if reply is None:
                    self.dropped = True
                    break
                replies.append(reply)
                continue
            end = self._buffer.find(b"\r\n")
            if end < 0:
                break
            line = self._buffer[:end].decode()
            del self._buffer[: end + 2]
            replies.append(self._command(line))
        return "".join(f"{reply}\r\n" for reply in replies).encode()

    def _command(self, line: str) -> str:
        verb = line[:4].upper()
        if verb == "EHLO":
            return "250-receiver.example\r\n250 PIPELINING" if self.receiver.pipelining else "250 receiver.example"
        if verb == "MAIL":
            self._reverse_path, self._recipients = _path(line), []
            return "250 2.1.0 Ok"
        if verb == "RCPT":
            address = _path(line)
            reply = self.receiver.behaviour.to_recipient(address, self.receiver.visits[address])
            self.receiver.visits[address] += 1
            if reply.startswith("2"):
                self._recipients.append(address)
            return reply
        if verb == "DATA":
            if not self._recipients:
                return "554 5.5.1 No valid recipients"
            self._in_data = True
            return "354 Go ahead"
        return "221 2.0.0 Bye" if verb == "QUIT" else "250 2.0.0 Ok"

    def _end_of_content(self, content: bytes) -> str | None:
        received = Received(self._reverse_path, tuple(self._recipients), content)
        reply = self.receiver.behaviour.to_content(received, self.receiver.contents)
        self.receiver.contents += 1
        taken = (reply or "").startswith("2") or (
            reply is None and getattr(self.receiver.behaviour, "after_taking", False)
        )
        if taken:
            self.receiver.taken.append(received)
        return reply


def _path(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]
