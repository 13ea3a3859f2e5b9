"""Secrets at rest: sealed with AES-256-GCM under the server's master key.

Every secret that must be read back (access key secrets, DKIM private keys)
is stored sealed, and bound to its place by `context`, so that a sealed value
moved to another row does not open. The master key comes from a file in the
data folder or from the configuration; it is never in the database.

Refs: NIST SP 800-38D (GCM, 96-bit random nonces).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hatobin.ports import Entropy

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class SealBroken(Exception):
    """A sealed value does not open: another master key, another place, or a damaged row."""


class Vault:
    """Seals and opens secrets under one master key."""

    def __init__(self, master_key: bytes, entropy: Entropy) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"the master key has {len(master_key)} bytes, it must have {KEY_BYTES}")
        self._cipher = AESGCM(master_key)
        self._entropy = entropy

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt `plaintext` so that it opens only under the same `context`."""
        nonce = self._entropy.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt what `seal` made. Raises `SealBroken`."""
        if sealed[:1] != _VERSION:
            raise SealBroken("unknown seal version")
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, context.encode())
        except InvalidTag as broken:
            raise SealBroken(f"the secret of {context} does not open with this master key") from broken
