"""Event patterns: read once, then asked of every event.

Refs: EventBridge user guide, "Event patterns", "Comparison operators for use in event patterns".
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from hatobin.protocols.aws.event_patterns import Dialect, Pattern, PatternInvalid, read_pattern
from hatobin.protocols.aws.json_text import read_json
from hatobin.words.errors import CallerError

CACHED_PATTERNS = 1024
MAX_COMBINATIONS = 1000
"""Of `$or` (user guide, "Limitations of OR matching")."""
_DIALECT = Dialect(name="Event pattern", nests=True, folds_affixes=True, numeric_limit=5e9)


def read_event_pattern(text: str) -> Pattern:
    """Read a pattern. Raises InvalidEventPatternException."""
    try:
        return compiled(text)
    except PatternInvalid as invalid:
        raise CallerError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {invalid}") from None


@lru_cache(maxsize=CACHED_PATTERNS)
def compiled(text: str) -> Pattern:
    """Read a pattern that was stored. Raises `PatternInvalid`. The same text is read once."""
    try:
        document = read_json(text)
    except msgspec.DecodeError:
        raise PatternInvalid("Filter is not an object") from None
    if not isinstance(document, dict):
        raise PatternInvalid("Filter is not an object")
    if not document:
        raise PatternInvalid("Empty patterns are not allowed")
    if _combinations(document) > MAX_COMBINATIONS:
        raise PatternInvalid("Rule is too complex - try using fewer $or conditions")
    return read_pattern(document, _DIALECT)


def _combinations(document: object) -> int:
    """Count the ways through the alternatives of a pattern: those of one place are added, places multiplied."""
    if not isinstance(document, dict):
        return 1
    found = 1
    for name, rule in document.items():
        if name == "$or" and isinstance(rule, list):
            found *= sum(_combinations(choice) for choice in rule) or 1
        else:
            found *= _combinations(rule)
    return found
