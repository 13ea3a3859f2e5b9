"""The processes port over real processes: each child below a keeper of its own.

The keeper (`process_keeper`) sets the limits, watches memory, and kills what
the child has started when its standard input ends: at `kill`, when the child
has ended, and also when this process is killed. What the child writes comes
through a pipe, read at a bounded rate: whoever writes faster waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import structlog

from hatobin.adapters import process_keeper
from hatobin.adapters.process_line import ProcessLine
from hatobin.adapters.threads import ThreadPool
from hatobin.ports.processes import (
    CodeFile,
    End,
    Ending,
    LineAnswer,
    Place,
    ProcessesUnavailable,
    Program,
)

REQUIRED_MODULE = "awslambdaric"
_CHECK_TIMEOUT_S = 20.0
READ_BYTES = 64 * 1024
BURST_BYTES = 512 * 1024
"""What a child may write at once; then the pipe is left alone for `PAUSE_S`."""
PAUSE_S = 0.2
KILL_TIMEOUT_S = 5.0
_STATUS_BYTES = 4096

_log = structlog.get_logger("hatobin.processes")


class KeptChild:
    """A child behind its keeper."""

    def __init__(
        self,
        keeper: subprocess.Popen[bytes],
        line: ProcessLine,
        output: Callable[[bytes], None],
        temporary: Path,
        threads: ThreadPool,
    ) -> None:
        self._keeper = keeper
        self._line = line
        self._output = output
        self._temporary = temporary
        self._threads = threads
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[Ending] = self._loop.create_future()
        self._said = b""
        self._pid = 0
        self._read = 0
        self._pause: asyncio.TimerHandle | None = None
        assert keeper.stdout is not None
        assert keeper.stderr is not None
        self._written, self._status = keeper.stdout.fileno(), keeper.stderr.fileno()
        for descriptor in (self._written, self._status):
            os.set_blocking(descriptor, False)
        self._loop.add_reader(self._written, self._take)
        self._loop.add_reader(self._status, self._listen)

    async def ended(self) -> Ending:
        """See `Child.ended`."""
        return await asyncio.shield(self._ending)

    async def kill(self) -> None:
        """See `Child.kill`."""
        if self._keeper.stdin is not None and not self._keeper.stdin.closed:
            self._keeper.stdin.close()
        try:
            async with asyncio.timeout(KILL_TIMEOUT_S):
                await self.ended()
        except TimeoutError:
            # A process that the kernel does not let go of (a dead network disk).
            _log.error("child_does_not_end", pid=self._pid)

    def flush(self) -> None:
        """See `Child.flush`."""
        while self._read < BURST_BYTES and self._take():
            pass

    def peak_memory_bytes(self) -> int:
        """See `Child.peak_memory_bytes`."""
        try:
            for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        except OSError:
            pass
        return 0

    def _take(self) -> bool:
        """Take what the child has written; say whether there was any."""
        try:
            data = os.read(self._written, READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._written)
            return False
        self._output(data)
        self._read += len(data)
        if self._read >= BURST_BYTES and self._pause is None:
            self._loop.remove_reader(self._written)
            self._pause = self._loop.call_later(PAUSE_S, self._go_on)
        return True

    def _go_on(self) -> None:
        self._pause = None
        self._read = 0
        self._loop.add_reader(self._written, self._take)

    def _listen(self) -> None:
        """Hear what the keeper says; its end is the child's end."""
        try:
            data = os.read(self._status, _STATUS_BYTES)
        except BlockingIOError:
            return
        if data:
            self._said = (self._said + data)[-_STATUS_BYTES:]
            if not self._pid and b"\n" in self._said:
                pid = _facts(self._said.splitlines()[0]).get("pid")
                self._pid = pid if isinstance(pid, int) else 0
            return
        self._loop.remove_reader(self._status)
        self.flush()
        self._end()

    def _end(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._written)
        self._line.close()
        for pipe in (self._keeper.stdin, self._keeper.stdout, self._keeper.stderr):
            if pipe is not None:
                pipe.close()
        last = self._said.splitlines()[-1] if self._said else b""
        task = self._loop.create_task(self._threads.run_long(self._clear))
        task.add_done_callback(lambda _: self._ending.set_result(_ending(_facts(last))))

    def _clear(self) -> None:
        self._keeper.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)


