"""Sample 5: a domain signs with a key of its owner (BYODKIM)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.guide.marks import CommandFailed, printed_form
from tests.guide.reader import TOKYO, Reader
from tests.interop.signatures import PublishedKeys, signatures
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer

_CREATE = ("sesv2", "create-email-identity", "--email-identity")
_DOMAIN, _SELECTOR = "own-05.example", "pigeon"


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running


@pytest.fixture(scope="module")
def sender(sink: SmtpSink) -> Iterator[Reader]:
    """A reader whose mail leaves the server: what stays in the local inbox is not signed."""
    settings = {"delivery.mode": "relay", "delivery.relay": sink.address, "account.verification": "instant"}
    with RunningServer(settings) as server:
        yield Reader(server)


def _key_pair() -> tuple[str, str]:
    """Make a key; gives both halves as base64 of DER, the form of the API and of the DNS record."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def test_own_selector_and_key_sign_the_mail(sender: Reader, sink: SmtpSink, tmp_path: Path) -> None:
    private, public = _key_pair()
    # A file keeps the key out of the list of processes and of the shell's history.
    attributes = tmp_path / "dkim.json"
    attributes.write_text(json.dumps({"DomainSigningSelector": _SELECTOR, "DomainSigningPrivateKey": private}))
    made = sender.aws(*_CREATE, _DOMAIN, "--dkim-signing-attributes", f"file://{attributes}")
    assert made["DkimAttributes"]["SigningAttributesOrigin"] == "EXTERNAL"
    assert made["DkimAttributes"]["Tokens"] == [_SELECTOR]

    records = sender.server.command("dns", _DOMAIN, "--region", TOKYO)
    [record] = [one for one in records if one["purpose"] == "dkim"]
    assert (record["name"], record["type"]) == (f"{_SELECTOR}._domainkey.{_DOMAIN}", "TXT")
    assert record["value"] == f"v=DKIM1; k=rsa; p={public}"

    sender.client("sesv2").send_email(
        FromEmailAddress=f"shop@{_DOMAIN}",
        Destination={"ToAddresses": ["buyer@example.net"]},
        Content={"Simple": {"Subject": {"Data": "署名"}, "Body": {"Text": {"Data": "本文"}}}},
    )
    found = signatures(sink.wait_for("buyer@example.net").data, PublishedKeys(records))
    own = [one for one in found if one.domain == _DOMAIN]
    assert [(one.tags["s"], one.holds) for one in own] == [(_SELECTOR, True)]


@printed_form("cannot work")
def test_printed_members_are_unknown_and_the_line_breaks_apart(reader: Reader) -> None:
    # As a shell reads it: backslash, newline and indentation after the comma make two arguments.
    split = ("SigningAttributesOrigin=EXTERNAL,", "SigningAttributesSecretKeySelector=my-dkim-secret")
    with pytest.raises(CommandFailed, match="Unknown options: SigningAttributesSecretKeySelector"):
        reader.aws(*_CREATE, "printed-05.example", "--dkim-signing-attributes", *split)
    with pytest.raises(CommandFailed, match=r'Unknown parameter.*"SigningAttributesSecretKeySelector"'):
        reader.aws(*_CREATE, "printed-05.example", "--dkim-signing-attributes", "".join(split))
