"""DNS look-ups, as a port."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class AnswerStatus(Enum):
    """How a look-up ended. SERVFAIL and TIMEOUT are temporary, the others are facts."""

    FOUND = "found"
    NO_DATA = "no data"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, the records in text form, and how long they hold.

    A and AAAA records are addresses, MX records read "10 mx.example.com." (the
    name fully qualified with its final dot), TXT records are the joined
    strings without quotes, CNAME records are names with the final dot.
    """

    status: AnswerStatus
    records: tuple[str, ...] = ()
    ttl_s: int = 0
    secure: bool = False


class Dns(Protocol):
    """A stub resolver over the configured name servers."""

    async def resolve(self, name: str, record_type: str) -> Answer:
        """Look `name` up; network trouble is an `Answer`, never an exception."""
        ...