def _check_python(python: str, user: str) -> None:
    """See now, and not at each function, that the user gets to the interpreter; it often lies in somebody's home."""
    try:
        done = subprocess.run(
            [python, "-c", ""], user=user, capture_output=True, timeout=_CHECK_TIMEOUT_S, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PermissionError(str(error)) from error
    if done.returncode:
        raise PermissionError(f"{python} ends with status {done.returncode} as {user}")


class ChildProcesses:
    """Children below one folder, which nobody else uses while this lives."""

    def __init__(self, folder: Path, *, python: str = "", user: str = "") -> None:
        """Use `folder`, made anew; `python` is the interpreter, ours by default, `user` whom children run as.

        Raises `KeyError` for a user that is not there, `PermissionError` for one that cannot run the interpreter.
        """
        self._folder = folder
        self._python = python or sys.executable
        self._user = user
        self._user_id = pwd.getpwnam(user).pw_uid if user else os.getuid()
        if user:
            _check_python(self._python, user)
        self._threads = ThreadPool(0, "hatobin-functions")
        self._numbers = itertools.count(1)
        self._children: set[KeptChild] = set()
        shutil.rmtree(folder, ignore_errors=True)

    def missing(self) -> str | None:
        """See `Processes.missing`; another interpreter than ours is taken at its word."""
        if self._python != sys.executable or find_spec(REQUIRED_MODULE) is not None:
            return None
        return REQUIRED_MODULE

    def python_version(self) -> str:
        """See `Processes.python_version`."""
        return f"{sys.version_info.major}.{sys.version_info.minor}"

    def has_code(self, code_id: str) -> bool:
        """See `Processes.has_code`."""
        return self._code(code_id).is_dir()

    async def unpack(self, code_id: str, files: Iterable[CodeFile]) -> None:
        """See `Processes.unpack`."""
        try:
            await self._threads.run_long(partial(self._unpack, code_id, files))
        except OSError as error:
            raise ProcessesUnavailable(f"the code cannot be unpacked: {error.strerror or error}") from error

    async def forget_code(self, code_id: str) -> None:
        """See `Processes.forget_code`."""
        await self._threads.run_long(partial(shutil.rmtree, self._code(code_id), ignore_errors=True))

    async def start(self, program: Program, answer: LineAnswer, output: Callable[[bytes], None]) -> KeptChild:
        """See `Processes.start`."""
        line = ProcessLine(answer, user_id=self._user_id, max_body_bytes=program.max_request_bytes)
        try:
            where = await line.open()
            temporary = self._folder / "temporary" / str(next(self._numbers))
            code = self._code(program.code_id)
            places = {Place.LINE: where, Place.CODE: str(code), Place.TEMPORARY: str(temporary)}
            environment = {**program.environment, **{name: places[place] for name, place in program.places.items()}}
            spec = {
                "arguments": [self._python, *program.arguments],
                "environment": environment,
                "folder": str(code),
                "memory_bytes": program.memory_bytes,
                "user": self._user,
            }
            keeper = await self._threads.run_long(partial(self._spawn, spec, temporary))
        except OSError as error:
            line.close()
            raise ProcessesUnavailable(f"a process cannot be started: {error.strerror or error}") from error
        child = KeptChild(keeper, line, output, temporary, self._threads)
        self._children.add(child)
        child._ending.add_done_callback(lambda _: self._children.discard(child))
        return child

    async def close(self) -> None:
        """See `Processes.close`."""
        await asyncio.gather(*(child.kill() for child in list(self._children)))
        await self._threads.run_long(partial(shutil.rmtree, self._folder, ignore_errors=True))
        await self._threads.close()

    def _code(self, code_id: str) -> Path:
        return self._folder / "code" / code_id

    def _unpack(self, code_id: str, files: Iterable[CodeFile]) -> None:
        whole = self._code(code_id)
        partly = self._folder / "partly" / str(next(self._numbers))
        self._make(partly.parent)
        partly.mkdir(mode=0o755)  # Python lists what it imports from.
        try:
            for file in files:
                _write(partly, file)
            self._make(whole.parent)
            with contextlib.suppress(FileExistsError):
                partly.rename(whole)
        finally:
            shutil.rmtree(partly, ignore_errors=True)

    def _spawn(self, spec: dict[str, object], temporary: Path) -> subprocess.Popen[bytes]:
        self._make(temporary.parent)
        temporary.mkdir(mode=0o700)
        if self._user:
            os.chown(temporary, self._user_id, -1)
        keeper = subprocess.Popen(
            [self._python, "-I", "-S", process_keeper.__file__],
            env={},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=True,
            start_new_session=True,
            bufsize=0,
        )
        assert keeper.stdin is not None
        # A keeper that is gone already says so at the other end.
        with contextlib.suppress(BrokenPipeError):
            keeper.stdin.write(json.dumps(spec).encode() + b"\n")
        return keeper

    def _make(self, folder: Path) -> None:
        """Make a folder that children may pass through and not look into."""
        self._folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)


def _write(folder: Path, file: CodeFile) -> None:
    if not file.path or any(name in ("", ".", "..") or "/" in name or "\0" in name for name in file.path):
        raise ValueError(f"{'/'.join(file.path)!r} leads out of its folder")
    path = folder.joinpath(*file.path)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    mode = 0o755 if file.is_executable else 0o644
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as target:
        for piece in file.pieces:
            target.write(piece)


def _facts(line: bytes) -> dict[str, object]:
    try:
        facts = json.loads(line)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _ending(facts: dict[str, object]) -> Ending:
    match facts:
        case {"exit": int(status)}:
            return Ending(End.EXITED, status)
        case {"signal": int(number)}:
            return Ending(End.SIGNALLED, number)
        case {"excess": "memory"}:
            return Ending(End.OUT_OF_MEMORY)
        case {"excess": "processes"}:
            return Ending(End.TOO_MANY_PROCESSES)
        case {"stopped": True}:
            return Ending(End.STOPPED)
    return Ending(End.LOST)
