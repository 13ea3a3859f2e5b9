"""The entropy port over the operating system's generator."""

from __future__ import annotations

import os
import random
import secrets
import uuid

_SYSTEM = random.SystemRandom()


class OsEntropy:
    """Chance that nobody can predict."""

    token_bytes = staticmethod(os.urandom)
    below = staticmethod(secrets.randbelow)
    uniform = staticmethod(_SYSTEM.uniform)

    def uuid(self) -> str:
        """Give a random UUID (version 4, RFC 9562 §5.4) in its usual text form."""
        return str(uuid.uuid4())
