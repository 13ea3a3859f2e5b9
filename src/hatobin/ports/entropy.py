"""Chance, as a port."""

from __future__ import annotations

from typing import Protocol


class Entropy(Protocol):
    """Cryptographically strong chance in production, seeded in a simulation."""

    def token_bytes(self, count: int) -> bytes:
        """Give `count` unpredictable bytes."""
        ...

    def uuid(self) -> str:
        """Give a random UUID in its usual text form."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """Give a number between `low` and `high`."""
        ...

    def below(self, bound: int) -> int:
        """Give an integer from 0 to `bound` - 1."""
        ...
