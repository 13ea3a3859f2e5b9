"""Children of functions in the simulated world: their code runs in this process, on the world's time.

A handler is what Lambda's would be; one that is `async` may let time pass with
`context.clock`. It prints through `context.write`. What the runtime client
does at the line is done here, for the Runtime API is what is tested.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from hatobin.ports import Clock
from hatobin.ports.processes import (
    Child,
    CodeFile,
    End,
    Ending,
    LineAnswer,
    LineReply,
    LineRequest,
    ProcessesUnavailable,
    Program,
)

API = "/2018-06-01/runtime"


class Die(Exception):
    """A handler raises this where its process would end so."""

    def __init__(self, how: End, number: int = 0) -> None:
        super().__init__(how)
        self.ending = Ending(how, number)


@dataclass
class Context:
    """What a handler gets beside its event."""

    clock: Clock
    environment: dict[str, str]
    aws_request_id: str
    invoked_function_arn: str
    deadline_ms: int
    client_context: str | None
    write: Callable[[str], None]


class SimulatedChild:
    """A child that lives as a task."""

    def __init__(self, program: Program, answer: LineAnswer, output: Callable[[bytes], None]) -> None:
        self.program = program
        self._answer = answer
        self._output = output
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    async def ended(self) -> Ending:
        return await asyncio.shield(self._ending)

    async def kill(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self.finish(Ending(End.STOPPED))

    def flush(self) -> None:
        return

    def peak_memory_bytes(self) -> int:
        return 40 * 1024 * 1024

    def finish(self, ending: Ending) -> None:
        if not self._ending.done():
            self._ending.set_result(ending)

    async def ask(self, method: str, path: str, body: bytes | None = b"") -> LineReply:
        return await self._answer(LineRequest(method, API + path, {}, body))

    async def live(self, clock: Clock, files: dict[str, str]) -> None:
        """Do what the runtime client does, until something ends it."""
        try:
            try:
                module, _, name = self.program.arguments[-1].rpartition(".")
                space: dict[str, Any] = {"Die": Die, "End": End}
                exec(compile(files[f"{module}.py"], f"{module}.py", "exec"), space)
                handler = space[name]
            except Exception as error:
                await self.ask("POST", "/init/error", _error(error))
                self.finish(Ending(End.EXITED, 1))
                return
            while True:
                await self._one(clock, handler)
        except Die as death:
            self.finish(death.ending)

    async def _one(self, clock: Clock, handler: Callable[[Any, Context], Any]) -> None:
        given = await self.ask("GET", "/invocation/next")
        request_id = given.headers["Lambda-Runtime-Aws-Request-Id"]
        context = Context(
            clock,
            dict(self.program.environment),
            request_id,
            given.headers["Lambda-Runtime-Invoked-Function-Arn"],
            int(given.headers["Lambda-Runtime-Deadline-Ms"]),
            given.headers.get("Lambda-Runtime-Client-Context"),
            lambda text: self._output(text.encode()),
        )
        try:
            result = handler(json.loads(given.body), context)
            if isawaitable(result):
                result = await result
            body = json.dumps(result).encode()
        except Die:
            raise
        except Exception as error:
            self._output(f"[ERROR] {type(error).__name__}: {error}\rTraceback\n".encode())
            await self.ask("POST", f"/invocation/{request_id}/error", _error(error))
            return
        limit = self.program.max_request_bytes
        reply = await self.ask("POST", f"/invocation/{request_id}/response", body if len(body) <= limit else None)
        if reply.status == 413:
            raise Die(End.EXITED, 1)


@dataclass
class SimulatedProcesses:
    """Where simulated children come from. `absent` is the package that is said to be missing."""

    clock: Clock
    absent: str | None = None
    broken: str | None = None
    code: dict[str, dict[str, str]] = field(default_factory=dict)
    children: list[SimulatedChild] = field(default_factory=list)

    def missing(self) -> str | None:
        return self.absent

    def python_version(self) -> str:
        return "3.11"

    def has_code(self, code_id: str) -> bool:
        return code_id in self.code

    async def unpack(self, code_id: str, files: Iterable[CodeFile]) -> None:
        self.code[code_id] = {"/".join(file.path): b"".join(file.pieces).decode("latin-1") for file in files}

    async def forget_code(self, code_id: str) -> None:
        self.code.pop(code_id, None)

    async def start(self, program: Program, answer: LineAnswer, output: Callable[[bytes], None]) -> Child:
        if self.broken is not None:
            raise ProcessesUnavailable(self.broken)
        child = SimulatedChild(program, answer, output)
        child.task = asyncio.get_running_loop().create_task(child.live(self.clock, self.code[program.code_id]))
        self.children.append(child)
        return child

    async def close(self) -> None:
        for child in self.children:
            await child.kill()


def _error(error: Exception) -> bytes:
    stack = traceback.format_tb(error.__traceback__)
    return json.dumps(
        {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": "", "stackTrace": stack}
    ).encode()
