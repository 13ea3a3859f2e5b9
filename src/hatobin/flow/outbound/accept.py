"""Acceptance: from a draft to a durable message, in one transaction.

The order of the decisions is SES's: the tenant, the configuration set, the switches, the
identities, the quota, the contact list, the suppression list, the content.
A refusal raises and leaves no trace. Everything that depends on stored state
is decided inside the transaction that stores the message, so a quota or a
suppression cannot be outrun.

Refs: house §3; SES developer guide (sending authorization, suppression list,
sandbox, quotas); `../shared` cases 08, 21, 31, 32 are played in the tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from msgspec import Struct

from hatobin.capabilities import account, queue
from hatobin.capabilities.contacts import SubscriptionLinks
from hatobin.capabilities.delivery import MAILBOX_SITE, Sites
from hatobin.capabilities.queue import Lease, MessageKey, QueuedRecipient, ReadyMessage, ReadyQueue
from hatobin.capabilities.tracking import LinkSeals, Tracking, TrackingLinks
from hatobin.flow.outbound.decisions import Decision, check_sender
from hatobin.flow.outbound.draft import MAX_RECIPIENTS, Accepted, Draft, Origin, RenderedContent
from hatobin.flow.outbound.feedback_header import feedback_id_header
from hatobin.flow.outbound.figures import OutboundFigures
from hatobin.flow.outbound.prepared import Prepared, StoredContent, header_json
from hatobin.flow.outbound.refusals import BadContent, Refusal, TooManyRecipients, Unavailable
from hatobin.flow.outbound.signals import Signals
from hatobin.flow.outbound.storing import LeftOut, OtherTracking, Pending, Stored, store_alone, store_group
from hatobin.flow.outbound.tracked import tracked
from hatobin.flow.outbound.tracking_memory import TrackingMemory
from hatobin.flow.outbound.unsubscribing import unsubscribable
from hatobin.ports import Ports, run_by_size
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.mail.dates import format_date
from hatobin.protocols.mail.errors import HeaderError, LineTooLong, MessageError
from hatobin.protocols.mail.rewrite import rewrite
from hatobin.protocols.smtp import is_mailbox
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Settings

log = structlog.get_logger()

NAMED_IN_LOG = 20
"""Messages of a failed group that the log names."""
MAX_GROUP = 256
MAX_LINE = 20_000
MAX_LINE_BYTES = 256 * 1024 * 1024
"""Messages that wait to be written, and their content: some seconds of a busy server. Whoever comes then is told to
try again (503, 451)."""
MAX_TRACKING_GUESSES = 4
"""A configuration set that changes faster than its messages are made holds them up no longer."""
_TURN = "accept"


class Named(Struct, frozen=True):
    """A message's id, and the reverse-path that leads back to it."""

    key: MessageKey
    reverse_path: str

    @property
    def blob_key(self) -> str:
        """Where its content lies in the blob store, if it is large."""
        return queue.blob_key(self.key)


class _Waiting(Struct, frozen=True):
    """A prepared message in the line for the next group, what it has reserved, and who waits for its answer."""

    pending: Pending
    pieces: int
    answer: asyncio.Future[Accepted | Refusal | OtherTracking]


