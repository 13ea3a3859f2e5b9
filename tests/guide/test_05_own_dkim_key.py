"""Sample 5: a domain signs with a key of its owner (BYODKIM)."""

from __future__ import annotations

import base64
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.guide.marks import CommandFailed, printed_form
from tests.guide.reader import Reader

_CREATE = ("sesv2", "create-email-identity", "--email-identity")


def test_own_selector_and_key_sign_the_mail(reader: Reader, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # A file keeps the key out of the list of processes and of the shell's history.
    attributes = tmp_path / "dkim.json"
    attributes.write_text(
        f'{{"DomainSigningSelector": "pigeon", "DomainSigningPrivateKey": "{base64.b64encode(private).decode()}"}}'
    )
    made = reader.aws(*_CREATE, "own-05.example", "--dkim-signing-attributes", f"file://{attributes}")
    assert made["DkimAttributes"]["SigningAttributesOrigin"] == "EXTERNAL"
    assert made["DkimAttributes"]["Tokens"] == ["pigeon"]

    record = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    printed = reader.server.command("dns", "own-05.example", "--region", "ap-northeast-1")
    assert {"name": "pigeon._domainkey.own-05.example", "type": "TXT", "value": record, "purpose": "dkim"} in printed

    reader.client("sesv2").send_email(
        FromEmailAddress="shop@own-05.example",
        Destination={"ToAddresses": ["own-05@example.net"]},
        Content={"Simple": {"Subject": {"Data": "署名"}, "Body": {"Text": {"Data": "本文"}}}},
    )
    data = reader.mail_bytes("own-05@example.net")
    asked: list[str] = []

    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        asked.append(name.decode().rstrip("."))
        return record.encode() if asked[-1] == "pigeon._domainkey.own-05.example" else None

    signatures = data.count(b"DKIM-Signature:")
    assert any(dkim.DKIM(data).verify(index, lookup) for index in range(signatures))
    assert "pigeon._domainkey.own-05.example" in asked


@printed_form("cannot work")
def test_printed_members_are_unknown_and_the_line_breaks_apart(reader: Reader) -> None:
    # As a shell reads it: a backslash and indentation after the comma make two arguments.
    split = ("SigningAttributesOrigin=EXTERNAL,", "SigningAttributesSecretKeySelector=my-dkim-secret")
    with pytest.raises(CommandFailed, match="Error parsing parameter|Unknown options"):
        reader.aws(*_CREATE, "printed-05.example", "--dkim-signing-attributes", *split)
    with pytest.raises(CommandFailed, match='Unknown parameter.*"SigningAttributesSecretKeySelector"'):
        reader.aws(*_CREATE, "printed-05.example", "--dkim-signing-attributes", "".join(split))
