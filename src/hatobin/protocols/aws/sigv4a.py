"""Signature Version 4A: one signature for several regions, with a key pair derived from the secret.

SDKs use it for SES requests that name an `EndpointId` (multi-region
endpoints). Who holds the secret can derive the private key and sign; we
derive the same key, and verify with its public half.

Refs: IAM User Guide, "AWS Signature Version 4 for API requests" (SigV4a);
NIST SP 800-108 (counter mode, HMAC-SHA-256) for the derivation.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from hatobin.protocols.aws.claims import ALGORITHM_4A

# Derived key pairs are kept for this many access keys.
KEY_CACHE_SIZE = 256
# The order of the group of P-256 (FIPS 186-5, SP 800-186 §3.2.1.3).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_KEY_BITS = (256).to_bytes(4, "big")
_MAX_COUNTER = 254


@lru_cache(maxsize=KEY_CACHE_SIZE)
def private_key_4a(access_key_id: str, secret: str) -> ec.EllipticCurvePrivateKey:
    """Derive the key pair of an access key; candidates beyond the group's order are passed over."""
    for counter in range(1, _MAX_COUNTER + 1):
        context = access_key_id.encode() + bytes([counter])
        block = (1).to_bytes(4, "big") + ALGORITHM_4A.encode() + b"\x00" + context + _KEY_BITS
        candidate = int.from_bytes(hmac.digest(b"AWS4A" + secret.encode(), block, "sha256"), "big")
        if candidate <= _ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1())
    raise ValueError("no candidate is a key: this does not happen")


def is_signature_4a(signature: str, text: bytes, access_key_id: str, secret: str) -> bool:
    """Say whether `signature` (hexadecimal DER) is one of `text` by the key pair of an access key."""
    try:
        data = bytes.fromhex(signature)
        private_key_4a(access_key_id, secret).public_key().verify(data, text, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True
