"""JSON that a caller sent inside a text: a policy, the data of a template, the body of a message.

Refs: RFC 8259 §9 (an implementation may limit the depth of nesting).
"""

from __future__ import annotations

from typing import Any

import msgspec

MAX_DEPTH = 100
"""Levels of arrays and objects; who reads the values may then walk them recursively."""


def read_json(text: str) -> Any:
    """Read a text as plain values. Raises `msgspec.DecodeError`, also for what nests too deep."""
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise msgspec.DecodeError("JSON is nested too deeply") from None
    # Most texts have fewer brackets than they may have levels, and are not walked.
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(value):
        raise msgspec.DecodeError("JSON is nested too deeply")
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [item for one in level if isinstance(one, list | dict) for item in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: list[Any] | dict[str, Any]) -> list[Any]:
    return value if isinstance(value, list) else list(value.values())
