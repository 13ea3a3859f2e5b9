"""The vault: seals under the first master key, opens under any.

A sealed value is a version, the id of its key, a nonce and the ciphertext
with its tag.

Refs: NIST SP 800-38D (GCM, 96-bit random nonces).
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hatobin.ports import Entropy

KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 8
_VERSION = b"\x02"
_HEAD_BYTES = len(_VERSION) + _ID_BYTES


class SealBroken(Exception):
    """A sealed value does not open: another master key, another place, or a damaged row."""


class MasterKeys(Protocol):
    """Where master keys come from; they may change while the server runs."""

    def current(self) -> tuple[bytes, ...]:
        """Give the keys, the sealing one first; the same tuple while nothing changed."""
        ...


class _OneKey:
    """A key that stays."""

    def __init__(self, key: bytes) -> None:
        self._keys = (key,)

    def current(self) -> tuple[bytes, ...]:
        return self._keys


def key_id(master_key: bytes) -> bytes:
    """Name a key without telling it."""
    return hashlib.sha256(b"hatobin master key" + master_key).digest()[:_ID_BYTES]


class Vault:
    """Seals and opens secrets under the master keys."""

    def __init__(self, keys: MasterKeys | bytes, entropy: Entropy) -> None:
        self._keys: MasterKeys = _OneKey(keys) if isinstance(keys, bytes) else keys
        self._entropy = entropy
        self._known: tuple[bytes, ...] = ()
        self._ciphers: dict[bytes, AESGCM] = {}
        self._first = b""
        self._refresh()

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt `plaintext` so that it opens only under the same `context`."""
        self._refresh()
        nonce = self._entropy.token_bytes(_NONCE_BYTES)
        return _VERSION + self._first + nonce + self._ciphers[self._first].encrypt(nonce, plaintext, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt what `seal` made. Raises `SealBroken`."""
        if sealed[: len(_VERSION)] != _VERSION:
            raise SealBroken("unknown seal version")
        self._refresh()
        cipher = self._ciphers.get(sealed[len(_VERSION) : _HEAD_BYTES])
        nonce, ciphertext = sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES], sealed[_HEAD_BYTES + _NONCE_BYTES :]
        if cipher is not None:
            try:
                return cipher.decrypt(nonce, ciphertext, context.encode())
            except (InvalidTag, ValueError):
                pass
        raise SealBroken(f"the secret of {context} does not open with this master key")

    def is_current(self, sealed: bytes) -> bool:
        """Say whether a value is sealed under the first key."""
        self._refresh()
        return sealed.startswith(_VERSION + self._first)

    def _refresh(self) -> None:
        keys = self._keys.current()
        if keys is self._known:
            return
        for key in keys:
            if len(key) != KEY_BYTES:
                raise ValueError(f"the master key has {len(key)} bytes, it must have {KEY_BYTES}")
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self._first = key_id(keys[0])
        self._known = keys
