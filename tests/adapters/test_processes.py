"""Real children with the real runtime client: what they can do to each other and to the machine, and what ends them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hatobin.adapters.processes import BURST_BYTES, ChildProcesses
from hatobin.ports.processes import (
    Child,
    CodeFile,
    End,
    Ending,
    LineReply,
    LineRequest,
    Place,
    Program,
)

pytest.importorskip("awslambdaric")
PLACES = {
    "AWS_LAMBDA_RUNTIME_API": Place.LINE,
    "LAMBDA_TASK_ROOT": Place.CODE,
    "PYTHONPATH": Place.CODE,
    "TMPDIR": Place.TEMPORARY,
}
LIMIT_S = 60.0
"""How long anything may take; nothing here depends on how much of it is needed."""


@dataclass
class Run:
    """A child, the other end of its line, and what it has written."""

    child: Child | None = None
    output: bytearray = field(default_factory=bytearray)
    answers: asyncio.Queue[tuple[str, Any]] = field(default_factory=asyncio.Queue)
    work: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, request: LineRequest) -> LineReply:
        """Be the Runtime API."""
        if request.path.endswith("/invocation/next"):
            self.ready.set()
            event = await self.work.get()
            headers = {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": "3d5c6b0e-0000-4000-8000-000000000000",
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
            }
            return LineReply(200, headers, json.dumps(event).encode())
        body = None if request.body is None else json.loads(request.body)
        self.answers.put_nowait((request.path.rpartition("/")[2], body))
        return LineReply(202, {"Content-Type": "application/json"}, b'{"status":"OK"}')

    async def invoke(self, event: Any = None) -> tuple[str, Any]:
        """Give the child something to do, and what it says."""
        self.work.put_nowait(event)
        async with asyncio.timeout(LIMIT_S):
            return await self.answers.get()

    async def ended(self) -> Ending:
        assert self.child is not None
        async with asyncio.timeout(LIMIT_S):
            return await self.child.ended()


@asynccontextmanager
async def running(folder: Path, source: str, *, memory_mb: int = 256, user: str = "") -> AsyncIterator[Run]:
    processes = ChildProcesses(folder / "functions", user=user)
    run = Run()
    try:
        await processes.unpack("code", [CodeFile(("app.py",), False, [source.encode()])])
        program = Program(
            code_id="code",
            arguments=("-m", "awslambdaric", "app.handle"),
            environment={"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "MINE": "1"},
            places=PLACES,
            memory_bytes=memory_mb * 1024 * 1024,
            max_request_bytes=1024 * 1024,
        )
        run.child = await processes.start(program, run.serve, run.output.extend)
        yield run
    finally:
        await processes.close()


def alive(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def gone(*pids: int) -> bool:
    """Wait until none of these is there."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_S):
            while any(map(alive, pids)):  # noqa: ASYNC110 - what others do has no event
                await asyncio.sleep(0.01)
    return not any(map(alive, pids))


async def test_a_function_runs_in_its_own_surroundings(tmp_path: Path) -> None:
    source = """
import os, resource, sys, tempfile

def handle(event, context):
    kinds = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
    open(os.path.join(tempfile.gettempdir(), "left"), "w").close()
    return {
        "event": event,
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "temporary": tempfile.gettempdir(),
        "files": sorted(os.readlink(f"/proc/self/fd/{one}").partition(":")[0] for one in (0, 1, 2)),
        "session": os.getsid(0) == os.getpid(),
        "limits": [resource.getrlimit(kind)[0] for kind in kinds],
    }
"""
    (tmp_path / "secret").write_text("x")
    with (tmp_path / "secret").open() as kept:
        os.set_inheritable(kept.fileno(), True)
        async with running(tmp_path, source) as run:
            kind, found = await run.invoke({"a": 1})
            left = Path(found["temporary"]) / "left"
            assert left.exists()
            assert left.parent.stat().st_mode & 0o777 == 0o700
    assert (kind, found["event"]) == ("response", {"a": 1})
    assert set(found["environment"]) <= {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "MINE", "LC_CTYPE", *PLACES}
    assert found["folder"] == found["environment"]["LAMBDA_TASK_ROOT"]
    assert found["files"] == ["/dev/null", "pipe", "pipe"]
    assert found["session"]
    assert found["limits"] == [1024, 512 * 1024 * 1024, 0]
    assert not left.exists()
    assert not (tmp_path / "functions").exists()


