"""A client session and what a test lets its server say."""

from __future__ import annotations

from collections.abc import Iterator

from hatobin.protocols.smtp import ClientEvent, ClientSession
from hatobin.words.envelope import Envelope

ENVELOPE = Envelope("a@example.com", ("b@example.org", "c@example.org"), "7BIT", 4)
CONTENT = b"hi\r\n"
GROUP = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n"


def hear(session: ClientSession, *lines: str) -> list[ClientEvent]:
    session.receive("".join(line + "\r\n" for line in lines).encode())
    return list(events(session))


def events(session: ClientSession) -> Iterator[ClientEvent]:
    while (event := session.next_event()) is not None:
        yield event


def ready(*keywords: str) -> ClientSession:
    session = ClientSession("mail.example.com")
    hear(session, "220 mx")
    offer = ["mx", *keywords]
    hear(session, *(f"250-{word}" for word in offer[:-1]), f"250 {offer[-1]}")
    session.data_to_send()
    return session
