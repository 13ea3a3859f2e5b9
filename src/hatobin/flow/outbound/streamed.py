"""A large message that goes to the blob store while it is read, so that it is never in memory as a whole.

Once the header has come, the message gets its id and its final header, which
is written in front of the body. The body passes through: its MIME structure
is judged as it goes by, and bad content is looked for. At the end the blob is
made durable and the message accepted; until then nobody sees the blob, and
whatever goes wrong leaves none.

Few messages must be changed beyond their header: one without a Content-Type,
whose body decides how it is labelled, one with lines that are too long, one
to a contact list, whose texts may hold a place for a link, and one whose links
are tracked. Those are read back when they are complete and take the usual way,
one at a time.

Refs: RFC 5321 §4.5.3.1.7 (size), RFC 5322 §2.1.1 (lines of 998 octets).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from hatobin.flow.outbound.accept import Acceptor, Named
from hatobin.flow.outbound.bad_content import BadContentWatch
from hatobin.flow.outbound.draft import Accepted, Draft, Origin, RenderedContent
from hatobin.flow.outbound.prepared import StoredContent
from hatobin.flow.outbound.refusals import Refusal, Unavailable
from hatobin.flow.outbound.smtp_draft import accepted_reply, refusal_reply, smtp_draft
from hatobin.flow.outbound.storing import OtherTracking
from hatobin.ports.blobs import BlobsUnavailable, BlobWriter
from hatobin.protocols.mail.headers import MAX_HEADER_OCTETS, Message, split_message
from hatobin.protocols.mail.mime_watch import MimeWatch
from hatobin.protocols.mail.rewrite import check_fields, check_message
from hatobin.protocols.mail.transfer import LineWatch, longest_line_exceeds
from hatobin.words.envelope import Envelope
from hatobin.words.reply import Reply

_HEADER_END = b"\r\n\r\n"


class _Passing:
    """What is known of a message whose header has come and whose body passes through."""

    def __init__(self, draft: Draft, name: Named, message: Message, final_head: bytes, writer: BlobWriter) -> None:
        self.draft = draft
        self.name = name
        self.head = message.raw
        self.final_head = final_head
        self.writer = writer
        self.mime = MimeWatch(message)
        self.lines = LineWatch()
        self.bad_content = BadContentWatch()
        self.bad_content.feed(final_head)
        self.size = 0

    async def pass_on(self, octets: bytes) -> None:
        """Judge the next octets of the body, and write them."""
        self.mime.feed(octets)
        self.lines.feed(octets)
        self.bad_content.feed(octets)
        self.size += len(octets)
        await self.writer.write(octets)

    @property
    def must_be_mended(self) -> bool:
        """Whether the message cannot leave as it lies in the store: behind its own header, or with long lines."""
        return self.final_head is self.head or self.lines.exceeded


class StreamedMessage:
    """One message by SMTP: `write` its content in order, then `finish`, or `abort`."""

    def __init__(
        self,
        acceptor: Acceptor,
        origin: Callable[[], Awaitable[Origin]],
        envelope: Envelope,
        whole: asyncio.Lock,
    ) -> None:
        """`origin` says who sends, once the header has come; `whole` is held while a message is in memory whole."""
        self._acceptor = acceptor
        self._ask_origin = origin
        self._envelope = envelope
        self._whole = whole
        self._header = bytearray()
        self._passing: _Passing | None = None
        self._failure: Exception | None = None

    async def write(self, data: bytes) -> None:
        """Take the next octets of the content. What is wrong with them is said at the end, and by `finish`."""
        if self._failure is not None:
            return
        try:
            if self._passing is not None:
                await self._passing.pass_on(data)
                return
            searched = max(0, len(self._header) - len(_HEADER_END))
            self._header += data
            if self._header.find(_HEADER_END, searched) >= 0 or len(self._header) > MAX_HEADER_OCTETS + len(data):
                await self._begin_body()
        except Exception as error:
            await self._fail(error)

    async def finish(self, envelope: Envelope, last: bytes) -> Reply:
        """Take the end of the content, and the envelope with its size. 250 once it is durable, else why not."""
        self._envelope = envelope
        await self.write(last)
        try:
            if self._failure is not None:
                raise self._failure
            if self._passing is None:
                await self._begin_body()
            return accepted_reply(await self._accept())
        except Exception as error:
            await self._fail(error)
            return refusal_reply(error)

    async def abort(self) -> None:
        """Forget the message: the client went away, or its content was refused."""
        await self._fail(ConnectionAbortedError("the content did not come to its end"))

    async def _fail(self, error: Exception) -> None:
        self._failure = error
        self._header.clear()
        passing, self._passing = self._passing, None
        if passing is not None:
            await passing.writer.abort()

    async def _begin_body(self) -> None:
        """The header is complete: judge it, give the message its id, write its final header."""
        received = bytes(self._header)
        self._header.clear()
        start = split_message(received).body_start
        message = split_message(received[:start])
        check_fields(message)
        origin = await self._ask_origin()
        draft = smtp_draft(origin, self._envelope, message)
        now = self._acceptor.ports.clock.now()
        name = self._acceptor.name(origin, now)
        final_head = message.raw
        if not _needs_all(message, draft):
            final_head = self._acceptor.final_bytes(draft, RenderedContent(message), name.key, now)
        writer = self._acceptor.ports.blobs.writer(name.blob_key)
        passing = self._passing = _Passing(draft, name, message, final_head, writer)
        await writer.write(final_head)
        await passing.pass_on(received[start:])

    async def _accept(self) -> Accepted:
        passing = self._passing
        assert passing is not None, "the header was read"
        passing.mime.end()
        if (refusal := self._acceptor.refused_at_once(passing.draft)) is not None:
            raise refusal
        await passing.writer.commit()
        try:
            if passing.must_be_mended:
                return await self._accept_mended(passing)
            stored = StoredContent(len(passing.final_head) + passing.size, passing.bad_content.found)
            result = await self._acceptor.accept_stored(passing.draft, passing.name, stored)
            return await self._accept_mended(passing) if isinstance(result, OtherTracking) else result
        except Unavailable:
            raise  # Perhaps it is recorded all the same. If not, retention finds the blob.
        except Refusal:
            await self._delete(passing.name.blob_key)
            raise

    async def _accept_mended(self, passing: _Passing) -> Accepted:
        """Read the message back as it came, and accept it on the usual way, under another id."""
        blob_key = passing.name.blob_key
        async with self._whole:
            try:
                lying = await self._acceptor.ports.blobs.get(blob_key)
                received = b"".join([passing.head, memoryview(lying)[len(passing.final_head) :]])
                del lying
                message = split_message(received)
                check_message(message)
                return await self._acceptor.accept(smtp_draft(passing.draft.origin, self._envelope, message))
            finally:
                await self._delete(blob_key)

    async def _delete(self, blob_key: str) -> None:
        with contextlib.suppress(BlobsUnavailable):  # Retention finds it.
            await self._acceptor.ports.blobs.delete(blob_key)


def _needs_all(message: Message, draft: Draft) -> bool:
    """Say whether more than the header is needed to make the header that leaves, or more than it changes."""
    without_type = message.get("content-type") is None
    return without_type or draft.list_management is not None or longest_line_exceeds(message.raw) >= 0
