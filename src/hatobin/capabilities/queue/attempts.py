"""The attempt log: what was on the wire when a worker died.

A `start` record is written before the final dot of a transaction, an
`outcome` record after the reply. When a slot is taken over, the records are
replayed: an attempt with an outcome is settled as if nothing had happened, a
start without one counts as a possible duplicate (house §3).

Record, 320 bytes: kind, attempt number (8 hex), reply code (3), mask of
positions (16 hex), then account, region, message id and reply text, joined by
NUL and padded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from hatobin.capabilities.queue.model import MessageKey
from hatobin.ports.journal import RECORD_BYTES, Journal
from hatobin.words.reply import Reply

_MAX_POSITIONS = 64
_START, _OUTCOME = b"S", b"O"
_SETTLED_CODE = 0
"""In the place of a reply code: the outcome is in the database, whatever it was."""


class Replayed(Struct, frozen=True):
    """One attempt found in the log: the recipients, and the reply if it was seen."""

    key: MessageKey
    positions: tuple[int, ...]
    code: int | None
    text: str


class Attempt(Struct, frozen=True):
    """An attempt that is under way."""

    number: int
    generation: int
    prefix: bytes


class AttemptLog:
    """Writes attempts to the journal and reads back what an earlier process left."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._number = 0
        self._open: set[int] = set()
        """Attempts of this process that are not settled."""
        self._silent: set[int] = set()
        """Attempts that began and of which the log says nothing more."""

    def start(self, key: MessageKey, positions: Sequence[int]) -> Attempt:
        """Record that the content is about to be sent to these recipients."""
        self._number = (self._number + 1) & 0xFFFFFFFF
        mask = 0
        for position in positions:
            mask |= 1 << min(position, _MAX_POSITIONS - 1)
        head = b"%08x" % self._number
        tail = b"%016x%s\0%s\0%s\0" % (mask, key.account_id.encode(), key.region.encode(), key.message_id.encode())
        self._open.add(self._number)
        self._silent.add(self._number)
        generation = self._journal.open_attempt((_START + head + b"000" + tail).ljust(RECORD_BYTES, b"\0"))
        return Attempt(self._number, generation, head + b"%03d" + tail)

    def outcome(self, attempt: Attempt, reply: Reply) -> None:
        """Record the remote's final word."""
        self._silent.discard(attempt.number)
        self._append(attempt, reply.code, str(reply))

    def settled(self, attempt: Attempt) -> None:
        """Say that the database knows how the attempt ended.

        Where no outcome was recorded the log says it too: a recipient that the
        attempt left deferred would count as a possible duplicate otherwise.
        """
        self._open.discard(attempt.number)
        if attempt.number in self._silent:
            self._silent.discard(attempt.number)
            self._append(attempt, _SETTLED_CODE, "")
        self._journal.settled(attempt.generation)

    def _append(self, attempt: Attempt, code: int, text: str) -> None:
        record = _OUTCOME + attempt.prefix % code + text.encode(errors="replace")
        self._journal.append(record[: RECORD_BYTES - 1].ljust(RECORD_BYTES, b"\0"))

    def replay(self) -> list[Replayed]:
        """Give the attempts of an earlier process, each once, in the order they began."""
        return self._read(lambda record: True)

    def unsettled(self) -> list[Replayed]:
        """Give the attempts of this process that are not settled, as a later process would find them."""
        if not self._open:
            return []
        numbers = {b"%08x" % number for number in self._open}
        return self._read(lambda record: record[1:9] in numbers)

    def _read(self, wanted: Callable[[bytes], bool]) -> list[Replayed]:
        attempts: dict[bytes, Replayed] = {}
        for record in self._journal.replay():
            parsed = _parse(record) if wanted(record) else None
            if parsed is None:
                continue
            identity, replayed = parsed
            if record[:1] == _OUTCOME or identity not in attempts:
                attempts[identity] = replayed
        return list(attempts.values())

    def forget(self) -> None:
        """Drop all records: their outcomes are in the database now."""
        self._open.clear()
        self._silent.clear()
        self._journal.reset()


def _parse(record: bytes) -> tuple[bytes, Replayed] | None:
    """Read one record; a damaged one is skipped, its message is then simply sent again."""
    try:
        code = int(record[9:12])
        mask = int(record[12:28], 16)
        account, region, message, text = record[28:].split(b"\0")[:4]
        key = MessageKey(account.decode(), region.decode(), message.decode())
    except ValueError:
        return None
    positions = tuple(position for position in range(_MAX_POSITIONS) if mask >> position & 1)
    seen = code if record[:1] == _OUTCOME else None
    return record[1:9] + message, Replayed(key, positions, seen, text.decode(errors="replace"))
