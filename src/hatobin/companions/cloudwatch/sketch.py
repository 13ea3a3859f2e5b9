"""How values are distributed, in little room: counts of logarithmic classes, good to one per cent.

A percentile of many measurements cannot be had from their sums. CloudWatch
keeps such classes too. Pure.

Ref: C. Masson et al., "DDSketch", VLDB 2019 §2.1 (the classes and their error).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce

import msgspec

from hatobin.companions.cloudwatch.model import Amount

_RATIO = 1.02
"""Upper to lower end of a class; a value is shown as the middle of its class, so it is one per cent off at most."""
_LOG_RATIO = math.log(_RATIO)
MAX_CLASSES = 500
"""Of one point; values that lie further apart have no percentiles."""

Sketch = dict[str, float]
"""How many values lie in a class: `z` is zero, `p` and `n` with a number are classes above and below it."""

_decode = msgspec.json.Decoder(dict[str, float])


def sketch_of(values: Iterable[tuple[float, float]]) -> Sketch:
    """Give the sketch of values with their counts."""
    found: Sketch = {}
    for value, count in values:
        name = _class_of(value)
        found[name] = found.get(name, 0.0) + count
    return found


def read_sketch(text: str) -> Sketch:
    """Read a sketch from the store."""
    return _decode.decode(text)


def write_sketch(sketch: Sketch) -> str | None:
    """Write a sketch for the store; None for one with too many classes."""
    return msgspec.json.encode(sketch).decode() if len(sketch) <= MAX_CLASSES else None


def percentile(sketch: Sketch, percent: float, *, minimum: float, maximum: float) -> float:
    """Give the value below which `percent` of the values lie, within what is known of the least and the largest.

    >>> percentile(sketch_of([(1.0, 98), (100.0, 2)]), 50, minimum=1.0, maximum=100.0)
    1.0
    """
    wanted = percent / 100 * sum(sketch.values())
    seen = 0.0
    for value, count in sorted((_value_of(name), count) for name, count in sketch.items()):
        seen += count
        if seen >= wanted:
            return min(max(value, minimum), maximum)
    return maximum


def merged_texts(one: object, other: object) -> str | None:
    """Put two written sketches together; None where one is not known, or they are too many classes."""
    if not isinstance(one, str) or not isinstance(other, str):
        return None
    whole = read_sketch(one)
    for name, count in read_sketch(other).items():
        whole[name] = whole.get(name, 0.0) + count
    return write_sketch(whole)


def together(amounts: Sequence[Amount]) -> Amount:
    """Put the amounts of one period together, with their distribution where all have one."""
    whole = reduce(Amount.plus, amounts)
    texts = [amount.distribution for amount in amounts]
    return msgspec.structs.replace(whole, distribution=reduce(merged_texts, texts) if all(texts) else None)


def _class_of(value: float) -> str:
    if value == 0:
        return "z"
    return f"{'p' if value > 0 else 'n'}{math.ceil(math.log(abs(value)) / _LOG_RATIO)}"


def _value_of(name: str) -> float:
    if name == "z":
        return 0.0
    middle = 2 * _RATIO ** int(name[1:]) / (_RATIO + 1)
    return middle if name[0] == "p" else -middle
