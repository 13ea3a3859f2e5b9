"""What of an event a target gets: all of it, a part, a text of its own, or a template filled with parts. Pure.

Refs: EventBridge user guide, "Amazon EventBridge input transformation", "JSON path" (dots and numbers in brackets).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from hatobin.companions.eventbridge.model import BusEvent, Json, RuleKey, TargetSettings

_STEP = re.compile(r"\.([A-Za-z0-9_\-:]+)|\['([^']+)'\]|\[(\d{1,6})\]")
_VARIABLE = re.compile(r"<([A-Za-z0-9_.\-]+)>")
_MISSING = object()
_encode = msgspec.json.Encoder().encode


class InvalidInput(ValueError):
    """A path or template cannot be; the text says why."""


def check_path(path: str) -> None:
    """Raise `InvalidInput` for a path that cannot be followed."""
    _steps(path)


def check_settings(settings: TargetSettings) -> None:
    """Raise `InvalidInput` for settings that cannot give a text."""
    given = [settings.input is not None, settings.input_path is not None, settings.template is not None]
    if sum(given) > 1:
        raise InvalidInput("Only one of Input, InputPath, or InputTransformer must be provided")
    if settings.input is not None:
        try:
            msgspec.json.decode(settings.input)
        except (msgspec.DecodeError, RecursionError):
            raise InvalidInput("Input is not valid JSON") from None
    for path in [settings.input_path, *(settings.paths or {}).values()]:
        if path is not None:
            check_path(path)
    known = set(settings.paths or {})
    for name in known:
        if name.lower().startswith("aws"):
            raise InvalidInput(f"InputPathsMap has the reserved name {name}")
    for found in _VARIABLE.finditer(settings.template or ""):
        if found[1] not in known and found[1] not in _RESERVED:
            raise InvalidInput(f"InputTemplate names {found[0]}, which InputPathsMap does not have")


def shaped(settings: TargetSettings, event: BusEvent, text: str, *, rule: RuleKey, now: str) -> str:
    """Give the body for a target; `text` is the whole event, `now` when it came in."""
    if settings.input is not None:
        return settings.input
    if settings.input_path is not None:
        found = _follow(msgspec.json.decode(text), settings.input_path)
        return "null" if found is _MISSING else _encode(found).decode()
    if settings.template is None:
        return text
    document = msgspec.json.decode(text)
    values = {name: _follow(document, path) for name, path in (settings.paths or {}).items()}
    values |= {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": now,
        "aws.events.event": {name: value for name, value in document.items() if name != "detail"},
        "aws.events.event.json": document,
    }
    return _filled(settings.template, values)


_RESERVED = frozenset(
    {
        *("aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time"),
        *("aws.events.event", "aws.events.event.json"),
    }
)


def _filled(template: str, values: Mapping[str, Json]) -> str:
    """Fill a template: between quotation marks a value is text, elsewhere it is JSON."""
    written: list[str] = []
    position, inside = 0, False
    for found in _VARIABLE.finditer(template):
        if found[1] not in values:
            continue
        before = template[position : found.start()]
        inside = _is_inside(before, inside)
        written += [before, _written(values[found[1]], inside)]
        position = found.end()
    return "".join([*written, template[position:]])


def _is_inside(text: str, inside: bool) -> bool:
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = inside
        elif character == '"':
            inside = not inside
    return inside


def _written(value: Json, inside: bool) -> str:
    if value is _MISSING:
        return "" if inside else '""'
    if not inside:
        return _encode(value).decode()
    # Within a string: the text itself, or JSON as text; either way escaped as the string needs it.
    plain = value if isinstance(value, str) else _encode(value).decode()
    return _encode(plain).decode()[1:-1]


def _follow(document: Json, path: str) -> Json:
    value = document
    for step in _steps(path):
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else _MISSING
        else:
            value = value.get(step, _MISSING) if isinstance(value, dict) else _MISSING
    return value


def _steps(path: str) -> list[str | int]:
    if not path.startswith("$"):
        raise InvalidInput(f"Invalid JSON path {path}")
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            raise InvalidInput(f"Invalid JSON path {path}")
        steps.append(int(found[3]) if found[3] is not None else found[1] or found[2])
        position = found.end()
    return steps
