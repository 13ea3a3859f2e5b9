"""One SMTP session to one server: opening it, and many transactions over it.

The protocol core speaks (`protocols.smtp`), this module moves its bytes over
a `Connection` and turns what comes back into an `Outcome` per recipient.

Refs: RFC 5321 §5.1 (every address is tried before deferring), RFC 3207
(STARTTLS; opportunistic: a failed handshake is repeated in plain text unless
the configuration set requires TLS), RFC 7435.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from hatobin.capabilities.delivery.classification import classify, unreachable
from hatobin.capabilities.delivery.routing import Route, Target
from hatobin.ports import Connection, ConnectionLost, Network, Ports
from hatobin.ports.blobs import BlobMissing, BlobsUnavailable
from hatobin.ports.network import AddressRefused
from hatobin.protocols.smtp.client import ClientSession
from hatobin.protocols.smtp.client_events import (
    Closed,
    Finished,
    Offered,
    ReadyForData,
    RecipientReply,
    Refused,
    Stage,
    TlsReply,
)
from hatobin.protocols.smtp.errors import RemoteProtocolError
from hatobin.words.envelope import Envelope
from hatobin.words.outcome import Delivered, Hop, Outcome
from hatobin.words.reply import Reply
from hatobin.words.settings import Settings

TLS_TIMEOUT_S = 30.0

BLOCK_TIMEOUT_S = 180.0
"""How long a server may take over a piece of content (RFC 5321 §4.5.3.2.5)."""


class ContentStream(Protocol):
    """Content that is sent in pieces; `size` octets in all."""

    @property
    def size(self) -> int:
        """How many octets the pieces have together."""
        ...

    def isascii(self) -> bool:
        """Say whether no octet is above 127."""
        ...

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the content in order."""
        ...


class SessionLost(Exception):
    """The connection broke, timed out, or the server spoke nonsense; the text says how."""


class TlsFailed(Exception):
    """The handshake failed; the connection is of no use any more."""


class Transaction(Struct, frozen=True):
    """What one transaction led to: an outcome per recipient, in the envelope's order.

    `final_reply` is the answer to the content, None when none was seen.
    `lost_before_data` says that no octet of the content was sent: nothing can
    have been delivered. `unanswered` are the recipients (by place) for whom
    the whole content was sent and no word came back: they may have it, and get it
    again. `alive` says that the session goes on.
    """

    outcomes: tuple[Outcome, ...]
    final_reply: Reply | None
    lost_before_data: bool
    alive: bool
    unanswered: frozenset[int] = frozenset()

    @property
    def took_everybody(self) -> bool:
        """Whether every recipient is delivered."""
        return all(isinstance(outcome, Delivered) for outcome in self.outcomes)


