"""dnsmasq on loopback, serving the zones of a test and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import dns.exception
import dns.resolver

from tests.peers.ports import free_port
from tests.programs import require_program

_START_TIMEOUT_S = 10.0
_MARK = "ready.hatobin-test.example"


class DnsServer:
    """A real DNS server. `publish` adds records, as an operator would type them into a zone."""

    def __init__(self) -> None:
        self._program = require_program("dnsmasq")
        self._resources = ExitStack()
        self._folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="hatobin-dns-")))
        self._folder.chmod(0o755)
        self._port = free_port(socket.SOCK_DGRAM)
        self._records: list[tuple[str, str, str]] = [(_MARK, "TXT", "0")]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it answers, as `delivery.resolvers` wants it."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> DnsServer:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._resources.close()

    def publish(self, *records: tuple[str, str, str] | Mapping[str, str]) -> None:
        """Add records (name, type, value), or as `hatobin dns --json` prints them; answered when this returns."""
        for record in records:
            if isinstance(record, Mapping):
                record = (record["name"], record["type"], record["value"])
            self._records.append(record)
        self._stop()
        self._start()

    def lookup(self, name: str, kind: str, *, timeout_s: float = 5.0) -> list[str]:
        """Ask it, with a client that is not ours; [] when there is no such record."""
        try:
            found = self._resolver().resolve(name, kind, search=False, lifetime=timeout_s)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        if kind == "TXT":
            return [b"".join(record.strings).decode() for record in found]
        return [record.to_text() for record in found]

    def dkim_lookup(self, name: bytes, timeout: float = 5) -> bytes | None:
        """Answer dkimpy's question for a key."""
        found = self.lookup(name.decode(), "TXT")
        return found[0].encode() if found else None

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self._port
        return resolver

    def _start(self) -> None:
        mark = str(len(self._records))
        self._records[0] = (_MARK, "TXT", mark)
        configuration = self._folder / "dnsmasq.conf"
        configuration.write_text("\n".join(_lines(self._port, self._records)) + "\n")
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, f"--conf-file={configuration}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                if self.lookup(_MARK, "TXT", timeout_s=0.2) == [mark]:
                    return
            except (dns.resolver.NoNameservers, dns.exception.Timeout, OSError):
                pass
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"dnsmasq does not answer:\n{(self._folder / 'log.txt').read_text()}")
            time.sleep(0.02)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


def _lines(port: int, records: Iterable[tuple[str, str, str]]) -> Iterable[str]:
    yield from (f"port={port}", "listen-address=127.0.0.1", "bind-interfaces", "keep-in-foreground")
    yield from ("no-resolv", "no-hosts", "cache-size=0", "log-facility=-", "local=/#/", "pid-file=")
    if os.geteuid() == 0:
        yield from ("user=root", "group=root")
    for name, kind, value in dict.fromkeys(records):
        match kind:
            case "A" | "AAAA":
                yield f"host-record={name},{value}"
            case "CNAME":
                yield f"cname={name},{value}"
            case "MX":
                preference, host = value.split()
                yield f"mx-host={name},{host.rstrip('.')},{preference}"
            case "TXT":
                escaped = value.replace("\\", "\\\\").replace('"', '\\"')
                parts = [escaped[start : start + 250] for start in range(0, len(escaped), 250)]
                yield f"txt-record={name}," + ",".join(f'"{part}"' for part in parts)
            case _:
                raise ValueError(f"no way to write a record of type {kind}")
