"""DKIM keys: making one, reading the caller's own, and what the DNS is told of it.

Easy DKIM: three selectors of 32 characters and an RSA key that we make.
BYODKIM: the caller's selector and private key, base64 of PKCS#1 or PKCS#8.
A private key leaves this module only sealed, or as DER for one signature.

Refs: AWS developer guide "send-email-authentication-dkim-easy" and
"send-email-authentication-dkim-bring-your-own"; RFC 6376 §3.6.1, RFC 8301 §3.2.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hatobin.ports import Entropy

TOKEN_COUNT = 3
TOKEN_LENGTH = 32
VERIFICATION_TOKEN_BYTES = 32
DEFAULT_BITS = 2048
MIN_BITS, MAX_BITS = 1024, 2048
"""SES takes keys of 1024 to 2048 bits."""

_TOKEN_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # noqa: S105 - no secret; 32 letters divide 256 evenly
_PUBLIC_EXPONENT = 65537


class InvalidKey(ValueError):
    """What the caller gave is no private key that could sign; the message is for the caller."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key as PKCS#8 DER, and the base64 of its public key as `p=` shows it."""

    private_der: bytes
    public_key: str
    bits: int


def make_key(bits: int = DEFAULT_BITS) -> KeyPair:
    """Make an RSA key; takes some 100 ms, so run it off the event loop."""
    return _pair(rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=bits))


def read_key(text: str) -> KeyPair:
    """Read the caller's private key: base64 of DER, or of a whole PEM file. Raises `InvalidKey`."""
    try:
        content = base64.b64decode(text, validate=True)
        if content.startswith(b"-----"):
            key = serialization.load_pem_private_key(content, password=None)
        else:
            key = serialization.load_der_private_key(content, password=None)
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        raise InvalidKey("DomainSigningPrivateKey is not a valid private key.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise InvalidKey("DomainSigningPrivateKey must be an RSA private key.")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise InvalidKey(f"DomainSigningPrivateKey must have at least {MIN_BITS} and at most {MAX_BITS} bits.")
    return _pair(key)


def _pair(key: rsa.RSAPrivateKey) -> KeyPair:
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private, base64.b64encode(public).decode(), key.key_size)


def make_token(entropy: Entropy) -> str:
    """Draw one selector: 32 lower-case letters and digits."""
    return "".join(_TOKEN_ALPHABET[byte % 32] for byte in entropy.token_bytes(TOKEN_LENGTH))


def make_tokens(entropy: Entropy) -> tuple[str, ...]:
    """Draw the three selectors of Easy DKIM."""
    return tuple(make_token(entropy) for _ in range(TOKEN_COUNT))


def make_verification_token(entropy: Entropy) -> str:
    """Draw what v1 wants to see in the TXT record `_amazonses.DOMAIN`: 44 characters of base64."""
    return base64.b64encode(entropy.token_bytes(VERIFICATION_TOKEN_BYTES)).decode()


def key_record(public_key: str) -> str:
    """Write the TXT record of a key (RFC 6376 §3.6.1), as one string."""
    return f"v=DKIM1; k=rsa; p={public_key}"


def record_has_key(record: str, public_key: str) -> bool:
    """Say whether a TXT record offers this key; tags in any order, blanks anywhere (RFC 6376 §3.2)."""
    for tag in record.split(";"):
        name, _, value = tag.partition("=")
        if name.strip() == "p":
            return "".join(value.split()) == public_key
    return False
