"""Load by SMTP: Postfix's smtp-source sends N equal messages over a few sessions, each used again and again."""

from __future__ import annotations

import os
import select
import subprocess

from benchmarks.measuring import Invalid
from benchmarks.processes import require

SENDER, RECIPIENT = "sender@example.com", "r@example.net"


class SmtpLoad:
    """One bounded run of smtp-source: it ends when every message was answered with 250, or at the first refusal."""

    def __init__(self, address: str, *, messages: int, sessions: int, size_bytes: int) -> None:
        self._command = [
            require("smtp-source"),
            *("-s", str(min(sessions, messages))),
            *("-m", str(messages)),
            *("-l", str(size_bytes)),
            "-d",  # do not disconnect after a message
            *("-f", SENDER),
            *("-t", RECIPIENT),
            address,
        ]
        self.messages = messages
        self.latencies_s: list[float] = []
        self.answered = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: select.poll | None = None
        self._descriptor = -1
        self._cpu_s = 0.0

    def start(self) -> None:
        """Begin to send."""
        process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._process = process
        self._descriptor = os.pidfd_open(process.pid)
        self._ended = select.poll()
        self._ended.register(self._descriptor, select.POLLIN)

    def step(self, timeout_s: float) -> bool:
        """Wait a moment; True once all messages are accepted. Raises `Invalid` when one was not."""
        process, ended = self._process, self._ended
        assert process is not None, "started"
        assert ended is not None, "started"
        if not ended.poll(timeout_s * 1000):
            return False
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self._cpu_s = usage.ru_utime + usage.ru_stime
        if process.returncode != 0:
            assert process.stderr is not None, "it is a pipe"
            raise Invalid(f"smtp-source gave up: {process.stderr.read().decode(errors='replace').strip()[-300:]}")
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
        if process.stderr is not None:
            process.stderr.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
