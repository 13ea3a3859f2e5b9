"""`POST /_hatobin/clock`: move a simulated clock, so that a night of retries passes in a test."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from hatobin.ports import Clock
from hatobin.servers.local.answers import json_answer, problem
from hatobin.words.instant import iso_ms

Advance = Callable[[float], Awaitable[None]]
"""Moves the clock on by seconds and returns when what was due has run."""

MAX_ADVANCE_S = 366 * 86400.0
MAX_BODY_BYTES = 1024

_UNITS_S = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)(?:\s+|(?=\d)|\Z)", re.ASCII)


class _Order(msgspec.Struct):
    advance: str | float


def parse_duration(text: str) -> float:
    """Read "14h", "90s", "2m", "1h30m" or bare seconds; gives seconds. Raises `ValueError`.

    >>> parse_duration("14h"), parse_duration("1h30m"), parse_duration("2.5")
    (50400.0, 5400.0, 2.5)
    """
    text = text.strip()
    position, seconds = 0, 0.0
    while position < len(text):
        match = _PIECE.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is no duration such as 14h, 90s or 1h30m")
        seconds += float(match[1]) * _UNITS_S[match[2]]
        position = match.end()
    if not text:
        raise ValueError("an empty text is no duration")
    return seconds


class ClockPath:
    """The endpoint."""

    def __init__(self, clock: Clock, advance: Advance | None) -> None:
        self._clock = clock
        self._advance = advance

    async def move(self, request: Request) -> Response:
        """Move the clock on, and give the new time."""
        if self._advance is None:
            return problem(404, "This server runs on real time, which cannot be moved; only a simulated clock can.")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                return problem(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
        try:
            advance = msgspec.json.decode(body, type=_Order).advance
            seconds = parse_duration(advance) if isinstance(advance, str) else float(advance)
        except ValueError as error:
            return problem(400, f'Send {{"advance": "14h"}} (units ms, s, m, h, d): {error}')
        if not 0 <= seconds <= MAX_ADVANCE_S:
            return problem(400, f"advance must be from 0 to {MAX_ADVANCE_S:g} seconds.")
        await self._advance(seconds)
        return json_answer({"advanced_s": seconds, "now": iso_ms(self._clock.now())})
