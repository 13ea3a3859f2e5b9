"""Child processes that run other people's code, as a port.

A child gets a clean environment, code that was unpacked for it, a folder of
its own for temporary files, limits, and a private line: a small HTTP server
that answers it alone. It is no member of `Ports`: whoever needs it is given
it by the composition root.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class ProcessesUnavailable(OSError):
    """The child could not be started; the text says why."""


class Place(Enum):
    """What only the port knows when it starts a child."""

    LINE = "line"
    """Where the child reaches its line, as `host:port`."""
    CODE = "code"
    """The folder of its code."""
    TEMPORARY = "temporary"
    """Its folder for temporary files, empty at the start and gone at the end."""


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One file of a child's code. `path` is relative, of plain names; `pieces` are its octets."""

    path: tuple[str, ...]
    is_executable: bool
    pieces: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class LineRequest:
    """What a child asks: header names are in lower case; `body` is None when it was too large and has been dropped."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class LineReply:
    """What it gets."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


LineAnswer = Callable[[LineRequest], Awaitable[LineReply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run: `arguments` follow the Python interpreter; `places` are variables whose values the port knows.

    Memory is that of the child and of everything that it starts.
    """

    code_id: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    places: Mapping[str, Place]
    memory_bytes: int
    max_request_bytes: int


class End(Enum):
    """How a child ended."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    OUT_OF_MEMORY = "out of memory"
    TOO_MANY_PROCESSES = "too many processes"
    STOPPED = "stopped"
    """By `kill`."""
    LOST = "lost"
    """It is gone and nothing said why."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a child; `number` is the exit status or the signal."""

    how: End
    number: int = 0


class Child(Protocol):
    """A running child; one event loop uses it."""

    async def ended(self) -> Ending:
        """Return when it has ended, with everything that it had started."""
        ...

    async def kill(self) -> None:
        """End it with everything that it has started; returns when nothing of it is left."""
        ...

    def flush(self) -> None:
        """Hand over what it has written so far and nobody has read yet."""
        ...

    def peak_memory_bytes(self) -> int:
        """Say how much memory it had at most; 0 where nobody knows."""
        ...


class Processes(Protocol):
    """Where children come from."""

    def missing(self) -> str | None:
        """Name the Python module that children need and that is not installed; None when nothing is missing."""
        ...

    def python_version(self) -> str:
        """Give the version of the interpreter that children run in ("3.11")."""
        ...

    def has_code(self, code_id: str) -> bool:
        """Say whether this code is unpacked."""
        ...

    async def unpack(self, code_id: str, files: Iterable[CodeFile]) -> None:
        """Write code for children to come; whole when this returns, else not there.

        Raises what `files` raises, and `ProcessesUnavailable`.
        """
        ...

    async def forget_code(self, code_id: str) -> None:
        """Remove code that no child to come needs; what is not there is fine."""
        ...

    async def start(self, program: Program, answer: LineAnswer, output: Callable[[bytes], None]) -> Child:
        """Start a child whose line `answer` serves. Raises `ProcessesUnavailable`.

        `output` gets what it writes to stdout and stderr, at a bounded rate; a child that writes faster waits.
        """
        ...

    async def close(self) -> None:
        """End all children and remove all code."""
        ...
