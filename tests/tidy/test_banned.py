"""Ask for the world: time, chance, disk and network come through ports, below `app` and beside `adapters`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.tidy.source import Module, complaint, imports, modules

ALLOWED_FOLDERS = ("src/hatobin/adapters/", "src/hatobin/app/")
PURE_FOLDERS = ("src/hatobin/words/", "src/hatobin/protocols/")

# Full names that must not be used; a module bans all that is in it.
BANNED = {
    "datetime.datetime.now": "clock",
    "datetime.datetime.utcnow": "clock",
    "datetime.datetime.today": "clock",
    "datetime.date.today": "clock",
    "time.time": "clock",
    "time.time_ns": "clock",
    "time.monotonic": "clock",
    "time.monotonic_ns": "clock",
    "time.perf_counter": "clock",
    "time.perf_counter_ns": "clock",
    "time.sleep": "clock",
    "asyncio.sleep": "clock",
    "asyncio.timeout": "clock",
    "asyncio.timeout_at": "clock",
    "asyncio.wait_for": "clock",
    "email.utils.localtime": "clock",
    "email.utils.make_msgid": "clock and entropy",
    "random": "entropy",
    "secrets": "entropy",
    "uuid.uuid1": "entropy",
    "uuid.uuid4": "entropy",
    "os.urandom": "entropy",
    "os.environ": "settings",
    "os.getenv": "settings",
    "socket": "network",
    "asyncio.open_connection": "network",
    "threading": "threads",
    "concurrent": "threads",
    "multiprocessing": "threads",
    "asyncio.to_thread": "threads",
    "subprocess": "nothing: start no processes",
}
# Banned only without their last argument: then they read the clock.
READS_CLOCK_BELOW = {
    "time.gmtime": 1,
    "time.localtime": 1,
    "time.ctime": 1,
    "time.strftime": 2,
    "email.utils.formatdate": 1,
}
# Methods of the event loop, told apart from the clock port's by the receiver's name.
LOOP_METHODS = {"time": "clock", "call_later": "clock", "call_at": "clock", "run_in_executor": "threads"}
PURE_BUILTINS = {"open", "print", "input"}


def _is_banned(name: str) -> str | None:
    """The port to ask instead, or None."""
    while name:
        if name in BANNED:
            return BANNED[name]
        name = name.rpartition(".")[0]
    return None


def _full_name(node: ast.expr, known: dict[str, str]) -> str | None:
    """`dt.datetime.now` as imported: a dotted chain whose first name an import bound."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        base = _full_name(node.value, known)
        return f"{base}.{node.attr}" if base else None
    return None


def _is_loop(node: ast.expr) -> bool:
    text = ast.unparse(node)
    return text.endswith(("loop", "get_running_loop()", "get_event_loop()"))


def banned_uses(module: Module, *, pure: bool) -> Iterator[tuple[int, str, str]]:
    """Line, what is used, and which port to ask instead."""
    known: dict[str, str] = {}
    for found in imports(module):
        known[found.local] = found.bound
        if port := _is_banned(found.target):
            yield found.line, found.target, port
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            name = _full_name(node, known)
            if name and (port := BANNED.get(name)):
                yield node.lineno, name, port
            elif node.attr in LOOP_METHODS and _is_loop(node.value):
                yield node.lineno, f"loop.{node.attr}", LOOP_METHODS[node.attr]
        elif isinstance(node, ast.Call):
            name = _full_name(node.func, known) or ""
            if len(node.args) < READS_CLOCK_BELOW.get(name, 0):
                yield node.lineno, f"{name}() of now", "clock"
            if pure and isinstance(node.func, ast.Name) and node.func.id in PURE_BUILTINS:
                yield node.lineno, f"{node.func.id}()", "nothing: words and protocols do no I/O"


def test_the_world_is_asked_through_ports() -> None:
    places = sorted(
        f"{module.path}:{line} {name}; ask {port}"
        for module in modules("src")
        if not module.path.startswith(ALLOWED_FOLDERS)
        for line, name, port in set(banned_uses(module, pure=module.path.startswith(PURE_FOLDERS)))
    )
    assert not places, complaint("time, chance, environment, network or threads are used directly", places)


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime as dt\ndt.datetime.utcnow()",
        "import time\ntime.monotonic()",
        "from time import time as clock",
        "import time\nkeep = time.time",
        "import time\ntime.gmtime()",
        "import asyncio\nasync def f(): await asyncio.sleep(1)",
        "import asyncio\nasyncio.get_running_loop().call_later(1, print)",
        "def f(self): return self._loop.time()",
        "def f():\n    import random",
        "from random import choice",
        "import uuid\nuuid.uuid4()",
        "import os\nos.environ['X']",
        "import os.path\nos.urandom(1)",
        "import concurrent.futures",
        "open('x')",
    ],
)
def test_direct_use_is_found(text: str) -> None:
    assert list(banned_uses(Module("x.py", "x", text), pure=True))


@pytest.mark.parametrize(
    "text",
    [
        "def f(clock, x): return clock.call_later(1, x), clock.time(), clock.sleep(1)",
        "import time\ntime.gmtime(1.0)",
        "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)",
        "import uuid\nuuid.uuid5(uuid.NAMESPACE_DNS, 'a')",
        "import os\nos.path.join('a', 'b')",
        "def f(random): return random.choice",
    ],
)
def test_pure_use_is_left_alone(text: str) -> None:
    assert not list(banned_uses(Module("x.py", "x", text), pure=True))
