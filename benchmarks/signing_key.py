"""The RSA-2048 key that peers sign with: made anew for each of them, with the record that verifies it."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SELECTOR, DOMAIN = "bench", "example.com"


def write_key(path: Path) -> str:
    """Write a new private key in PEM, readable by its owner only; give the value of its DKIM record."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    path.touch(0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"


def records(value: str) -> dict[str, str]:
    """Give the TXT records that a verifier of this key would look up (RFC 6376 §3.6.2.1)."""
    return {f"{SELECTOR}._domainkey.{DOMAIN}": value}
