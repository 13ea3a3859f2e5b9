"""SMTP programs and libraries that people send with, each made to send one given message.

Every client verifies the server's certificate with the local authority, logs
in with the mechanism it is told, and gives back the server's final reply.
"""

from __future__ import annotations

import json
import os
import re
import smtplib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.programs import find_program, require_program
from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer, smtp_password


@dataclass(frozen=True, slots=True)
class Errand:
    """What a client is to send, and how."""

    server: RunningServer
    implicit_tls: bool
    mechanism: str
    sender: str
    recipients: tuple[str, ...]
    data: bytes

    @property
    def port(self) -> int:
        """The port of the submission listener to use."""
        return self.server.port("submission_tls" if self.implicit_tls else "submission")

    @property
    def password(self) -> str:
        """The SMTP password of the first key."""
        return smtp_password(SECRET, REGION)


Client = Callable[[Errand, Path], str]


def by_smtplib(errand: Errand, folder: Path) -> str:
    """Python's own client."""
    context = errand.server.tls_context()
    session: smtplib.SMTP
    if errand.implicit_tls:
        session = smtplib.SMTP_SSL("localhost", errand.port, context=context, timeout=30)
    else:
        session = smtplib.SMTP("localhost", errand.port, timeout=30)
        session.starttls(context=context)
    with session:
        session.ehlo()
        session.user, session.password = ACCESS_KEY_ID, errand.password
        session.auth(errand.mechanism, session.auth_plain if errand.mechanism == "PLAIN" else session.auth_login)
        session.mail(errand.sender)
        for recipient in errand.recipients:
            session.rcpt(recipient)
        code, text = session.data(errand.data)
    return f"{code} {text.decode()}"


def by_swaks(errand: Errand, folder: Path) -> str:
    """Swiss Army Knife SMTP."""
    (folder / "message.eml").write_bytes(errand.data.replace(b"\r\n", b"\n"))
    command = [
        *(require_program("swaks"), "--server", "localhost", "--port", str(errand.port)),
        *("--tls-on-connect" if errand.implicit_tls else "--tls", "--tls-verify", "--tls-ca-path", errand.server.ca),
        *("--auth", errand.mechanism, "--auth-user", ACCESS_KEY_ID, "--auth-password", errand.password),
        *("--from", errand.sender, "--to", ",".join(errand.recipients), "--ehlo", "client.example"),
        *("--data", f"@{folder / 'message.eml'}", "--timeout", "30s"),
    ]
    return _last_250(_run(command))


def by_curl(errand: Errand, folder: Path) -> str:
    """curl, which many shell scripts send with."""
    (folder / "message.eml").write_bytes(errand.data)
    scheme = "smtps" if errand.implicit_tls else "smtp"
    command: list[str | Path] = [
        *(_optional("curl"), "--url", f"{scheme}://localhost:{errand.port}/client.example", "--ssl-reqd"),
        *("--cacert", errand.server.ca, "--user", f"{ACCESS_KEY_ID}:{errand.password}"),
        *("--login-options", f"AUTH={errand.mechanism}", "--mail-from", errand.sender, "--max-time", "30"),
        *("--upload-file", folder / "message.eml", "--silent", "--verbose"),
    ]
    for recipient in errand.recipients:
        command += ["--mail-rcpt", recipient]
    return _last_250(_run(command))


def by_msmtp(errand: Errand, folder: Path) -> str:
    """msmtp, the sendmail of laptops."""
    (folder / "message.eml").write_bytes(errand.data)
    command: list[str | Path] = [
        *(_optional("msmtp"), "--debug", "--host=localhost", f"--port={errand.port}", "--tls=on"),
        *(f"--tls-starttls={'off' if errand.implicit_tls else 'on'}", f"--tls-trust-file={errand.server.ca}"),
        *(f"--auth={errand.mechanism.lower()}", f"--user={ACCESS_KEY_ID}", f"--from={errand.sender}"),
        *(f"--passwordeval=echo {errand.password}", "--timeout=30", "--", *errand.recipients),
    ]
    return _last_250(_run(command, stdin=folder / "message.eml"))


_NODEMAILER = """
const [settings, envelope, path] = process.argv.slice(1).map(t => JSON.parse(t));
settings.tls = {ca: [require('fs').readFileSync(settings.ca)]};
const transport = require('nodemailer').createTransport(settings);
transport.sendMail({envelope, raw: require('fs').readFileSync(path)})
  .then(info => { console.log('<- ' + info.response); transport.close(); })
  .catch(error => { console.error(error); process.exit(1); });
"""


def by_nodemailer(errand: Errand, folder: Path) -> str:
    """nodemailer's SMTP transport, where node finds the package without installing it."""
    node = _optional("node")
    if subprocess.run([node, "-e", "require.resolve('nodemailer')"], capture_output=True, timeout=30).returncode != 0:
        pytest.skip("node has no package nodemailer")
    (folder / "message.eml").write_bytes(errand.data)
    settings = {
        "host": "localhost",
        "port": errand.port,
        "secure": errand.implicit_tls,
        "requireTLS": True,
        "ca": str(errand.server.ca),
        "authMethod": errand.mechanism,
        "auth": {"user": ACCESS_KEY_ID, "pass": errand.password},
    }
    envelope = {"from": errand.sender, "to": errand.recipients}
    values = [json.dumps(value) for value in (settings, envelope, str(folder / "message.eml"))]
    return _last_250(_run([node, "-e", _NODEMAILER, *values]))


CLIENTS: dict[str, Client] = {
    "smtplib": by_smtplib,
    "swaks": by_swaks,
    "curl": by_curl,
    "msmtp": by_msmtp,
    "nodemailer": by_nodemailer,
}


def _optional(name: str) -> Path:
    """Give a program that is used where it happens to be; nothing installs it for these tests."""
    found = find_program(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _run(command: list[str | Path], *, stdin: Path | None = None) -> str:
    with (stdin or Path(os.devnull)).open("rb") as source:
        done = subprocess.run(command, stdin=source, capture_output=True, timeout=60)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, said
    return said


def _last_250(said: str) -> str:
    """Find the reply to the content in a client's transcript."""
    found = re.findall(r"^[<~\-\s*]*(250 Ok \S+)", said, re.MULTILINE)
    assert found, said
    reply: str = found[-1]
    return reply