async def test_no_descriptor_of_ours_is_inherited(tmp_path: Path) -> None:
    source = """
import os

NAMES = [f"/proc/self/fd/{one}" for one in os.listdir("/proc/self/fd")]
FOUND = [os.readlink(name) for name in NAMES if os.path.lexists(name)]

def handle(event, context):
    return FOUND
"""
    path = tmp_path / "ours"
    with path.open("w") as kept:
        os.set_inheritable(kept.fileno(), True)
        async with running(tmp_path, source) as run:
            _, found = await run.invoke()
    assert not [name for name in found if "ours" in name]


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ("return object()", "error", "Runtime.MarshalError"),
        ("raise KeyError(event)", "error", "KeyError"),
    ],
)
async def test_what_a_handler_does_wrong_is_told_and_it_lives_on(
    tmp_path: Path, body: str, kind: str, said: str
) -> None:
    async with running(tmp_path, f"def handle(event, context):\n    {body}\n") as run:
        for _ in range(2):
            found = await run.invoke("x")
            assert (found[0], found[1]["errorType"]) == (kind, said)


async def test_a_module_that_does_not_load_is_told(tmp_path: Path) -> None:
    async with running(tmp_path, "import nothing_of_this_name\n") as run:
        async with asyncio.timeout(LIMIT_S):
            kind, found = await run.answers.get()
        assert (kind, found["errorType"]) == ("error", "Runtime.ImportModuleError")
        assert await run.ended() == Ending(End.EXITED, 1)


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("import sys; sys.exit(3)", Ending(End.EXITED, 3)),
        ("import os; os._exit(0)", Ending(End.EXITED, 0)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", Ending(End.SIGNALLED, signal.SIGSEGV)),
    ],
)
async def test_an_end_is_told_with_its_kind(tmp_path: Path, body: str, ending: Ending) -> None:
    async with running(tmp_path, f"def handle(event, context):\n    {body}\n") as run:
        run.work.put_nowait(None)
        assert await run.ended() == ending


@pytest.mark.parametrize(
    "body",
    [
        "kept = []\n    while True: kept.append(bytearray(1_000_000))",
        # Anonymous memory that is shared counts too, and so do children.
        "import mmap\n    kept = []\n    while True:\n        kept.append(mmap.mmap(-1, 1_000_000))\n"
        "        kept[-1].write(b'x' * 1_000_000)",
        "import os, time\n    for _ in range(8):\n        if os.fork() == 0:\n"
        "            kept = b'x' * 40_000_000\n            time.sleep(60)\n    time.sleep(60)",
    ],
    ids=["alone", "shared", "by children"],
)
async def test_a_child_that_eats_memory_is_killed(tmp_path: Path, body: str) -> None:
    async with running(tmp_path, f"def handle(event, context):\n    {body}\n", memory_mb=128) as run:
        run.work.put_nowait(None)
        assert await run.ended() == Ending(End.OUT_OF_MEMORY)


async def test_one_allocation_beyond_all_bounds_fails_inside(tmp_path: Path) -> None:
    async with running(tmp_path, "def handle(event, context):\n    bytearray(20_000_000_000)\n") as run:
        kind, found = await run.invoke()
        assert (kind, found["errorType"]) == ("error", "MemoryError")


async def test_a_child_with_too_many_threads_is_killed(tmp_path: Path) -> None:
    source = """
import threading, time

def handle(event, context):
    threading.stack_size(64 * 1024)
    for _ in range(1200):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    time.sleep(60)
"""
    async with running(tmp_path, source, memory_mb=1024) as run:
        run.work.put_nowait(None)
        assert await run.ended() == Ending(End.TOO_MANY_PROCESSES)


ESCAPE = """
import os, sys, time

def handle(event, context):
    pids = []
    for _ in range(3):
        readable, writable = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(writable, str(os.getpid()).encode())
                os.close(writable)
                while True:
                    time.sleep(1)
            os._exit(0)
        os.close(writable)
        pids.append(int(os.read(readable, 20)))
    if event == "exit":
        print(*pids, flush=True)
        os._exit(0)
    return [os.getpid(), *pids]
"""


async def test_nothing_that_a_child_started_outlives_it(tmp_path: Path) -> None:
    async with running(tmp_path, ESCAPE) as run:
        _, pids = await run.invoke()
        assert all(map(alive, pids))
        assert run.child is not None
        await run.child.kill()
        assert not any(map(alive, pids))
        assert await run.ended() == Ending(End.STOPPED)


