"""Bad content: the test string that every virus scanner knows. SES answers it with a Reject event."""

from __future__ import annotations

_EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_EICAR_BASE64 = b"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNU"
_OVERLAP = max(len(_EICAR), len(_EICAR_BASE64)) - 1


def is_bad_content(content: bytes) -> bool:
    """Say whether the content carries the EICAR test string, plain or in base64."""
    return _EICAR in content or _EICAR_BASE64 in content


class BadContentWatch:
    """Looks at content that comes in pieces; `found` says what `is_bad_content` says of the whole."""

    __slots__ = ("_last", "found")

    def __init__(self) -> None:
        self._last = b""
        self.found = False

    def feed(self, piece: bytes) -> None:
        """Take the next octets."""
        edge = self._last + piece[:_OVERLAP]
        self.found = self.found or is_bad_content(edge) or is_bad_content(piece)
        self._last = piece[-_OVERLAP:] if len(piece) >= _OVERLAP else (self._last + piece)[-_OVERLAP:]
