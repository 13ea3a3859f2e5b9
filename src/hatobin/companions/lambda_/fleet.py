"""The running children of all functions of this worker: started when they are needed, warm for a while, bounded.

A child serves one revision of one function. There are at most
`lambda.concurrency` of them; where all are busy an invocation is throttled,
where some are idle the one that has been so longest makes room.
"""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from hatobin.companions import iam
from hatobin.companions.iam import NewTemporary
from hatobin.companions.kms import Vault
from hatobin.companions.lambda_ import archives
from hatobin.companions.lambda_.logbook import Logbook, stream_name
from hatobin.companions.lambda_.model import (
    MAX_PAYLOAD_BYTES,
    SERVICE,
    Function,
    NotRunnable,
    Outcome,
    Throttled,
)
from hatobin.companions.lambda_.sandbox import Invocation, Sandbox
from hatobin.companions.lambda_.surroundings import program
from hatobin.ports import Ports, Session
from hatobin.ports.blobs import BlobMissing, BlobsUnavailable
from hatobin.ports.processes import Processes, ProcessesUnavailable
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

LOOK_INTERVAL_S = 1.0
SESSION_S = 12 * 3600
"""How long a role's credentials last; children share those of their role while they have `LEAST_SESSION_S` left."""
LEAST_SESSION_S = 7 * 3600
MAX_AGE_S = 6 * 3600.0
"""A child is replaced when it is this old, while its credentials are still good."""
REMEMBERED_SESSIONS = 1000
EXTRA = "hatobin[lambda]"

_log = structlog.get_logger("hatobin.lambda")


