"""The attempt journal as two alternating files, written through memory maps.

A record is a copy into a shared map, without a system call: the page cache
holds it when the process dies, also of kill -9. Records go to the current
file until it is full; then the other one takes over, and a file is begun anew
when its last attempt is settled.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from hatobin.ports.journal import RECORD_BYTES

GENERATION_BYTES = 8 * 1024 * 1024
_EMPTY = bytes(RECORD_BYTES)


class FileJournal:
    """`Journal` in `<folder>/attempts-<worker>.{0,1}`; one process at a time (the worker's lock).

    Takes four generations of disk. Raises `OSError` when they are not to be had.

    A generation ends with the first empty record, so beginning one anew costs
    nothing but the zeros behind each record that is written.
    """

    def __init__(self, folder: Path, worker: int, *, generation_bytes: int = GENERATION_BYTES) -> None:
        self._size = generation_bytes - generation_bytes % RECORD_BYTES
        self._paths = [folder / f"attempts-{worker}.{index}" for index in (0, 1)]
        self._maps = [self._open_map(path) for path in self._paths]
        self._current = 0
        self._written = [0, 0]
        self._open = [0, 0]

    def _open_map(self, path: Path) -> mmap.mmap:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # One record more than a generation may hold: room for the outcomes of its last attempts. Allocated
            # now, because writing to a hole of a mapped file ends the process (SIGBUS) once the disk is full.
            size = 2 * self._size + RECORD_BYTES
            os.ftruncate(descriptor, size)
            os.posix_fallocate(descriptor, 0, size)
            return mmap.mmap(descriptor, 0)
        finally:
            os.close(descriptor)

    def open_attempt(self, record: bytes) -> int:
        """See `Journal.open_attempt`."""
        if self._written[self._current] >= self._size:
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
        self._maps[generation][:RECORD_BYTES] = _EMPTY
        self._written[generation] = 0

    def append(self, record: bytes) -> None:
        """See `Journal.append`. What does not fit any more is not written: its attempt then counts as doubtful."""
        if len(record) != RECORD_BYTES:
            raise ValueError(f"a journal record has {RECORD_BYTES} bytes, not {len(record)}")
        at = self._written[self._current]
        if at + 2 * RECORD_BYTES > len(self._maps[self._current]):
            return
        # The end mark goes first, so that whatever the moment of death, the records before it are whole.
        target = self._maps[self._current]
        target[at + RECORD_BYTES : at + 2 * RECORD_BYTES] = _EMPTY
        target[at : at + RECORD_BYTES] = record
        self._written[self._current] = at + RECORD_BYTES

    def settled(self, generation: int) -> None:
        """See `Journal.settled`."""
        self._open[generation] -= 1
        if generation != self._current and self._open[generation] == 0:
            self._empty(generation)

    def replay(self) -> list[bytes]:
        """See `Journal.replay`; the order between the two files does not matter, attempts carry numbers."""
        records: list[bytes] = []
        for source in self._maps:
            for start in range(0, len(source), RECORD_BYTES):
                record = source[start : start + RECORD_BYTES]
                if record == _EMPTY:
                    break
                records.append(record)
        return records

    def reset(self) -> None:
        """See `Journal.reset`."""
        for index in (0, 1):
            self._empty(index)
            self._open[index] = 0

    def close(self) -> None:
        """Unmap both files; what they hold stays."""
        for one in self._maps:
            one.close()
