"""Postfix, alone and with OpenDKIM, as private instances that relay everything to the sink.

Postfix keeps its own limits as it is delivered; it writes no log, which
flatters it (a log costs it a sixth). OpenDKIM signs RSA-2048 relaxed/relaxed
through a unix socket: over TCP each message would wait 40 ms for a delayed ACK.

Refs: postconf(5), master(5), opendkim.conf(5).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import Skipped, closed_to_others, end, free_port, require, wait_for_port
from benchmarks.signing_key import DOMAIN, SELECTOR, records, write_key
from benchmarks.systems import Place, Running, System, first_line

_DAEMONS = ("/usr/lib/postfix/sbin", "/usr/libexec/postfix", "/usr/lib/postfix")
_SOCKET_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 20.0

# service, type, private, unprivileged, wakeup, maxproc, command: what a relay needs.
_SERVICES = """
pickup   unix n - n 60    1 pickup
cleanup  unix n - n -     0 cleanup
qmgr     unix n - n 300   1 qmgr
rewrite  unix - - n -     - trivial-rewrite
bounce   unix - - n -     0 bounce
defer    unix - - n -     0 bounce
trace    unix - - n -     0 bounce
verify   unix - - n -     1 verify
flush    unix n - n 1000? 0 flush
proxymap unix - - n -     - proxymap
smtp     unix - - n -     - smtp
relay    unix - - n -     - smtp
error    unix - - n -     - error
retry    unix - - n -     - error
showq    unix n - n -     - showq
anvil    unix - - n -     1 anvil
scache   unix - - n -     1 scache
"""


@contextmanager
def _postfix(place: Place, *, milter: Path | None) -> Iterator[Running]:
    version = _check(place.folder)
    folder, port = place.folder / "postfix", free_port()
    config = folder / "etc"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("etc", "spool", "data"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    (config / "main.cf").write_text(_main_cf(folder, place.sink_port, milter))
    (config / "master.cf").write_text(f"127.0.0.1:{port} inet n - n - - smtpd{_SERVICES}")
    try:
        _postfix_command(config, "start")
        wait_for_port(port)
        master = int((folder / "spool/pid/master.pid").read_text())
        yield Running(version, (master,), smtp=f"127.0.0.1:{port}")
    finally:
        _postfix_command(config, "stop", check=False)


def _check(folder: Path) -> str:
    """Give Postfix's version. Raises `Skipped` when a private instance cannot be run here."""
    require("postfix")
    if os.geteuid() != 0:
        raise Skipped("a private Postfix needs root")
    # Its daemons run as the user postfix and must reach the spool.
    if closed := closed_to_others(folder):
        raise Skipped(f"{closed} is closed to other users; give another folder with --work")
    return f"Postfix {first_line('postconf', '-d', '-h', 'mail_version')}"


def _main_cf(folder: Path, sink_port: int, milter: Path | None) -> str:
    daemons = next((path for path in _DAEMONS if Path(path, "smtpd").exists()), _DAEMONS[0])
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": folder / "spool",
        "data_directory": folder / "data",
        "daemon_directory": daemons,
        "command_directory": "/usr/sbin",
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "myhostname": "bench.example.com",
        "mydestination": "",
        "inet_interfaces": "loopback-only",
        "inet_protocols": "ipv4",
        "mynetworks": "127.0.0.0/8",
        "smtpd_relay_restrictions": "permit_mynetworks, reject",
        "relayhost": f"[127.0.0.1]:{sink_port}",
        "alias_maps": "",
        "local_recipient_maps": "",
        "smtp_tls_security_level": "none",
        "smtpd_tls_security_level": "none",
    }
    if milter is not None:
        settings["smtpd_milters"] = f"unix:{milter}"
        settings["milter_default_action"] = "tempfail"
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _postfix_command(config: Path, command: str, *, check: bool = True) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(config), command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_STOP_TIMEOUT_S,
        check=False,
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"postfix {command} failed: {done.stderr.strip()[-500:]}")


@contextmanager
def _opendkim(folder: Path) -> Iterator[tuple[Path, int, str]]:
    """Run the signing milter; give its socket, its process id and the value of its key record."""
    require("opendkim")
    home = folder / "opendkim"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    record = write_key(home / "key.pem")
    socket = home / "sock"
    settings = {
        "Syslog": "no",
        "UserID": "opendkim",
        "Socket": f"local:{socket}",
        "UMask": "000",
        "Mode": "s",
        "Canonicalization": "relaxed/relaxed",
        "SignatureAlgorithm": "rsa-sha256",
        "Domain": DOMAIN,
        "Selector": SELECTOR,
        "KeyFile": home / "key.pem",
        "InternalHosts": "127.0.0.1",
        "RequireSafeKeys": "no",
        "Background": "no",
    }
    (home / "opendkim.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    shutil.chown(home, "opendkim")
    shutil.chown(home / "key.pem", "opendkim")
    with (home / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            ["opendkim", "-f", "-x", str(home / "opendkim.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        deadline = time.monotonic() + _SOCKET_TIMEOUT_S
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"OpenDKIM did not start: {(home / 'stderr').read_text()[-500:]}")
            time.sleep(0.05)
        yield socket, process.pid, record
    finally:
        end(process)


@contextmanager
def _alone(place: Place) -> Iterator[Running]:
    with _postfix(place, milter=None) as running:
        yield running


@contextmanager
def _signing(place: Place) -> Iterator[Running]:
    _check(place.folder)
    with _opendkim(place.folder) as (socket, pid, record), _postfix(place, milter=socket) as running:
        milter = first_line("opendkim", "-V").rpartition(" ")[2]
        yield Running(
            version=f"{running.version}, OpenDKIM {milter}",
            roots=(*running.roots, pid),
            smtp=running.smtp,
            dkim=lambda: records(record),
        )


POSTFIX = System("postfix", _alone, signs=False)
POSTFIX_OPENDKIM = System("postfix_opendkim", _signing)
