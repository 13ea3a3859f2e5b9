"""S/MIME signatures judged by OpenSSL, and DKIM signatures over them by dkimpy, of mail that a real server sent."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.sending import send_raw, send_simple, submission, submit
from tests.interop.signatures import PublishedKeys, signatures
from tests.mail_certificates import Key, curve_key, issue, rsa_key
from tests.peers.smtp_sink import SmtpSink
from tests.programs import require_program
from tests.running import RunningServer

SET = "smime"
SENDERS: dict[str, Callable[[], Key]] = {"rsa@example.com": rsa_key, "curve@example.com": curve_key}


@pytest.fixture(scope="module")
def authority(relaying: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of two senders, brought by the command and associated; gives the authority that issued them."""
    ses = relaying.client("sesv2")
    ses.create_configuration_set(
        ConfigurationSetName=SET, MessageSecurityOptions={"SigningScheme": {"SmimeScheme": {}}}
    )
    folder = tmp_path_factory.mktemp("smime")
    for sender, key in SENDERS.items():
        issued = issue(sender, now=time.time(), key=key())
        files = {"cert": issued.certificate, "key": issued.key, "chain": issued.authority}
        for name, content in files.items():
            (folder / f"{sender}.{name}").write_bytes(content)
        options = [text for name in files for text in (f"--{name}", str(folder / f"{sender}.{name}"))]
        arn = relaying.command("certificate", "import", *options)["CertificateArn"]
        ses.associate_email_identity_certificate(EmailIdentity="example.com", FromAddress=sender, CertificateArn=arn)
    return folder / "rsa@example.com.chain"


def verified(data: bytes, authority: Path, program: str) -> bytes:
    """Let OpenSSL check the signature up to its authority; gives the part that is signed."""
    openssl = require_program("openssl")
    arguments = [str(openssl), program, "-verify", "-CAfile", str(authority), "-purpose", "smimesign"]
    done = subprocess.run(arguments, input=data, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def holds(data: bytes, server: RunningServer) -> None:
    found = signatures(data, PublishedKeys(server.command("dns", "example.com")))
    assert sorted(one.domain for one in found) == ["example.com", "hatobin.localhost"]
    assert all(one.holds for one in found)


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("program", ["smime", "cms"])
def test_openssl_and_dkimpy_say_yes(
    relaying: RunningServer, sink: SmtpSink, authority: Path, sender: str, program: str
) -> None:
    to = f"smime-{program}-{sender.partition('@')[0]}@example.net"
    send_simple(relaying, [to], "Grüße", FromEmailAddress=f"Ann <{sender}>", ConfigurationSetName=SET)
    received = sink.wait_for(to)
    assert received.message.get_content_type() == "multipart/signed"
    part = verified(received.data, authority, program)
    assert part.startswith(b"Content-Type: text/plain")
    assert b"Hello." in part
    holds(received.data, relaying)


def test_a_change_is_noticed(relaying: RunningServer, sink: SmtpSink, authority: Path) -> None:
    to = "smime-changed@example.net"
    send_simple(relaying, [to], FromEmailAddress="rsa@example.com", ConfigurationSetName=SET)
    data = sink.wait_for(to).data
    with pytest.raises(AssertionError, match="verification failure"):
        verified(data.replace(b"Hello.", b"Hullo."), authority, "cms")


_BODIES = {
    "attachment": b"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\nHi\r\n--b\r\n"
    b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\nend",
    "eight-bit": b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + "Grüße, 鳩\r\n".encode(),
    "white-space": b"Content-Type: text/plain\r\n\r\n \t \r\n.\r\n..dots  \r\nFrom here \r\n\r\n\r\n\r\n",
    "empty": b"Content-Type: text/plain\r\n\r\n",
    "no-line-end": b"Content-Type: text/plain\r\n\r\nHello",
    "bare-lf": b"Content-Type: text/plain\n\nHello\nAgain\n",
    "untyped": b"\r\nHello\r\n",
}


@pytest.mark.parametrize("name", _BODIES)
def test_bodies_of_all_kinds_hold(relaying: RunningServer, sink: SmtpSink, authority: Path, name: str) -> None:
    to = f"smime-{name}@example.net"
    head = f"From: rsa@example.com\r\nTo: {to}\r\nSubject: x\r\nX-SES-CONFIGURATION-SET: {SET}\r\n".encode()
    send_raw(relaying, head + _BODIES[name], [to])
    data = sink.wait_for(to).data
    verified(data, authority, "cms")
    holds(data, relaying)


@pytest.mark.parametrize("size", [200_000, 6_000_000], ids=["stored", "streamed"])
def test_large_mail_by_smtp_holds(relaying: RunningServer, sink: SmtpSink, authority: Path, size: int) -> None:
    to = f"smime-{size}@example.net"
    head = f"From: rsa@example.com\r\nTo: {to}\r\nSubject: x\r\nX-SES-CONFIGURATION-SET: {SET}\r\n"
    line = "A line of a large message.\r\n"
    text = f"{head}MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n{line * (size // len(line))}"
    with submission(relaying) as session:
        assert submit(session, "rsa@example.com", [to], text.encode()).startswith("250")
    data = sink.wait_for(to).data
    assert line.encode() * (size // len(line)) in verified(data, authority, "cms")
    holds(data, relaying)


def test_command_lists_and_keeps_what_is_used(relaying: RunningServer, authority: Path) -> None:
    listed = {one["Addresses"][0]: one["CertificateArn"] for one in relaying.command("certificate", "list")}
    assert set(SENDERS) <= set(listed)
    shown = relaying.client("sesv2").list_email_identity_certificates(EmailIdentity="example.com")["Certificates"]
    assert {one["FromAddress"]: one["CertificateArn"] for one in shown} == {name: listed[name] for name in SENDERS}
    assert {one["Status"] for one in shown} == {"ACTIVE"}
