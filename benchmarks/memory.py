"""`python -m benchmarks.memory`: how much resident memory large messages by SMTP cost the server.

Several clients send a message of many megabytes each, all at once, to a
server that delivers to smtp-sink (or keeps for its inbox). While they do, and
until everything is delivered, the resident memory of the server is looked at
fifty times a second.
"""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.hatobin_server import Serving, Variant, default_work, hatobin
from benchmarks.measuring import Arrivals
from benchmarks.processes import free_port, resident_bytes
from benchmarks.sink import running_sink
from benchmarks.smtp_load import RECIPIENT, SENDER
from benchmarks.systems import Place

MEGABYTE = 1_000_000
_TIMEOUT_S = 240.0
_LOOK_S = 0.02
_CHUNK_BYTES = 256 * 1024
_LINE_OCTETS = 57
"""Octets in a base64 line of 76 characters (RFC 2045 §6.8)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Resident memory of the server in bytes: before the load, at most, and after it; how long all took."""

    before: int
    peak: int
    after: int
    accepted_after_s: float
    delivered_after_s: float

    @property
    def extra(self) -> int:
        """What the load cost at most."""
        return self.peak - self.before


def large_message(size_bytes: int) -> bytes:
    """Write a message with one attachment in base64, a little smaller than `size_bytes`."""
    head = (
        f"From: {SENDER}\r\nTo: {RECIPIENT}\r\nSubject: large\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    tail = b"--b--\r\n"
    line = base64.b64encode(bytes(range(_LINE_OCTETS))) + b"\r\n"
    return head + line * ((size_bytes - len(head) - len(tail)) // len(line)) + tail


def send(address: str, content: bytes) -> str:
    """Submit one message by SMTP without TLS and AUTH, and give the reply to its final dot."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), _TIMEOUT_S) as connection:
        replies = connection.makefile("rb")
        replies.readline()
        for command in ("HELO client.example.com", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>", "DATA"):
            connection.sendall(command.encode() + b"\r\n")
            replies.readline()
        for start in range(0, len(content), _CHUNK_BYTES):
            connection.sendall(content[start : start + _CHUNK_BYTES])
        connection.sendall(b".\r\n")
        return replies.readline().decode().strip()


class _Watch:
    """Looks at processes again and again, from a thread of its own."""

    def __init__(self, roots: tuple[int, ...]) -> None:
        self._roots = roots
        self._over = threading.Event()
        self.peak = 0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_S):
            self.peak = max(self.peak, resident_bytes(self._roots))

    def stop(self) -> int:
        """Give the highest value."""
        self._over.set()
        self._thread.join()
        return self.peak


def measure(work: Path, *, mode: str, clients: int, size_bytes: int) -> Figures:
    """Let `clients` send at once and wait for all deliveries. Raises `RuntimeError` where one is refused."""
    with ExitStack() as resources:
        port = free_port()
        sink = resources.enter_context(running_sink(port, work))
        place = Place(work, port if mode == "relay" else 0)
        server = resources.enter_context(hatobin("hatobin", Serving(), Variant(mode=mode)).start(place))
        arrivals: Arrivals = sink if server.kept is None else server.kept
        send(server.smtp, large_message(10_000))
        _wait(lambda: arrivals.count() == 1)
        before, content, answers = resident_bytes(server.roots), large_message(size_bytes), list[str]()
        watch, begun = _Watch(server.roots), time.monotonic()
        threads = [
            threading.Thread(target=lambda: answers.append(send(server.smtp, content)), daemon=True)
            for _ in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_TIMEOUT_S)
        accepted_after_s = time.monotonic() - begun
        if refused := [answer for answer in answers if not answer.startswith("250 ")]:
            raise RuntimeError(f"refused: {refused[0]}")
        _wait(lambda: arrivals.count() == 1 + clients)
        delivered_after_s = time.monotonic() - begun
        return Figures(before, watch.stop(), resident_bytes(server.roots), accepted_after_s, delivered_after_s)


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not everything was delivered within {_TIMEOUT_S:g} s")
        time.sleep(0.05)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--clients", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--megabytes", type=click.FloatRange(0.1, 41.0), default=40.0, show_default=True)
@click.option("--mode", "modes", type=click.Choice(["relay", "mailbox"]), multiple=True, default=("relay", "mailbox"))
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), default=default_work)
def main(clients: int, megabytes: float, modes: tuple[str, ...], work: Path) -> None:
    """Print the server's resident memory before, while and after large messages come by SMTP, as Markdown."""
    work.mkdir(parents=True, exist_ok=True)
    click.echo(f"{clients} messages of {megabytes:g} MB at once, in MB of resident memory\n")
    click.echo(
        "| mode | before | peak | extra | after | accepted, s | delivered, s |\n|---|---:|---:|---:|---:|---:|---:|"
    )
    for mode in modes:
        found = measure(work, mode=mode, clients=clients, size_bytes=int(megabytes * MEGABYTE))
        sizes = " | ".join(f"{size / MEGABYTE:.0f}" for size in (found.before, found.peak, found.extra, found.after))
        click.echo(f"| {mode} | {sizes} | {found.accepted_after_s:.1f} | {found.delivered_after_s:.1f} |")


if __name__ == "__main__":
    main()
