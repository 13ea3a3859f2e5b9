"""A private Postfix: its own folders, its own port, mailboxes as files. The system's is never touched."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import pytest

from tests.peers.certificates import self_signed
from tests.peers.ports import free_port
from tests.programs import require_program

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = {host}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
local_transport = error:no local mail here
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_received_header = yes
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
smtp unix - - n - - smtp
showq unix n - n - - showq
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_START_TIMEOUT_S = 20.0


class Postfix:
    """Receives mail for the mailboxes of one domain, with STARTTLS. Needs root, as Postfix itself does."""

    def __init__(self, domain: str, *mailboxes: str, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are further lines of main.cf; in their values "{folder}" is this Postfix's own folder."""
        self._program = require_program("postfix")
        if os.geteuid() != 0:
            pytest.skip("Postfix wants to be started by root")
        self._domain = domain
        self._mailboxes = mailboxes
        self._settings = dict(settings or {})
        self._resources = ExitStack()
        self.host = f"mx1.{domain}"
        self.port = free_port()

    def __enter__(self) -> Postfix:
        self._folder = Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="hatobin-postfix-")))
        try:
            self._configure()
            self._postfix("start")
            self._resources.callback(self._postfix, "stop")
            self._wait_for_start()
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(f"Postfix said:\n{self.log()[-3000:]}")
        self._resources.close()

    def log(self) -> str:
        """What Postfix says."""
        path = self._folder / "maillog"
        return path.read_text(errors="replace") if path.exists() else ""

    def queued(self) -> list[str]:
        """Give the queue ids that `postqueue` shows."""
        done = subprocess.run(
            [self._program.with_name("postqueue"), "-c", self._folder / "etc", "-j"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        return [line for line in done.stdout.splitlines() if line.startswith("{")]

    def delivered(self, mailbox: str) -> list[bytes]:
        """Give the messages in a mailbox, as they lie in its files, oldest first."""
        files = (self._folder / "mail" / mailbox / "new").glob("*")
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.stat().st_mtime_ns)]

    def wait_for(self, mailbox: str, *, count: int = 1, timeout_s: float = 30.0) -> list[bytes]:
        """Wait for mail and give it."""
        deadline = time.monotonic() + timeout_s
        while len(found := self.delivered(mailbox)) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(found)} of {count} in mailbox {mailbox}; Postfix:\n{self.log()[-3000:]}")
            time.sleep(0.05)
        return found

    def _configure(self) -> None:
        folder = self._folder
        folder.chmod(0o755)
        for name in ("etc", "spool", "data", "mail"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        owner = os.stat(folder / "data").st_uid
        shutil.chown(folder / "mail", owner)
        shown = self_signed(folder, self.host)
        values = {"folder": folder, "host": self.host, "domain": self._domain, "uid": owner, "gid": _group_of(owner)}
        lines = _MAIN.format(**values, certificate=shown.certificate, key=shown.key).splitlines()
        chosen = {name: text.replace("{folder}", str(folder)) for name, text in self._settings.items()}
        kept = [line for line in lines if line.partition(" =")[0] not in chosen]
        kept += [f"{name} = {text}" for name, text in chosen.items()]
        (folder / "etc" / "main.cf").write_text("\n".join(kept) + "\n")
        (folder / "etc" / "master.cf").write_text(_MASTER.format(port=self.port))
        boxes = "".join(f"{mailbox}@{self._domain} {mailbox}/\n" for mailbox in self._mailboxes)
        (folder / "etc" / "mailboxes").write_text(boxes)

    def _postfix(self, verb: str) -> None:
        done = subprocess.run(
            [self._program, "-c", self._folder / "etc", verb], capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            raise AssertionError(f"postfix {verb}: {done.stderr}\n{self.log()}")

    def _wait_for_start(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                    if probe.recv(100).startswith(b"220"):
                        return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"Postfix does not answer:\n{self.log()}")
            time.sleep(0.05)


def _group_of(uid: int) -> int:
    return pwd.getpwuid(uid).pw_gid
