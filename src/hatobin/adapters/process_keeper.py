"""The keeper of one child: a small program between the server and other people's code.

It is run as a script, by the child's interpreter, with nothing but the
standard library: `python -I -S process_keeper.py`. What is to be run comes as
one line of JSON on standard input, which then stays open for as long as the
server wants the child. When it ends, because the child is to be killed, or
because the server itself is gone, everything that the child has started is
killed. The kernel gives orphans to the keeper (PR_SET_CHILD_SUBREAPER), so
nothing gets away by starting a session of its own.

Standard output belongs to the child; what the keeper has to say goes to
standard error, a line of JSON each.

Refs: prctl(2), setrlimit(2), proc(5) (/proc/PID/task/TID/children, status).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import resource
import select
import signal
import time

LOOK_INTERVAL_MS = 50
"""Between two looks at memory and processes."""
MAX_PROCESSES = 1024
"""Processes and threads of one child (Lambda quotas: "Execution processes/threads")."""
MAX_OPEN_FILES = 1024
"""Lambda quotas: "File descriptors"."""
MAX_FILE_BYTES = 512 * 1024 * 1024
DATA_ALLOWANCE_BYTES = 512 * 1024 * 1024
"""What a process may allocate beyond its memory and not use: stacks of threads, arenas. More fails in the process."""
_KERNEL_LISTS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
_DEATH_SIGNAL = 1
_SUBREAPER = 36
_NO_NEW_PRIVILEGES = 38


def main() -> None:
    """Run what standard input says, and stay until it has ended."""
    spec = json.loads(_line())
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    pid = os.fork()
    if pid == 0:
        _become(spec, libc)
    _tell(pid=pid)
    _tell(**_watch(pid, spec["memory_bytes"]))


def _line() -> bytes:
    """Read up to the first line feed and not a byte further."""
    parts = bytearray()
    while (octet := os.read(0, 1)) not in (b"", b"\n"):
        parts += octet
    return bytes(parts)


def _tell(**facts: object) -> None:
    with contextlib.suppress(OSError):
        os.write(2, json.dumps(facts).encode() + b"\n")


def _become(spec: dict[str, object], libc: ctypes.CDLL) -> None:
    """Turn the fork into the child; never returns."""
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(1, 2)
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        memory_bytes = spec["memory_bytes"]
        assert isinstance(memory_bytes, int)
        for kind, limit in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
            (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
            (resource.RLIMIT_DATA, memory_bytes + DATA_ALLOWANCE_BYTES),
        ):
            resource.setrlimit(kind, (limit, limit))
        user = spec["user"]
        if isinstance(user, str) and user:
            entry = pwd.getpwnam(user)
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
            resource.setrlimit(resource.RLIMIT_NPROC, (MAX_PROCESSES, MAX_PROCESSES))
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)  # Of whoever kills the keeper first.
        os.umask(0o077)
        os.chdir(str(spec["folder"]))
        arguments, environment = spec["arguments"], spec["environment"]
        assert isinstance(arguments, list)
        assert isinstance(environment, dict)
        os.execve(arguments[0], arguments, environment)  # noqa: S606 - that is what it is for
    except BaseException as error:
        os.write(1, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(127)


def _watch(pid: int, memory_bytes: int) -> dict[str, object]:
    """Stay beside the child until it has ended or has to; give how."""
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    while True:
        ended = _reap(pid)
        reason: dict[str, object] | None = None
        if ended is not None:
            killed = os.WIFSIGNALED(ended)
            reason = {"signal": os.WTERMSIG(ended)} if killed else {"exit": os.waitstatus_to_exitcode(ended)}
        elif poll.poll(LOOK_INTERVAL_MS) and not os.read(0, 1):
            reason = {"stopped": True}
        else:
            family = _family()
            if sum(map(_threads, family)) > MAX_PROCESSES:
                reason = {"excess": "processes"}
            elif sum(map(_memory_bytes, family)) > memory_bytes:
                reason = {"excess": "memory"}
        if reason is not None:
            _kill_all(pid)
            return reason


def _reap(pid: int) -> int | None:
    """Take leave of whoever has ended; give the child's own status if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == 0:
                break
            if ended == pid:
                found = status
    return found


def _kill_all(pid: int) -> None:
    """Kill until nobody is left: first they are stopped, so that nobody forks while others die."""
    while True:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.killpg(pid, number)
            for one in _family():
                with contextlib.suppress(OSError):
                    os.kill(one, number)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _family() -> list[int]:
    """Give everybody below the keeper."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        for child in _children(waiting.pop()):
            found.append(child)
            waiting.append(child)
    return found


def _children(pid: int) -> list[int]:
    """Give the children of a process, those of all its threads."""
    if not _KERNEL_LISTS_CHILDREN:
        return [one for one, parent in _parents() if parent == pid]
    children: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                children += map(int, file.read().split())
    except OSError:
        pass  # It has gone meanwhile.
    return children


def _parents() -> list[tuple[int, int]]:
    """Give every process of the machine with its parent: slower, for kernels without CONFIG_PROC_CHILDREN."""
    found: list[tuple[int, int]] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    # The name in parentheses may hold anything; the parent is the second word behind it.
                    found.append((int(name), int(file.read().rpartition(")")[2].split()[1])))
            except (OSError, ValueError, IndexError):
                pass
    return found


def _threads(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def _memory_bytes(pid: int) -> int:
    """Give what a process holds of its own: what it shares with others by forking counts for each."""
    kilobytes = 0
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith(("RssAnon:", "RssShmem:")):
                    kilobytes += int(line.split()[1])
    except OSError:
        pass
    return kilobytes * 1024


if __name__ == "__main__":
    main()
