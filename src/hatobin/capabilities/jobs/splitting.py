"""Octets of an object into records, in whatever pieces they come. Pure.

A record ends at a line feed; in CSV not within quotation marks. Positions are
octets of the object, so that reading can go on at the end of any record.

Where a quotation mark is not closed within the longest record, its line ends
the record after all: one bad mark costs one record and not the rest of the file.

Refs: RFC 4180 §2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hatobin.capabilities.jobs.model import MAX_RECORD_BYTES

_QUOTE, _COMMA, _LINE_FEED = b'"', b",", b"\n"


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record without its line end, and the octet after it. `is_too_long`: only its beginning is given."""

    octets: bytes
    end: int
    is_too_long: bool = False


class Splitter:
    """Cuts octets into records; keeps at most one record and the piece that was fed last."""

    def __init__(self, position: int, *, quoting: bool, limit: int = MAX_RECORD_BYTES) -> None:
        """Begin at octet `position` of the object, the beginning of a record."""
        self._position = position
        self._quoting = quoting
        self._limit = limit
        self._rest = b""
        self._skipped = b""

    def feed(self, piece: bytes) -> list[RawRecord]:
        """Give the records that end in what has come so far."""
        self._rest = self._rest + piece if self._rest else piece
        return self._cut(at_end=False)

    def finish(self) -> list[RawRecord]:
        """Give what is left, also without a line feed at its end."""
        if not self._rest and not self._skipped:
            return []
        if self._rest.endswith(_LINE_FEED):  # Behind a mark that is open.
            return self._cut(at_end=True)
        self._rest += _LINE_FEED
        found = self._cut(at_end=True)
        self._position -= 1
        return [*found[:-1], replace(found[-1], end=self._position)]

    def _cut(self, *, at_end: bool) -> list[RawRecord]:
        found: list[RawRecord] = []
        data, start = self._rest, 0
        while (line := data.find(_LINE_FEED, start)) >= 0:
            stop = line
            if self._quoting and not self._skipped and data.find(_QUOTE, start, line) >= 0:
                closed = _end_of_record(data, start, line)
                if closed is None or closed - start > self._limit:
                    if closed is None and not at_end and len(data) - start <= self._limit:
                        break  # The mark may be closed by what comes.
                    closed = line
                stop = closed
            found.append(self._record(data[start:stop], stop - start + 1))
            start = stop + 1
        self._rest = data[start:]
        if len(self._rest) > self._limit and _LINE_FEED not in self._rest:
            # Read over to the next line feed: what is kept shows which record it was.
            self._skipped = self._skipped or self._rest[: self._limit]
            self._position += len(self._rest)
            self._rest = b""
        return found

    def _record(self, octets: bytes, length: int) -> RawRecord:
        self._position += length
        if self._skipped:
            octets, self._skipped = self._skipped, b""
            return RawRecord(octets, self._position, is_too_long=True)
        return RawRecord(octets[: self._limit], self._position, is_too_long=len(octets) > self._limit)


def _end_of_record(data: bytes, start: int, line: int) -> int | None:
    """Give the line feed at which a record ends; `line` is the first one. None where a mark stays open.

    A mark counts at the beginning of a field alone: in the middle of one it is a character like others.
    """
    place = start
    while True:
        if data.startswith(_QUOTE, place):
            close = data.find(_QUOTE, place + 1)
            while close >= 0 and data.startswith(_QUOTE, close + 1):
                close = data.find(_QUOTE, close + 2)
            if close < 0 or close + 1 == len(data):
                return None
            place = close + 1
            if line < place:
                line = data.find(_LINE_FEED, place)
                if line < 0:
                    return None
        comma = data.find(_COMMA, place, line)
        if comma < 0:
            return line
        place = comma + 1