class SmtpSession:
    """An open session; `deliver` may be called again while `usable` says so."""

    def __init__(self, connection: Connection, core: ClientSession, hop: Hop, settings: Settings) -> None:
        self._connection = connection
        self._core = core
        self._hop = hop
        self._settings = settings
        self._messages = 0
        self._broken = False

    def usable(self, *, tls_required: bool) -> bool:
        """Say whether another message may go over this session."""
        if self._broken or self._messages >= self._settings.delivery.messages_per_session:
            return False
        return self._core.secured or not tls_required

    def takes(self, content: bytes | ContentStream) -> bool:
        """Say whether content may be sent as it is: octets above 127 need 8BITMIME (RFC 6152 §3)."""
        return "8BITMIME" in self._core.extensions or content.isascii()

    @property
    def hop(self) -> Hop:
        """Whom this session talks to."""
        return self._hop

    def close(self) -> None:
        """Say QUIT without waiting for the answer, and close."""
        if not self._broken:
            try:
                self._core.quit()
                self._connection.send(self._core.data_to_send())
            except Exception:
                self._broken = True
        self._connection.close()

    async def deliver(
        self,
        reverse_path: str,
        recipients: Sequence[str],
        content: bytes | ContentStream,
        *,
        may_send: Callable[[], bool],
    ) -> Transaction:
        """Run one transaction; whatever happens becomes outcomes, never an exception of the remote's making.

        A stream that breaks off ends the session: without the final dot nobody has the message.

        `may_send` is asked when the server waits for the content, before the
        first octet of it: the moment to note the attempt, and to look whether
        the message is still ours. When it says no, the connection is closed
        and the transaction counts as lost before its data.
        """
        self._messages += 1
        whole = content if isinstance(content, bytes) else None
        size = content.size if not isinstance(content, bytes) else len(content)
        envelope = Envelope(reverse_path, tuple(recipients), "7BIT" if content.isascii() else "8BITMIME", size)
        replies: dict[int, Reply] = {}
        asked_for_data = ended = False
        self._core.begin(envelope, whole)
        try:
            while True:
                event = await _next(self._core, self._connection, self._settings)
                match event:
                    case RecipientReply():
                        replies[event.index] = event.reply
                    case ReadyForData():
                        if not may_send():
                            raise SessionLost("the message is not ours any more")
                        asked_for_data = True
                        if isinstance(content, bytes):
                            self._core.give_content()
                        else:
                            await self._give_pieces(content)
                        self._core.end_content()
                        ended = True
                    case Finished():
                        return self._finished(event, replies, len(recipients))
                    case Closed():
                        raise SessionLost(f"server closed the session: {event.reply}")
        except SessionLost as lost:
            self._broken = True
            return self._lost(str(lost), replies, len(recipients), asked_for_data=asked_for_data, ended=ended)

    async def _give_pieces(self, content: ContentStream) -> None:
        """Send all of a stream but the final dot, no faster than it is taken. Raises `SessionLost`."""
        try:
            async with aclosing(content.pieces()) as pieces:
                async for piece in pieces:
                    self._core.give_content(piece)
                    self._connection.send(self._core.data_to_send())
                    await self._connection.drain(BLOCK_TIMEOUT_S)
        except ConnectionLost as error:
            raise SessionLost(str(error)) from error
        except TimeoutError as error:
            raise SessionLost("timed out while the content was sent") from error
        except (BlobMissing, BlobsUnavailable) as error:
            raise SessionLost(f"the content cannot be read: {error}") from error

    def _finished(self, event: Finished, replies: dict[int, Reply], count: int) -> Transaction:
        """Recipients that were refused have their own reply; for the others the last word counts."""
        self._broken = event.reply.code == 421
        outcomes = tuple(self._outcome(replies.get(index), event) for index in range(count))
        final = event.reply if event.stage is Stage.CONTENT else None
        return Transaction(outcomes, final, lost_before_data=False, alive=not self._broken)

    def _outcome(self, reply: Reply | None, event: Finished) -> Outcome:
        if reply is not None and not reply.is_positive:
            return classify(reply, self._hop, at_recipient=True)
        if event.reply.is_positive and not event.taken:
            # A positive word about something else than the content delivers nothing.
            return unreachable(f"server ended the transaction early: {event.reply}", self._hop)
        return classify(event.reply, self._hop, at_recipient=False)

    def _lost(
        self, text: str, replies: dict[int, Reply], count: int, *, asked_for_data: bool, ended: bool
    ) -> Transaction:
        outcomes: list[Outcome] = []
        unanswered: set[int] = set()
        for index in range(count):
            reply = replies.get(index)
            if reply is not None and not reply.is_positive:
                outcomes.append(classify(reply, self._hop, at_recipient=True))
                continue
            outcomes.append(unreachable(text, self._hop))
            if ended:
                unanswered.add(index)
        return Transaction(tuple(outcomes), None, not asked_for_data, alive=False, unanswered=frozenset(unanswered))


async def open_session(
    route: Route, ports: Ports, settings: Settings, *, tls_required: bool, host_name: str
) -> SmtpSession | Outcome:
    """Try the route's addresses in order until one talks to us; else the outcome of the last attempt."""
    outcome: Outcome = unreachable("no address to try", Hop())
    for target in route.targets:
        opened = await _open_target(target, ports.network, settings, tls_required=tls_required, host_name=host_name)
        if isinstance(opened, SmtpSession):
            return opened
        outcome = opened
    return outcome


