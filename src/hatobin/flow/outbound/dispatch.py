"""Dispatch: leased messages leave by their site, from memory, with no transaction open.

A site's sessions are tasks that take the site's messages in order, sign them
and deliver them; there are as many as the backlog wants, up to a bound. The
inbox and the simulator need no session. What cannot be sent now goes back
with a due time, and the claim loop brings it again.

A session checks its lease's own monotonic deadline before the content is
sent: a worker that was stopped for longer than its beat must not deliver what
another one took over (house §3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
from msgspec.structs import replace

from hatobin.capabilities import queue
from hatobin.capabilities.delivery import (
    MAILBOX_SITE,
    SIMULATOR_SITE,
    ContentStream,
    Route,
    Sites,
    SmtpSession,
    Transaction,
    internal_failure,
    open_session,
    unconvertible,
)
from hatobin.capabilities.queue import (
    Attempt,
    Lease,
    QueuedRecipient,
    ReadyMessage,
    ReadyQueue,
    Site,
)
from hatobin.flow.outbound.claim import claim
from hatobin.flow.outbound.contents import Contents
from hatobin.flow.outbound.loading import LoadedBodies
from hatobin.flow.outbound.local import kept, simulated
from hatobin.flow.outbound.settle import Settler
from hatobin.flow.outbound.settlement import Settlement
from hatobin.flow.outbound.sign import Signer
from hatobin.flow.outbound.strays import collect_strays
from hatobin.ports import Ports
from hatobin.ports.blobs import BlobMissing, BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.mail import MessageError
from hatobin.words.outcome import Outcome
from hatobin.words.settings import Settings

log = structlog.get_logger()

CLAIM_BATCH = 200
CLAIM_POLL_S = 1.0
CLAIM_AFTER_ERROR_S = 1.0


class Dispatcher:
    """Delivers what one worker holds."""

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        lease: Lease,
        ready: ReadyQueue,
        sites: Sites,
        settler: Settler,
        signer: Signer,
        attempts: queue.AttemptLog,
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._lease = lease
        self._ready = ready
        self._sites = sites
        self._settler = settler
        self._contents = Contents(ports, signer, stream_above_bytes=settings.store.stream_above_bytes)
        self._attempts = attempts
        self._tasks: set[asyncio.Task[None]] = set()
        self._due = asyncio.Event()
        self._claiming = True
        self._stopping = False
        self._loaded = LoadedBodies(settings.delivery.loaded_bytes)
        self._left: list[ReadyMessage] = []
        """What was not sent because the lease seemed over."""
        self._look_for_strays = False
        self._lease_deadline = 0.0
        self.renew_lease(ports.clock.monotonic())

    def renew_lease(self, since: float) -> None:
        """Note that a beat was recorded: the lease holds for the dead time less one beat.

        It counts from `since` (monotonic seconds), before the recording began: that may take long, and others
        count from the time that the beat bears.
        """
        self._lease_deadline = since + queue.held_for_s(self._settings.server.dead_after_s)
        self._look_for_strays = True
        if self._left:
            left, self._left = self._left, []
            self._spawn(self._give_back(left))

    def wake_claims(self) -> None:
        """Say that rows in the database may be due."""
        self._due.set()

    def offer(self, site_name: str, message: ReadyMessage) -> None:
        """Take leased, reserved work; returns at once."""
        if site_name == MAILBOX_SITE:
            if message.content or message.blob_key is None:
                self._settle(kept(message, self._ports.clock.now()))
            else:
                self._spawn(self._keep_stored(message))
        elif site_name == SIMULATOR_SITE:
            self._settle(simulated(message, self._ports.clock.now()))
        else:
            self._serve(self._ready.put(site_name, message))

    def _serve(self, site: Site) -> None:
        """Open one more session when the backlog wants it."""
        limit = self._settings.delivery.sessions_per_site
        if not self._stopping and site.sessions < min(limit, site.sessions + len(site.waiting)):
            site.sessions += 1
            self._spawn(self._run_session(site))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Our own bug: loud, and never a recipient's bounce; the rows stay queued.
            log.error("dispatch_task_failed", exc_info=error)  # Which message it was is logged where it fails.

    # ── without a network ────────────────────────────────────────────────────

    async def _keep_stored(self, message: ReadyMessage) -> None:
        """Keep a message that lies in the blob store; the inbox wants its header."""
        try:
            head = await self._contents.head(message)
        except (BlobMissing, BlobsUnavailable) as error:
            log.warning("delivery_waits_for_the_store", message_id=message.key.message_id, error=str(error))
            self._settle_all(message, internal_failure())
        else:
            self._settle(kept(message, self._ports.clock.now(), head=head))

    def _settle(self, settlement: Settlement) -> None:
        if self._settler.put(settlement):
            self._spawn(self._settler.drain())

    # ── with a network ───────────────────────────────────────────────────────

    async def _run_session(self, site: Site) -> None:
        session: SmtpSession | None = None
        try:
            while site.waiting and not self._stopping:
                message = site.waiting.popleft()
                session = await self._deliver_or_defer(site, session, message)
                if session is not None and not site.waiting:
                    await self._linger(site)
        finally:
            site.sessions -= 1
            if session is not None:
                session.close()
            self._ready.forget_idle(site)

    async def _deliver_or_defer(
        self, site: Site, session: SmtpSession | None, message: ReadyMessage
    ) -> SmtpSession | None:
        """Deliver; a bug of ours is loud in the log, and for the message only a delay."""
        try:
            if message.content or message.blob_key is None or self._contents.streams(message):
                return await self._deliver(site, session, message)
            async with self._loaded.room_for(self._contents.held_bytes(message)):
                return await self._deliver(site, session, message, whole=True)
        except Exception as error:
            if isinstance(error, DatabaseUnavailable | BlobsUnavailable):
                log.warning("delivery_waits_for_the_store", message_id=message.key.message_id, error=str(error))
            else:
                log.exception("delivery_failed", message_id=message.key.message_id)
            if session is not None:
                session.close()
            self._settle_all(message, internal_failure())
            return None

    async def _linger(self, site: Site) -> None:
        """Keep an idle session a moment, for the next message to the same site."""
        deadline = self._ports.clock.monotonic() + self._settings.delivery.idle_session_s
        while not site.waiting and not self._stopping:
            left_s = deadline - self._ports.clock.monotonic()
            if left_s <= 0:
                return
            site.arrived.clear()
            try:
                await self._ports.clock.within(left_s, site.arrived.wait())
            except TimeoutError:
                return

    async def _deliver(
        self, site: Site, session: SmtpSession | None, message: ReadyMessage, *, whole: bool = False
    ) -> SmtpSession | None:
        """Deliver one message on `session` or a new one; give the session if it can be used again."""
        content = await self._signed(message, whole=whole)
        if content is None:
            return session
        reused = session is not None
        if session is None or not session.usable(tls_required=message.tls_required):
            if session is not None:
                session.close()
            opened = await self._open(site, message)
            if not isinstance(opened, SmtpSession):
                self._settle_all(message, opened)
                return None
            session, reused = opened, False
        if not session.takes(content):
            if not isinstance(content, bytes):
                async with self._loaded.room_for(self._contents.held_bytes(message)):
                    return await self._deliver(site, session, message, whole=True)
            converted = await self._converted(message, session)
            if converted is None:
                return session
            content = converted
        if self._lease_is_over():
            self._leave(message)
            return session
        attempt: Attempt | None = None

        def may_send() -> bool:
            nonlocal attempt
            if self._lease_is_over():
                return False
            attempt = self._attempts.start(message.key, [recipient.position for recipient in message.recipients])
            return True

        transaction = await session.deliver(
            message.reverse_path, [r.address for r in message.recipients], content, may_send=may_send
        )
        if transaction.lost_before_data and (reused or self._lease_is_over()):
            session.close()
            if self._lease_is_over():
                self._leave(message)
                return None
            # The server closed a kept connection: nothing was sent, so try once more on a new one.
            return await self._deliver(site, None, message, whole=whole)
        final = transaction.final_reply
        if attempt is not None and final is not None and (not final.is_positive or transaction.took_everybody):
            # The log knows one word for all recipients; where some were refused before, saying
            # nothing sends the others twice after a crash, which is better than never.
            self._attempts.outcome(attempt, final)
        self._settle(self._settlement(message, transaction, attempt))
        if transaction.alive:
            return session
        session.close()
        return None

    def _lease_is_over(self) -> bool:
        return self._ports.clock.monotonic() > self._lease_deadline

    def _leave(self, message: ReadyMessage) -> None:
        """Say nothing about a message: whoever holds it now will. If that is still us, the next beat shows it."""
        self._left.append(message)
        self._ready.done(message.key.message_id, 1, message.held_bytes)

    async def _give_back(self, left: Sequence[ReadyMessage]) -> None:
        """Nobody else may have taken what was left: then it is due at once."""
        now = self._ports.clock.now()
        rows = [(message.key, recipient.position) for message in left for recipient in message.recipients]
        try:
            await self._ports.database.write(lambda session: queue.give_back(session, self._lease, rows, now=now))
        except DatabaseUnavailable:
            self._left += left
            return
        self._due.set()

    def _settlement(self, message: ReadyMessage, transaction: Transaction, attempt: Attempt | None) -> Settlement:
        outcomes = tuple(zip(message.recipients, transaction.outcomes, strict=True))
        doubtful = tuple(message.recipients[place].position for place in sorted(transaction.unanswered))
        return Settlement(message, outcomes, self._ports.clock.now(), attempt=attempt, doubtful=doubtful)

    async def _converted(self, message: ReadyMessage, session: SmtpSession) -> bytes | ContentStream | None:
        """Sign a seven-bit form for a server without 8BITMIME; None when there is none (RFC 6152 §3)."""
        try:
            return await self._signed(message, whole=True, seven_bit=True)
        except MessageError as error:
            self._settle_all(message, unconvertible(str(error), session.hop))
            return None

    async def _signed(
        self, message: ReadyMessage, *, whole: bool, seven_bit: bool = False
    ) -> bytes | ContentStream | None:
        """Load and sign the content; None when it is gone (the message was cancelled or finished)."""
        try:
            if not whole and self._contents.streams(message):
                return await self._contents.streamed(message)
            return await self._contents.signed(message, seven_bit=seven_bit)
        except BlobMissing:
            # Finished or cancelled meanwhile, then this changes nothing; or lost, then it waits and expires.
            log.error("body_missing", message_id=message.key.message_id)
            self._settle_all(message, internal_failure())
            return None

    async def _open(self, site: Site, message: ReadyMessage) -> SmtpSession | Outcome:
        route = await self._sites.route(site.name)
        if not isinstance(route, Route):
            return route
        name = f"smtp-out.{message.key.region}.{self._settings.service.domain}"
        return await open_session(route, self._ports, self._settings, tls_required=message.tls_required, host_name=name)

    def _settle_all(self, message: ReadyMessage, outcome: Outcome) -> None:
        outcomes = tuple((recipient, outcome) for recipient in message.recipients)
        self._settle(Settlement(message, outcomes, self._ports.clock.now()))

    # ── what waits in the database ───────────────────────────────────────────

    async def run_claims(self) -> None:
        """Lease due rows while there is room, for ever; cancelled at stop."""
        while True:
            try:
                more = await self._claim()
            except DatabaseUnavailable as error:
                log.warning("claiming_waits_for_the_store", error=str(error))
                await self._ports.clock.sleep(CLAIM_AFTER_ERROR_S)
                continue
            except Exception:
                log.exception("claim_failed")
                await self._ports.clock.sleep(CLAIM_AFTER_ERROR_S)
                continue
            if more:
                continue
            self._due.clear()
            try:
                await self._ports.clock.within(CLAIM_POLL_S, self._due.wait())
            except TimeoutError:
                pass

    async def _claim(self) -> bool:
        """Claim one batch; True when there may be more at once."""
        if not self._claiming or self._lease_is_over():
            return False
        if self._look_for_strays:
            await collect_strays(self._ports, self._lease, self._ready)
            self._look_for_strays = False
        limit = min(CLAIM_BATCH, self._ready.room)
        if limit <= 0:
            self._ready.overflowed = True
            return False
        now = self._ports.clock.now()
        next_due = await self._ports.database.read(queue.next_due_at)
        if next_due is None or next_due > now:
            self._ready.overflowed = False
            return False
        messages, recorded = await self._ports.database.write(
            lambda session: claim(
                session, self._lease, now=now, limit=limit, settings=self._settings, entropy=self._ports.entropy
            )
        )
        self._settler.recorded(recorded)
        for message in messages:
            for site, piece in self._pieces(message):
                self._ready.reserve(piece.key.message_id, 1, piece.held_bytes)
                self.offer(site, piece)
        self._ready.overflowed = bool(messages)
        return bool(messages)

    def _pieces(self, message: ReadyMessage) -> list[tuple[str, ReadyMessage]]:
        """Split a claimed message by site."""
        by_site: dict[str, list[QueuedRecipient]] = {}
        for recipient in message.recipients:
            by_site.setdefault(self._sites.name(recipient.domain), []).append(recipient)
        return [(site, replace(message, recipients=tuple(recipients))) for site, recipients in by_site.items()]

    def stop_claiming(self) -> None:
        """Leave in the database what is there."""
        self._claiming = False

    async def stop(self) -> None:
        """Take nothing new, let running transactions end, and record their outcomes."""
        self._claiming = False
        self._stopping = True
        for site in self._ready.sites():
            site.arrived.set()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def abandon(self) -> None:
        """Cut what is still running; the attempt log says which recipients that leaves in doubt."""
        running = set(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
