"""JSON values as templates see them: members, emptiness, and how they print.

Members are looked up in dicts and lists only, never as attributes of Python
objects. Printing is ECMAScript's ToString (ECMA-262 §7.1.17, §6.1.6.1.20),
because that is what handlebars.js prints.
"""

from __future__ import annotations

from hatobin.protocols.handlebars.limits import Bound, Dialect, LimitExceeded
from hatobin.protocols.handlebars.nodes import UNDEFINED
from hatobin.protocols.handlebars.scope import Run

# ECMA-262 §6.1.6.1: integers up to here are exact in a double.
_SAFE_INTEGER = 2**53
# No double is larger; longer integers print as Infinity, which also bounds their digits.
_DOUBLE_BITS = 1024
# Ten digits cannot overflow anything, and no list has more items.
_MAX_INDEX_DIGITS = 10


def list_index(key: str) -> int | None:
    """Give the list position a path part means, or None: "0", "7", but not "07" or "-1"."""
    if key.isascii() and key.isdigit() and len(key) <= _MAX_INDEX_DIGITS and (key == "0" or key[0] != "0"):
        return int(key)
    return None


def member(value: object, key: str, index: int | None) -> object:
    """Look one path part up; `index` is `list_index(key)`. Gives UNDEFINED where there is nothing."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if isinstance(value, list):
        if index is not None:
            return value[index] if index < len(value) else UNDEFINED
        return len(value) if key == "length" else UNDEFINED
    if isinstance(value, str):
        if index is not None:
            return value[index] if index < len(value) else UNDEFINED
        # Deviates: counts characters; JavaScript counts UTF-16 units, which would take a walk through the text.
        return len(value) if key == "length" else UNDEFINED
    return UNDEFINED


def is_empty(value: object) -> bool:
    """Tell whether `with` takes its else branch: false, null, undefined, "", NaN, []. Zero is not empty."""
    if value is None or value is UNDEFINED or value is False:
        return True
    if isinstance(value, (str, list)):
        return not value
    return isinstance(value, float) and value != value


def is_false(value: object) -> bool:
    """Tell whether `if` takes its else branch: what is empty, and zero."""
    return is_empty(value) or (isinstance(value, (int, float)) and value == 0)


def printed(value: object, run: Run, dialect: Dialect) -> str:
    """Give the text of a value; null and undefined print nothing.

    Raises LimitExceeded where a list prints more than the rendering may.
    """
    if isinstance(value, str):
        return value
    if value is None or value is UNDEFINED:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer(value, dialect)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, list):
        return _list(value, run, dialect, 0)
    return "[object Object]"


def number_text(value: float) -> str:
    """Print a double with the fewest digits that mean it, in ECMAScript's notation (§6.1.6.1.20)."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    if abs(value) < _SAFE_INTEGER and value.is_integer():
        return str(int(value))
    sign = "-" if value < 0 else ""
    # repr() yields those same digits; only the notation differs.
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole) + len(fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{digits[0]}{'.' if len(digits) > 1 else ''}{digits[1:]}{power}"


def _integer(value: int, dialect: Dialect) -> str:
    if -_SAFE_INTEGER < value < _SAFE_INTEGER or (dialect.exact_integers and value.bit_length() <= _DOUBLE_BITS):
        return str(value)
    try:
        return number_text(float(value))
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"


def _list(value: list[object], run: Run, dialect: Dialect, depth: int) -> str:
    """Join a list as Array.prototype.join does (§23.1.3.18), nested lists without brackets."""
    if depth > run.limits.max_depth:
        raise LimitExceeded(Bound.DEPTH)
    run.spend(len(value))
    texts = [
        _list(item, run, dialect, depth + 1) if isinstance(item, list) else printed(item, run, dialect)
        for item in value
    ]
    run.occupy(sum(map(len, texts)) + len(texts))
    return ",".join(texts)
