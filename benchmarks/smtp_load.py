"""Load by SMTP: N equal messages over a few sessions, each used again and again.

Postfix's smtp-source in clear text; where a session begins with STARTTLS and
AUTH, which it does not know, `benchmarks.smtp_sessions`. Both are processes of
their own, so their CPU time is theirs.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Invalid
from benchmarks.processes import require

SENDER, RECIPIENT = "sender@example.com", "r@example.net"


class _ProgramLoad:
    """One bounded run of a program: it ends when every message was answered with 250, or at the first refusal."""

    def __init__(self, command: Sequence[str], *, messages: int) -> None:
        self._command = command
        self.messages = messages
        self.latencies_s: list[float] = []
        self.answered = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: select.poll | None = None
        self._descriptor = -1
        self._cpu_s = 0.0

    def prepare(self) -> None:
        """Nothing has to be there before."""

    def start(self) -> None:
        """Begin to send."""
        self._run()

    def _run(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=_ROOT
        )
        self._process = process
        self._descriptor = os.pidfd_open(process.pid)
        self._ended = select.poll()
        self._ended.register(self._descriptor, select.POLLIN)
        return process

    def step(self, timeout_s: float) -> bool:
        """Wait a moment; True once all messages are accepted. Raises `Invalid` when one was not."""
        process, ended = self._process, self._ended
        assert process is not None, "started"
        assert ended is not None, "started"
        if not ended.poll(timeout_s * 1000):
            return False
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self._cpu_s += usage.ru_utime + usage.ru_stime
        if process.returncode != 0:
            assert process.stderr is not None, "it is a pipe"
            said = process.stderr.read().decode(errors="replace").strip()[-300:]
            raise Invalid(f"the load's program gave up: {said}")
        self.answered = self.messages
        return True

    def cpu_s(self) -> float:
        """CPU seconds that the generator took, once it has ended."""
        return self._cpu_s

    def close(self) -> None:
        """End what still runs."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class SmtpLoad(_ProgramLoad):
    """smtp-source, in clear text and without a login."""

    def __init__(self, address: str, *, messages: int, sessions: int, size_bytes: int, sender: str = SENDER) -> None:
        super().__init__(
            [
                require("smtp-source"),
                *("-s", str(min(sessions, messages))),
                *("-m", str(messages)),
                *("-l", str(size_bytes)),
                "-d",  # do not disconnect after a message
                *("-f", sender),
                *("-t", RECIPIENT),
                address,
            ],
            messages=messages,
        )


class SecureSmtpLoad(_ProgramLoad):
    """`benchmarks.smtp_sessions`: each session begins with STARTTLS and AUTH, and the clock runs meanwhile."""

    def __init__(self, address: str, login: tuple[str, str], *, messages: int, sessions: int, size_bytes: int) -> None:
        arguments = [address, *login, str(messages), str(min(sessions, messages)), str(size_bytes)]
        super().__init__([sys.executable, "-m", "benchmarks.smtp_sessions", *arguments], messages=messages)

    def prepare(self) -> None:
        """Load the program; it says that it waits."""
        process = self._run()
        assert process.stdout is not None, "it is a pipe"
        process.stdout.readline()

    def start(self) -> None:
        """Tell it to go."""
        assert self._process is not None, "prepared"
        assert self._process.stdin is not None, "it is a pipe"
        try:
            self._process.stdin.write(b"go\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended already, and `step` says what it said.


_ROOT = Path(__file__).resolve().parents[1]
