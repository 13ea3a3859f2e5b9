"""The attempt journal as two alternating files.

Records go to the current file until it is large; then the other one takes
over, and the old one is emptied when its last attempt is settled.
"""

from __future__ import annotations

import os
from pathlib import Path

from hatobin.ports.journal import RECORD_BYTES

GENERATION_BYTES = 8 * 1024 * 1024


class FileJournal:
    """`Journal` in `<folder>/attempts-<worker>.{0,1}`; one process at a time (the worker's lock)."""

    def __init__(self, folder: Path, worker: int, *, generation_bytes: int = GENERATION_BYTES) -> None:
        self._paths = [folder / f"attempts-{worker}.{index}" for index in (0, 1)]
        self._files = [os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600) for path in self._paths]
        self._generation_bytes = generation_bytes
        self._current = 0
        self._written = [0, 0]
        self._open = [0, 0]

    def open_attempt(self, record: bytes) -> int:
        """See `Journal.open_attempt`."""
        if self._written[self._current] >= self._generation_bytes:
            self._turn_page()
        self._open[self._current] += 1
        self.append(record)
        return self._current

    def _turn_page(self) -> None:
        """Begin the current file anew if nothing in it is open, else go on in the other one once that is empty."""
        if self._open[self._current] == 0:
            self._empty(self._current)
        elif self._written[1 - self._current] == 0:
            self._current = 1 - self._current

    def _empty(self, generation: int) -> None:
        os.ftruncate(self._files[generation], 0)
        self._written[generation] = 0

    def append(self, record: bytes) -> None:
        """See `Journal.append`; one write call, so a record is whole or absent."""
        if len(record) != RECORD_BYTES:
            raise ValueError(f"a journal record has {RECORD_BYTES} bytes, not {len(record)}")
        os.write(self._files[self._current], record)
        self._written[self._current] += RECORD_BYTES

    def settled(self, generation: int) -> None:
        """See `Journal.settled`."""
        self._open[generation] -= 1
        if generation != self._current and self._open[generation] == 0:
            self._empty(generation)

    def replay(self) -> list[bytes]:
        """See `Journal.replay`; the older file is the one that was changed first."""
        order = sorted(self._paths, key=lambda path: path.stat().st_mtime_ns)
        records: list[bytes] = []
        for path in order:
            data = path.read_bytes()
            whole = len(data) - len(data) % RECORD_BYTES
            records.extend(data[start : start + RECORD_BYTES] for start in range(0, whole, RECORD_BYTES))
        return records

    def reset(self) -> None:
        """See `Journal.reset`."""
        for index in (0, 1):
            self._empty(index)
            self._open[index] = 0

    def close(self) -> None:
        """Close both files."""
        for file in self._files:
            os.close(file)