class Acceptor:
    """Accepts drafts for one worker; hands what it accepted to the worker's ready queue.

    Messages gather while the last group is written. Accounts with a limited
    rate or quota are stored one by one, each in a savepoint (see `storing`).
    """

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        lease: Lease,
        ready: ReadyQueue,
        sites: Sites,
        signals: Signals,
        links: SubscriptionLinks,
        tracking: TrackingLinks,
        figures: OutboundFigures,
    ) -> None:
        self.ports = ports
        self.figures = figures
        self.settings = settings
        self._lease = lease
        self._ready = ready
        self._sites = sites
        self._signals = signals
        self._links = links
        self._tracking = tracking
        self._tracked = TrackingMemory()
        # Of most accounts; a group leaves out the members for which it is otherwise.
        self._limited = account.default_limits(settings, sandboxed=settings.account.sandbox).limited
        self._line: list[_Waiting] = []
        self._unanswered = 0
        self._unanswered_bytes = 0
        self._writing: asyncio.Task[None] | None = None

    async def accept(self, draft: Draft) -> Accepted:
        """Make `draft` durable and give its id. Raises a `Refusal`; then nothing was kept."""
        result = await self._accept(draft)
        if isinstance(result, Refusal):
            raise result
        return result

    async def check_permission(self, draft: Draft) -> None:
        """Ask the policies about a draft that is not to be sent. Raises `AccessDenied`."""
        if draft.origin.permissions.unrestricted:
            return
        key = self.name(draft.origin, self.ports.clock.now()).key
        await self.ports.database.read(lambda session: check_sender(session, draft, key, self.settings))

    async def accept_all(self, drafts: Sequence[Draft]) -> list[Accepted | Refusal]:
        """Accept several drafts in one group commit; each gets its own answer, in order."""
        return list(await asyncio.gather(*(self._accept(draft) for draft in drafts)))

    async def accept_stored(self, draft: Draft, name: Named, stored: StoredContent) -> Accepted | OtherTracking:
        """Accept a message whose final bytes lie in the blob store under `queue.blob_key(name.key)` already.

        The caller has asked `refused_at_once` before. Raises a `Refusal`; the blob is the caller's to delete
        then, unless that is `Unavailable`: perhaps the message is recorded all the same. `OtherTracking` says
        that it must take the usual way, because its content has to be changed.
        """
        prepared = Prepared(draft, name.key, self.ports.clock.now(), name.reverse_path, b"", name.blob_key, stored)
        result = await self._store(prepared)
        if isinstance(result, Refusal):
            self.figures.refuse(result)
            raise result
        return result

    def refused_at_once(self, draft: Draft) -> Refusal | None:
        """Say why a draft is not even prepared: its envelope, or a line of those who wait that is full."""
        if not 0 < len(draft.recipients) <= MAX_RECIPIENTS:
            return TooManyRecipients()
        if not all(is_mailbox(str(recipient)) for recipient in draft.recipients):
            return BadContent("Illegal address")
        if self._unanswered >= MAX_LINE or self._unanswered_bytes >= MAX_LINE_BYTES:
            return Unavailable("Temporary service failure")
        return None

    async def _accept(self, draft: Draft) -> Accepted | Refusal:
        result = await self._try(draft)
        if isinstance(result, Refusal):
            self.figures.refuse(result)
        return result

    async def _try(self, draft: Draft) -> Accepted | Refusal:
        if (refusal := self.refused_at_once(draft)) is not None:
            return refusal
        now = self.ports.clock.now()
        name = self.name(draft.origin, now)
        # What a message is tracked for is known for sure only in the transaction, so it is guessed and corrected there.
        wanted = self._tracked.guess(draft)
        for _ in range(MAX_TRACKING_GUESSES):
            try:
                prepared = await self._prepare(draft, name, now, wanted)
            except Refusal as unprepared:
                return unprepared
            result = await self._store(prepared)
            if not isinstance(result, OtherTracking):
                return result
            wanted = result.wanted
            self._tracked.learn(draft, wanted)
        return Unavailable("Temporary service failure")

    async def _store(self, prepared: Prepared) -> Accepted | Refusal | OtherTracking:
        draft = prepared.draft
        sites = {self._sites.name(recipient.domain.lower()) for recipient in draft.recipients}
        pieces = len(sites - {MAILBOX_SITE})  # The inbox takes its mail at once.
        size = len(prepared.content)
        lease = self._lease if pieces and self._ready.has_room(pieces, size * pieces) else None
        if lease is not None:
            self._ready.reserve(prepared.key.message_id, pieces, size * pieces)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(Pending(prepared, lease), pieces, loop.create_future())
        self._line.append(waiting)
        self._unanswered += 1
        self._unanswered_bytes += size
        if self._writing is None:
            self._writing = loop.create_task(self._write_line())
        # Whoever waits may leave (a lost connection): what is stored is handed on all the same.
        return await waiting.answer

    async def _write_line(self) -> None:
        """Write groups until nobody waits."""
        try:
            while self._line:
                group, self._line = self._line[:MAX_GROUP], self._line[MAX_GROUP:]
                if self._limited:
                    await asyncio.gather(*(self._write_one(waiting) for waiting in group))
                else:
                    await self._write_group(group)
        finally:
            self._writing = None

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        pending = [waiting.pending for waiting in group]
        begun = self.ports.clock.monotonic()
        try:
            results = await self.ports.database.write(
                lambda session: store_group(session, pending, self.settings, self.ports.entropy),
                shares_memo=True,
                turn=_TURN,
            )
        except DatabaseUnavailable:
            for waiting in group:
                self._answer(waiting, Unavailable("Temporary service failure"))
        except Exception:
            # A bug of ours that one member woke must not fail its neighbours: each on its own.
            named = [one.prepared.key.message_id for one in pending[:NAMED_IN_LOG]]
            log.exception("group_failed", messages=len(group), message_ids=named)
            for waiting in group:
                await self._write_one(waiting)
        else:
            self.figures.accept_commits.add(self.ports.clock.monotonic() - begun)
            if (stored := next((one for one in results if isinstance(one, Stored)), None)) is not None:
                self._signals.recorded(stored.recorded)  # That of the whole group.
            limited = []
            for waiting, result in zip(group, results, strict=True):
                if isinstance(result, LeftOut):
                    limited.append(waiting)
                else:
                    self._answer(waiting, result)
            await asyncio.gather(*(self._write_one(waiting) for waiting in limited))

    async def _write_one(self, waiting: _Waiting) -> None:
        pending = waiting.pending
        result: Stored | Refusal | OtherTracking | Exception
        key, begun = pending.prepared.key, self.ports.clock.monotonic()
        try:
            result = await self.ports.database.write(
                lambda session: store_alone(session, pending, self.settings, self.ports.entropy),
                shares_memo=True,
                turn=f"{_TURN} {key.account_id} {key.region}",
            )
            self.figures.accept_commits.add(self.ports.clock.monotonic() - begun)
            if isinstance(result, Stored):
                self._signals.recorded(result.recorded)
        except Refusal as refusal:
            result = refusal
        except DatabaseUnavailable:
            result = Unavailable("Temporary service failure")
        except Exception as error:
            result = error
        self._answer(waiting, result)

    def _answer(self, waiting: _Waiting, result: Stored | Refusal | OtherTracking | Exception) -> None:
        """After the commit: hand the message on, or give back what it had reserved; then tell who waits."""
        prepared, lease = waiting.pending.prepared, waiting.pending.lease
        self._unanswered -= 1
        self._unanswered_bytes -= len(prepared.content)
        if isinstance(result, Stored):
            self.figures.accepted += 1
            log.debug(
                "accepted",
                message_id=prepared.key.message_id,
                account=prepared.key.account_id,
                region=prepared.key.region,
                recipients=len(prepared.draft.recipients),
                size=prepared.size,
            )
            if result.decision.delivered:
                self._signals.kept(1)
            if waiting.pieces:
                self._hand_over(prepared, result.decision, lease, waiting.pieces)
        elif lease is not None:
            self._ready.done(prepared.key.message_id, waiting.pieces, len(prepared.content) * waiting.pieces)
        if waiting.answer.done():
            return
        if isinstance(result, Stored):
            waiting.answer.set_result(Accepted(prepared.key))
        elif isinstance(result, Refusal | OtherTracking):
            waiting.answer.set_result(result)
        else:
            waiting.answer.set_exception(result)

    async def _prepare(self, draft: Draft, name: Named, now: float, wanted: Tracking | None) -> Prepared:
        """Give the message its final bytes, for what it is tracked; large bodies go to the blob store first."""
        content, blob_key, header = b"", None, None
        if isinstance(rendered := draft.content, RenderedContent):
            size = len(rendered.message.raw)
            seals = None if wanted is None else await self._seals()
            content = await run_by_size(
                self.ports.threads, size, lambda: self.final_bytes(draft, rendered, name.key, now, wanted, seals)
            )
            if len(content) > self.settings.store.inline_body_bytes:
                blob_key = name.blob_key
                await self._keep_body(blob_key, content)
            if wanted is not None:
                header = header_json(rendered.message.fields, name.key)
        return Prepared(draft, name.key, now, name.reverse_path, content, blob_key, tracking=wanted, header=header)

    async def _seals(self) -> LinkSeals:
        try:
            return await self._tracking.seals()
        except DatabaseUnavailable:
            raise Unavailable("Temporary service failure") from None

    def name(self, origin: Origin, now: float) -> Named:
        """Give a message its id, and what follows from it."""
        service = self.settings.service
        identifier = message_id(origin.region, now, self.ports.entropy.uuid())
        key = MessageKey(origin.principal.account_id, origin.region, identifier)
        envelope = service.envelope_host(origin.region)
        return Named(key, f"{identifier}@{envelope}")

    async def _keep_body(self, blob_key: str, content: bytes) -> None:
        try:
            await self.ports.blobs.put(blob_key, content)
        except BlobsUnavailable as error:
            log.warning("refused_without_the_store", blob=blob_key, error=str(error))
            raise Unavailable("Temporary service failure") from error

    def final_bytes(
        self,
        draft: Draft,
        content: RenderedContent,
        key: MessageKey,
        now: float,
        wanted: Tracking | None = None,
        seals: LinkSeals | None = None,
    ) -> bytes:
        """Give the octets that leave, without the signatures. Raises `BadContent`."""
        service = self.settings.service
        host = service.mail_host(key.region)
        feedback_id = feedback_id_header(key.account_id, key.region, service, draft.tags)
        extra: list[tuple[str, str]] = [("Feedback-ID", feedback_id)]
        try:
            message = content.message
            if wanted is not None and seals is not None:
                # Before the unsubscribe link is there: nobody's leaving is counted as a click.
                message = tracked(seals, wanted, message, key)
            message, fields = unsubscribable(self._links, draft, message, key)
            return rewrite(
                message,
                message_id_header=f"<{key.message_id}@{host}>",
                date=format_date(now),
                extra=extra + fields,
            )
        except (MessageError, HeaderError, LineTooLong) as error:
            raise BadContent(str(error)) from error

    def _hand_over(self, prepared: Prepared, decision: Decision, lease: Lease | None, pieces: int) -> None:
        """After the commit: queued recipients go to their sites, grouped."""
        if lease is None:
            self._ready.overflowed = True
            self._signals.due()
            return
        by_site: dict[str, list[QueuedRecipient]] = {}
        for position, recipient in enumerate(decision.message.recipients):
            if recipient.state is RecipientState.QUEUED:
                queued = QueuedRecipient(position, recipient.address, recipient.domain)
                by_site.setdefault(self._sites.name(recipient.domain), []).append(queued)
        size = len(prepared.content)
        if unused := pieces - len(by_site):
            self._ready.done(prepared.key.message_id, unused, size * unused)
        for site, recipients in by_site.items():
            self._signals.ready(site, _ready_message(decision, tuple(recipients), prepared.size))


def _ready_message(decision: Decision, recipients: tuple[QueuedRecipient, ...], size: int) -> ReadyMessage:
    message = decision.message
    return ReadyMessage(
        key=message.key,
        accepted_at=message.accepted_at,
        expires_at=message.expires_at,
        reverse_path=message.reverse_path,
        configuration_set=message.configuration_set,
        tls_required=message.tls_required,
        dkim=message.dkim,
        content=message.content,
        blob_key=message.blob_key,
        recipients=recipients,
        size=size,
        certificate=message.certificate,
        tenant=message.tenant,
        # Of the octets that wait in memory these are at most as many again: they hold the header.
        mail=message.mail if message.content else "",
        tags=message.tags if message.content else "",
    )