async def _open_target(
    target: Target, network: Network, settings: Settings, *, tls_required: bool, host_name: str
) -> SmtpSession | Outcome:
    wants_tls = settings.delivery.tls == "opportunistic" or tls_required
    try:
        return await _attempt(target, network, settings, wants_tls=wants_tls, need_tls=tls_required, name=host_name)
    except TlsFailed as failed:
        if tls_required:
            return unreachable(f"TLS is required and failed: {failed}", Hop(target.host, target.ip))
        return await _attempt(target, network, settings, wants_tls=False, need_tls=False, name=host_name)


async def _attempt(
    target: Target, network: Network, settings: Settings, *, wants_tls: bool, need_tls: bool, name: str
) -> SmtpSession | Outcome:
    hop = Hop(host=target.host, remote_ip=target.ip)
    try:
        connection = await network.connect(target.ip, target.port, timeout_s=settings.delivery.connect_timeout_s)
    except (ConnectionLost, AddressRefused) as error:
        return unreachable(f"Unable to connect to {target.host} [{target.ip}]: {error}", hop)
    hop = replace(hop, local_ip=connection.local_ip)
    core = ClientSession(name)
    try:
        opening = await _opened(core, connection, settings)
        if isinstance(opening, Refused):
            connection.close()
            return classify(opening.reply, hop, at_recipient=False)
        if wants_tls and "STARTTLS" in core.extensions:
            hop = await _secure(core, connection, settings, hop)
        elif need_tls:
            connection.close()
            return unreachable(f"{target.host} does not offer the TLS that is required", hop)
    except SessionLost as lost:
        connection.close()
        return unreachable(f"{target.host} [{target.ip}]: {lost}", hop)
    except TlsFailed:
        connection.close()
        raise
    return SmtpSession(connection, core, hop, settings)


async def _opened(core: ClientSession, connection: Connection, settings: Settings) -> Offered | Refused:
    while True:
        event = await _next(core, connection, settings)
        if isinstance(event, Offered | Refused):
            return event


async def _secure(core: ClientSession, connection: Connection, settings: Settings, hop: Hop) -> Hop:
    """Upgrade to TLS; a server that refuses STARTTLS goes on in plain text."""
    core.start_tls()
    event = await _next(core, connection, settings)
    if not isinstance(event, TlsReply) or not event.reply.is_positive:
        return hop
    try:
        facts = await connection.start_tls(hop.host, verify=False, timeout_s=TLS_TIMEOUT_S)
    except (ConnectionLost, TimeoutError) as error:
        raise TlsFailed(str(error) or "handshake timed out") from error
    core.tls_established()
    opening = await _opened(core, connection, settings)
    if isinstance(opening, Refused):
        raise SessionLost(f"EHLO refused after STARTTLS: {opening.reply}")
    return replace(hop, tls_version=facts.version)


def _patience_s(core: ClientSession, settings: Settings) -> float:
    """How long the awaited reply may take: what RFC 5321 §4.5.3.2 asks for, or less where so configured."""
    delivery = settings.delivery
    limit_s = delivery.final_reply_timeout_s if core.stage is Stage.CONTENT else delivery.reply_timeout_s
    return min(core.patience_s, limit_s)


async def _next(core: ClientSession, connection: Connection, settings: Settings) -> object:
    """Move bytes until the core has an event."""
    try:
        while True:
            event = core.next_event()
            if out := core.data_to_send():
                connection.send(out)
            if event is not None:
                return event
            data = await connection.receive(_patience_s(core, settings))
            if not data:
                core.receive_eof()
                raise SessionLost("connection closed by the server")
            core.receive(data)
    except RemoteProtocolError as error:
        raise SessionLost(str(error)) from error
    except ConnectionLost as error:
        raise SessionLost(str(error)) from error
    except TimeoutError as error:
        stage = core.stage
        raise SessionLost(f"timed out waiting for the reply to {stage.name if stage else 'nothing'}") from error