async def test_nor_when_it_ends_by_itself(tmp_path: Path) -> None:
    async with running(tmp_path, ESCAPE) as run:
        run.work.put_nowait("exit")
        assert await run.ended() == Ending(End.EXITED, 0)
        pids = [int(text) for text in run.output.split()]
        assert len(pids) == 3
        assert not any(map(alive, pids))


async def test_nor_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    """The keeper sees the end of its standard input, which is all that a killed server leaves."""
    async with running(tmp_path, ESCAPE) as run:
        _, pids = await run.invoke()
        assert run.child is not None
        run.child._keeper.stdin.close()  # type: ignore[attr-defined]
        assert await gone(*pids)


async def test_a_bomb_of_forks_is_put_out(tmp_path: Path) -> None:
    source = "import os\n\ndef handle(event, context):\n    while True:\n        os.fork()\n"
    async with running(tmp_path, source) as run:
        run.work.put_nowait(None)
        assert (await run.ended()).how in (End.TOO_MANY_PROCESSES, End.OUT_OF_MEMORY)


async def test_a_child_that_floods_waits(tmp_path: Path) -> None:
    source = "def handle(event, context):\n    while True:\n        print('x' * 1000)\n"
    async with running(tmp_path, source) as run:
        run.work.put_nowait(None)
        async with asyncio.timeout(LIMIT_S):
            while len(run.output) < BURST_BYTES:  # noqa: ASYNC110 - what others do has no event
                await asyncio.sleep(0.01)
        assert run.child is not None
        begun, before = time.monotonic(), len(run.output)
        await asyncio.sleep(0.5)
        per_second = (len(run.output) - before) / (time.monotonic() - begun)
        # It would write hundreds of megabytes a second; the loop is as free as before.
        assert per_second < 16 * 1024 * 1024
        await run.child.kill()


async def test_what_was_written_before_an_answer_is_there_with_it(tmp_path: Path) -> None:
    source = "import sys\n\ndef handle(event, context):\n    print('x' * 50_000)\n    sys.stderr.write('last')\n"
    async with running(tmp_path, source) as run:
        for count in (1, 2, 3):
            await run.invoke()
            assert run.child is not None
            run.child.flush()
            assert len(run.output) == count * 50_005
            assert run.output.endswith(b"last")


async def test_a_request_that_is_too_large_is_told_without_its_body(tmp_path: Path) -> None:
    source = "def handle(event, context):\n    return 'x' * event\n"
    async with running(tmp_path, source) as run:
        assert await run.invoke(5) == ("response", "xxxxx")
        assert await run.invoke(2_000_000) == ("response", None)


async def test_memory_is_known(tmp_path: Path) -> None:
    async with running(tmp_path, "def handle(event, context):\n    return None\n") as run:
        await run.invoke()
        assert run.child is not None
        assert 5_000_000 < run.child.peak_memory_bytes() < 200_000_000


async def test_strangers_are_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not the child's user is closed; here the child itself is made one."""
    monkeypatch.setattr("hatobin.adapters.process_line._is_of", lambda peer, user_id: False)
    async with running(tmp_path, "def handle(event, context):\n    return None\n") as run:
        ending = await run.ended()
        assert ending.how in (End.EXITED, End.SIGNALLED)
        assert not run.ready.is_set()


def _reaches_python(user: str) -> bool:
    try:
        return subprocess.run([sys.executable, "-c", ""], user=user, capture_output=True, check=False).returncode == 0
    except PermissionError:
        return False


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
def test_a_user_who_cannot_run_the_interpreter_is_refused_at_once(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(0o700)
    (locked / "python").symlink_to("/bin/true")
    with pytest.raises(PermissionError):
        ChildProcesses(tmp_path / "functions", python=str(locked / "python"), user="nobody")


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
async def test_children_may_run_as_another_user(tmp_path: Path) -> None:
    source = """
import os

def handle(event, context):
    return [os.getuid(), os.getgroups(), os.access(event, os.R_OK)]
"""
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o600)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    if not _reaches_python("nobody"):
        pytest.skip(f"{sys.executable} lies where nobody else gets to")
    async with running(tmp_path, source, user="nobody") as run:
        found = await run.invoke(str(secret))
    assert found == ("response", [65534, [], False])