class Fleet:
    """Runs functions; one per worker."""

    def __init__(self, ports: Ports, settings: Settings, processes: Processes, vault: Vault) -> None:
        self._ports = ports
        self._settings = settings
        self._processes = processes
        self._vault = vault
        self._idle: list[Sandbox] = []
        self._busy: set[Sandbox] = set()
        self._places = settings.lambda_.concurrency
        self._sessions: dict[tuple[str, str], NewTemporary] = {}
        self._unpacking: dict[str, asyncio.Lock] = {}
        self._code_used_at: dict[str, float] = {}

    @property
    def free(self) -> int:
        """How many more invocations may run now."""
        return self._places - len(self._busy)

    @property
    def running(self) -> int:
        """How many invocations run now."""
        return len(self._busy)

    def obstacle(self) -> str | None:
        """Say why no function runs here; None when they do."""
        if not self._settings.runs_functions:
            return "Functions do not run on this server: lambda.enabled is off, as it is by default in mode mx."
        missing = self._processes.missing()
        if missing is not None:
            return f"Functions need the Python package {missing}, which is not installed here: install {EXTRA}."
        return None

    async def invoke(self, function: Function, invocation: Invocation) -> Outcome:
        """Run an invocation to its end. Raises `Throttled` and `NotRunnable`."""
        if (obstacle := self.obstacle()) is not None:
            raise NotRunnable(obstacle)
        if self.free <= 0:
            raise Throttled
        await self._bury()
        sandbox = self._take(function)
        self._busy.add(sandbox)
        try:
            if not sandbox.is_open:
                await self._open(sandbox)
            outcome = await sandbox.run(invocation)
            await sandbox.logbook.write()
        except BaseException:
            sandbox.is_dead = True
            raise
        finally:
            self._busy.discard(sandbox)
            if sandbox.is_dead:
                await asyncio.shield(sandbox.close())
            else:
                self._idle.append(sandbox)
        return outcome

    async def run(self) -> None:
        """Look after idle children and written logs every second until cancelled; then end all children."""
        try:
            while True:
                await self._ports.clock.sleep(LOOK_INTERVAL_S)
                await self.tidy()
        finally:
            await self.close()

    async def tidy(self) -> None:
        """End children that nobody has needed for long, forget code that nobody runs, write what is logged."""
        now, idle_s = self._ports.clock.monotonic(), self._settings.lambda_.idle_s
        await self._bury()
        over = [one for one in self._idle if now - one.idle_since >= idle_s or now - one.born_at >= MAX_AGE_S]
        for sandbox in over:
            self._idle.remove(sandbox)
        await asyncio.gather(*(sandbox.close() for sandbox in over))
        for sandbox in (*self._busy, *self._idle):
            await sandbox.logbook.write()
        in_use = {sandbox.function.code.code_id for sandbox in (*self._busy, *self._idle)}
        for code_id, used_at in list(self._code_used_at.items()):
            if code_id not in in_use and now - used_at >= idle_s:
                del self._code_used_at[code_id]
                self._unpacking.pop(code_id, None)
                await self._processes.forget_code(code_id)

    async def retire(self, function_id: str) -> None:
        """End the idle children of a function that is changed or gone."""
        gone = [sandbox for sandbox in self._idle if sandbox.function.function_id == function_id]
        for sandbox in gone:
            self._idle.remove(sandbox)
        await asyncio.gather(*(sandbox.close() for sandbox in gone))

    async def close(self) -> None:
        """End all children."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(sandbox.close() for sandbox in (*self._busy, *idle)), return_exceptions=True)
        await self._processes.close()

    async def _bury(self) -> None:
        """Forget children that have ended by themselves while they were idle."""
        ended = [sandbox for sandbox in self._idle if sandbox.has_ended]
        for sandbox in ended:
            self._idle.remove(sandbox)
        await asyncio.gather(*(sandbox.close() for sandbox in ended))

    def _take(self, function: Function) -> Sandbox:
        """Give an idle child of just this revision, or a new one that is not started yet."""
        for sandbox in reversed(self._idle):
            same = sandbox.function.function_id == function.function_id
            if same and sandbox.function.revision_id == function.revision_id:
                self._idle.remove(sandbox)
                return sandbox
        return Sandbox(function, self._ports.clock, self._logbook(function, ""))

    def _logbook(self, function: Function, stream: str) -> Logbook:
        return Logbook(self._ports, function, stream, max_group_bytes=self._settings.logs.max_group_bytes)

    async def _open(self, sandbox: Sandbox) -> None:
        """Start a child. Raises `NotRunnable`."""
        function, now = sandbox.function, self._ports.clock.now()
        if len(self._busy) + len(self._idle) > self._places:
            await self._idle.pop(0).close()
        unique = self._ports.entropy.token_bytes(16).hex()
        sandbox.logbook.stream = stream_name(now, unique)
        credentials = await self._credentials(function)
        try:
            await self._unpack(function)
            await sandbox.open(
                partial(
                    self._processes.start,
                    program(
                        function,
                        credentials,
                        endpoint_url=self._settings.service.public_http,
                        python_version=self._processes.python_version(),
                        log_group=sandbox.logbook.group.name,
                        log_stream=sandbox.logbook.stream,
                        max_payload_bytes=MAX_PAYLOAD_BYTES,
                    ),
                )
            )
        except (ProcessesUnavailable, BlobsUnavailable, BlobMissing) as error:
            _log.error("a function cannot be started", function=function.key.arn, error=str(error))
            raise NotRunnable(f"The function cannot be started: {error}") from error

    async def _credentials(self, function: Function) -> NewTemporary:
        """Give credentials of the function's role. Raises `NotRunnable`."""
        name, now = function.key.name, self._ports.clock.now()

        def work(session: Session) -> NewTemporary | None:
            return iam.assume_for_service(
                session,
                self._vault,
                self._ports.entropy,
                role_arn=function.configuration.role_arn,
                service=SERVICE,
                source_arn=function.key.arn,
                name=name,
                now=now,
                duration_s=SESSION_S,
            )

        def role_id(session: Session) -> str | None:
            return iam.service_role_id(session, function.configuration.role_arn, SERVICE, source_arn=function.key.arn)

        place = (function.function_id, function.configuration.role_arn)
        kept = self._sessions.get(place)
        database = self._ports.database
        is_long = kept is not None and kept.session.expires_at - now >= LEAST_SESSION_S
        if kept is not None and is_long and await database.read(role_id) == kept.session.holder_id:
            return kept
        try:
            made = await database.write(work, turn=f"iam {function.key.account_id}")
        except CallerError as error:
            raise NotRunnable(f"The function's role has too many sessions: {error.message}") from error
        if made is None:
            raise NotRunnable(
                "The role defined for the function cannot be assumed by Lambda."
                f" (Role: {function.configuration.role_arn})"
            )
        if len(self._sessions) >= REMEMBERED_SESSIONS:
            self._sessions.clear()
        self._sessions[place] = made
        return made

    async def _unpack(self, function: Function) -> None:
        """Have the code there; the same code is unpacked once, whoever needs it."""
        code_id = function.code.code_id
        async with self._unpacking.setdefault(code_id, asyncio.Lock()):
            self._code_used_at[code_id] = self._ports.clock.monotonic()
            if not self._processes.has_code(code_id):
                data = await self._ports.blobs.get(function.code.blob)
                await self._processes.unpack(code_id, archives.files(data))
