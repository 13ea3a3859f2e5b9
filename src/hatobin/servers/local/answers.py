"""The answers of local paths: JSON, and errors as one readable sentence."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

_encode = msgspec.json.Encoder().encode
# Captured mail is nobody's cache's business, and nothing here is a page.
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def json_answer(value: Any, *, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(_encode(value), status, _HEADERS, "application/json")


def problem(status: int, message: str) -> Response:
    """Answer with the reason why not."""
    return json_answer({"message": message}, status=status)


class BadQuery(Exception):
    """A parameter cannot be read; the text says which and what it may be."""


def number_parameter(request: Request, name: str, *, default: float, low: float, high: float) -> float:
    """Read a number of the query string within its bounds. Raises `BadQuery`."""
    text = request.query_params.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise BadQuery(f"{name} must be a number, not {text[:50]!r}.") from None
    if not low <= value <= high:
        raise BadQuery(f"{name} must be from {low:g} to {high:g}, not {text[:50]}.")
    return value


def text_parameter(request: Request, name: str) -> str | None:
    """Read a text of the query string; an empty one counts as absent."""
    return request.query_params.get(name) or None
