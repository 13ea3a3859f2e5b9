"""One running child of a function, and the Runtime API on its line.

The child asks for an invocation, works, and answers; then it asks again. It
is warm between two: what it holds in memory stays. A child that does not
answer in time, breaks a limit or exits is killed with all that it started.

Refs: developer guide "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.companions.lambda_.logbook import Logbook
from hatobin.companions.lambda_.model import MAX_PAYLOAD_BYTES, Function, Outcome
from hatobin.ports import Clock
from hatobin.ports.processes import Child, End, Ending, LineAnswer, LineReply, LineRequest
from hatobin.words.instant import iso_ms

INIT_TIMEOUT_S = 30.0
"""How long a child may take until it asks for its first invocation; at AWS ten seconds."""
_API = "/2018-06-01/runtime"
_HANDLED = "Unhandled"
"""What X-Amz-Function-Error says, whoever raised the error."""
_encode = msgspec.json.Encoder().encode

Start = Callable[[LineAnswer, Callable[[bytes], None]], Awaitable[Child]]


class Invocation(Struct, frozen=True):
    """What a function is to do."""

    request_id: str
    payload: bytes
    client_context: str | None = None


class _Work(Struct, frozen=True):
    """An invocation on its way to the child."""

    invocation: Invocation
    deadline_ms: int


class _Answered(Struct, frozen=True):
    """What the child said: a result, or an error; of an initialisation too."""

    body: bytes
    is_error: bool


class Sandbox:
    """One child; it takes one invocation at a time."""

    def __init__(self, function: Function, clock: Clock, logbook: Logbook) -> None:
        self.function = function
        self.logbook = logbook
        self.is_dead = False
        self._clock = clock
        self._child: Child | None = None
        self._gone: asyncio.Future[Ending] | None = None
        self._next: asyncio.Queue[_Work] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._current: Invocation | None = None
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[_Answered] = loop.create_future()
        self._failed_init: asyncio.Future[_Answered] = loop.create_future()
        self._started_at = clock.monotonic()
        self._init_s: float | None = None
        self.idle_since = self.born_at = clock.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether the child has been started."""
        return self._child is not None

    @property
    def has_ended(self) -> bool:
        """Whether the child is gone, without having been asked to."""
        return self._gone is not None and self._gone.done()

    async def open(self, start: Start) -> None:
        """Start the child: `start` is called with what answers its line and what takes its output."""
        self._started_at = self._clock.monotonic()
        self._child = await start(self._serve, self.logbook.take)
        self._gone = asyncio.ensure_future(self._child.ended())

    async def run(self, invocation: Invocation) -> Outcome:
        """Have the child do something, and give what came of it; never raises for what the function does."""
        assert self._child is not None, "it was opened"
        assert self._gone is not None, "it was opened"
        self.logbook.begin(invocation.request_id)
        begun = self._clock.monotonic()
        try:
            outcome, status = await self._outcome(invocation, self._gone)
        finally:
            self._current = None
        took_s = self._clock.monotonic() - begun
        peak = self._child.peak_memory_bytes()
        self._child.flush()
        if self.is_dead:
            await self._child.kill()
        init_s, self._init_s = self._init_s, None
        if init_s is not None:
            took_s = max(0.0, took_s - init_s)
        self.logbook.end(
            invocation.request_id,
            took_s=took_s,
            init_s=init_s,
            peak_memory_bytes=self._limit_bytes if "OutOfMemory" in status else peak,
            status=status,
        )
        self.idle_since = self._clock.monotonic()
        return Outcome(outcome.body, _HANDLED if outcome.is_error else None, self.logbook.tail)

    async def close(self) -> None:
        """End the child with all that it has started, and write what it has logged."""
        self.is_dead = True
        if self._child is not None:
            await self._child.kill()
        if self._gone is not None:
            self._gone.cancel()
        await self.logbook.write()

    @property
    def _limit_bytes(self) -> int:
        return self.function.configuration.memory_mb * 1024 * 1024

    async def _outcome(self, invocation: Invocation, ended: asyncio.Future[Ending]) -> tuple[_Answered, str]:
        """Give the answer, and what the report says of how it ended, nothing where all went well."""
        request_id, timeout_s = invocation.request_id, self.function.configuration.timeout_s
        if not self._ready.is_set():
            failure = await self._initialise(request_id, ended)
            if failure is not None:
                return failure
        self._answer = asyncio.get_running_loop().create_future()
        self._current = invocation
        deadline_ms = int((self._clock.now() + timeout_s) * 1000)
        self._next.put_nowait(_Work(invocation, deadline_ms))
        if not await self._first(timeout_s, self._answer, ended):
            self.is_dead = True
            text = f"Task timed out after {timeout_s:.2f} seconds"
            self._child_flush()
            self.logbook.note(f"{iso_ms(self._clock.now())} {request_id} {text}\n\n")
            return _error("Sandbox.Timedout", f"RequestId: {request_id} Error: {text}"), "Status: timeout"
        if self._answer.done():
            return self._answer.result(), ""
        return self._ended(request_id, ended.result())

    async def _initialise(self, request_id: str, ended: asyncio.Future[Ending]) -> tuple[_Answered, str] | None:
        """Wait for a new child to ask for work; give the failure, if that is what comes."""
        ready = asyncio.ensure_future(self._ready.wait())
        try:
            came = await self._first(INIT_TIMEOUT_S, ready, self._failed_init, ended)
        finally:
            ready.cancel()
        self._init_s = self._clock.monotonic() - self._started_at
        if not came:
            self.is_dead = True
            text = f"RequestId: {request_id} Error: Initialization timed out after {INIT_TIMEOUT_S:.2f} seconds"
            return _error("Sandbox.Timedout", text), "Status: timeout"
        if self._failed_init.done():
            self.is_dead = True
            return self._failed_init.result(), "Status: error\tError Type: Runtime.Unknown"
        return None if self._ready.is_set() else self._ended(request_id, ended.result())

    async def _first(self, timeout_s: float, *waited: asyncio.Future[Any]) -> bool:
        """Wait for one of several; false when none comes in time."""
        try:
            await self._clock.within(timeout_s, asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED))
        except TimeoutError:
            return False
        return True

    def _ended(self, request_id: str, ending: Ending) -> tuple[_Answered, str]:
        """Say that the child is gone in the words of AWS."""
        self.is_dead = True
        kind = "Runtime.ExitError"
        match ending:
            case Ending(End.EXITED, number):
                how = f"exit status {number}" if number else "without providing a reason"
            case Ending(End.OUT_OF_MEMORY, _):
                kind, how = "Runtime.OutOfMemory", "signal: killed"
            case Ending(End.SIGNALLED, number):
                how = f"signal: {number}"
            case Ending(End.TOO_MANY_PROCESSES, _):
                how = "signal: killed, it had too many processes"
            case _:
                how = "signal: killed"
        joined = f"with error: {how}" if how != "without providing a reason" else how
        text = f"RequestId: {request_id} Error: Runtime exited {joined}"
        self.logbook.note(f"{text}\n{kind}\n")
        return _error(kind, text), f"Status: error\tError Type: {kind}"

    def _child_flush(self) -> None:
        assert self._child is not None, "it was opened"
        self._child.flush()

    async def _serve(self, request: LineRequest) -> LineReply:
        """Answer the child."""
        path = request.path
        if (request.method, path) == ("GET", f"{_API}/invocation/next"):
            return await self._give_next()
        if request.method != "POST":
            return _reply(404, "")
        if path == f"{_API}/init/error":
            if not self._failed_init.done():
                self._failed_init.set_result(_Answered(request.body or b"", is_error=True))
            return _reply(202, "OK")
        prefix, _, rest = path.partition("/invocation/")
        request_id, _, what = rest.partition("/")
        if prefix != _API or what not in ("response", "error"):
            return _reply(404, "")
        if self._current is None or self._current.request_id != request_id or self._answer.done():
            return _reply(400, "")
        if request.body is None or len(request.body) > MAX_PAYLOAD_BYTES:
            text = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
            self._answer.set_result(_error("Function.ResponseSizeTooLarge", text))
            self.is_dead = True  # The runtime client ends on this answer.
            return _reply(413, "")
        self._answer.set_result(_Answered(request.body, is_error=what == "error"))
        return _reply(202, "OK")

    async def _give_next(self) -> LineReply:
        self._ready.set()
        work = await self._next.get()
        invocation = work.invocation
        trace = f"Root=1-{work.deadline_ms // 1000:08x}-{invocation.request_id.replace('-', '')[:24]}"
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(work.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function.key.arn,
            "Lambda-Runtime-Trace-Id": trace,
        }
        if invocation.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return LineReply(200, headers, invocation.payload)


def _reply(status: int, word: str) -> LineReply:
    body = _encode({"status": word}) if word else _encode({"errorMessage": "", "errorType": "InvalidRequest"})
    return LineReply(status, {"Content-Type": "application/json"}, body)


def _error(kind: str, text: str) -> _Answered:
    return _Answered(_encode({"errorType": kind, "errorMessage": text}), is_error=True)
