"""Haraka with haraka-plugin-dkim, as a private instance that relays everything to the sink through its own queue.

Two worker processes, one for each core of a small machine: with one it was a
third slower. It writes each message to its queue and fsyncs it, as the others
do; it has no connection reuse towards the receiver (its pool was removed).

Refs: Haraka's config/smtp.ini, outbound.ini, plugins; haraka-plugin-dkim's dkim.ini.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import Skipped, end, free_port, require, wait_for_port
from benchmarks.signing_key import DOMAIN, SELECTOR, records, write_key
from benchmarks.systems import Place, Running, System, first_line

NODES = 2
CONCURRENCY = 100
_START_TIMEOUT_S = 30.0


@contextmanager
def _haraka(place: Place) -> Iterator[Running]:
    program = require("haraka", brought_by="scripts/bench-services, which needs npm")
    modules = Path(program).resolve().parents[2]
    if not (modules / "haraka-plugin-dkim").is_dir():
        raise Skipped("haraka-plugin-dkim is not beside Haraka (scripts/bench-services)")
    home, port = place.folder / "haraka", free_port()
    shutil.rmtree(home, ignore_errors=True)
    signing = home / "config/dkim" / DOMAIN
    for folder in (signing, home / "plugins", home / "queue"):
        folder.mkdir(parents=True)
    # It looks for plugins that are packages of their own beside the instance.
    (home / "node_modules").symlink_to(modules)
    # It reads this one from the instance only, and fails without it.
    shutil.copy(modules / "Haraka/config/connection.ini", home / "config")
    record = write_key(signing / "private")
    (signing / "selector").write_text(f"{SELECTOR}\n")
    for name, text in _configuration(port, place.sink_port).items():
        (home / "config" / name).write_text(text)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([program, "-c", str(home)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for_port(port, process, timeout_s=_START_TIMEOUT_S)
        version = f"Haraka {first_line('node', '-p', _version_of(modules / 'Haraka'))}"
        yield Running(version, (process.pid,), smtp=f"127.0.0.1:{port}", dkim=lambda: records(record))
    finally:
        end(process)


def _version_of(package: Path) -> str:
    return f"require({str(package / 'package.json')!r}).version"


def _configuration(port: int, sink_port: int) -> dict[str, str]:
    to_sink = f'{{"action":"continue","nexthop":"127.0.0.1:{sink_port}"}}'
    return {
        "smtp.ini": f"listen=127.0.0.1:{port}\nnodes={NODES}\n",
        "plugins": "relay\ndkim\n",
        "outbound.ini": f"concurrency_max={CONCURRENCY}\nlocal_mx_ok=true\nalways_split=false\nenable_tls=false\n",
        "relay.ini": "[relay]\nacl=true\nforce_routing=true\ndest_domains=true\n",
        "relay_acl_allow": "127.0.0.0/8\n",
        "relay_dest_domains.ini": f"[domains]\nany = {to_sink}\n",
        "dkim.ini": (
            f"[sign]\nenabled=true\ndomain={DOMAIN}\nselector={SELECTOR}\n"
            "headers=From,To,Date,Subject,Message-ID\n[verify]\nenabled=false\n"
        ),
        "loglevel": "LOGERROR\n",
        "log.ini": "[main]\nlevel=ERROR\n",
        "me": "bench.example.com\n",
        "host_list": "bench.example.com\n",
    }


HARAKA_DKIM = System("haraka_dkim", _haraka)
