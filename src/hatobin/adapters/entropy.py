"""The entropy port over the operating system's generator."""

from __future__ import annotations

import os
import random
import secrets

_SYSTEM = random.SystemRandom()
UUID_BYTES = 16
UUIDS_DRAWN = 256
"""So many UUIDs are drawn with one system call; hatobin never forks, so no two processes share a stock."""


class OsEntropy:
    """Chance that nobody can predict."""

    token_bytes = staticmethod(os.urandom)
    below = staticmethod(secrets.randbelow)
    uniform = staticmethod(_SYSTEM.uniform)

    def __init__(self) -> None:
        self._stock: list[str] = []

    def uuid(self) -> str:
        """Give a random UUID (version 4, RFC 9562 §5.4) in its usual text form."""
        if not self._stock:
            drawn = os.urandom(UUID_BYTES * UUIDS_DRAWN).hex()
            self._stock = [_uuid(drawn[start : start + 32]) for start in range(0, len(drawn), 32)]
        return self._stock.pop()


def _uuid(digits: str) -> str:
    """Write 32 hex digits as a UUID: version 4 and the variant of RFC 9562 set over them."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
