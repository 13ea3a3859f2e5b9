"""Signatures checked by dkimpy, with the keys that `hatobin dns` says to publish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dkim


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature of a message: its tags, and whether dkimpy says that it holds."""

    tags: Mapping[str, str]
    holds: bool

    @property
    def domain(self) -> str:
        """The signing domain."""
        return self.tags["d"].lower()

    @property
    def signed_fields(self) -> list[str]:
        """The names in h=, lower case, in order."""
        return [name.strip().lower() for name in self.tags["h"].split(":")]


class PublishedKeys:
    """DNS made of what `hatobin dns DOMAIN --json` prints; follows the CNAMEs into the service's own zone."""

    def __init__(self, records: Sequence[Mapping[str, str]]) -> None:
        self._texts = {(r["name"].lower(), r["type"]): r["value"] for r in records if r["type"] in ("TXT", "CNAME")}

    def lookup(self, name: bytes, timeout: float = 5) -> bytes | None:
        """Answer dkimpy's question for a TXT record."""
        wanted = name.decode().rstrip(".").lower()
        for _ in range(5):
            if (text := self._texts.get((wanted, "TXT"))) is not None:
                return text.encode()
            wanted = self._texts.get((wanted, "CNAME"), "").rstrip(".").lower()
        return None


def signatures(data: bytes, keys: PublishedKeys) -> list[Signature]:
    """Check every DKIM-Signature of a message; top one first."""
    verifier = dkim.DKIM(data)
    fields = [value for name, value in verifier.headers if name.lower() == b"dkim-signature"]
    return [Signature(_tags(field.decode()), _holds(data, index, keys)) for index, field in enumerate(fields)]


def _holds(data: bytes, index: int, keys: PublishedKeys) -> bool:
    try:
        return bool(dkim.DKIM(data).verify(idx=index, dnsfunc=keys.lookup))
    except dkim.DKIMException:
        return False


def _tags(field: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in re.sub(r"\s+", "", field).split(";") if "=" in part)
    return {name: value for name, _, value in pairs}
