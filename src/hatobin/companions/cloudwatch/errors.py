"""What CloudWatch answers to a mistake, in its own words.

Refs: API reference, "Common Errors" and the errors of each operation; texts as AWS's tools print them.
"""

from __future__ import annotations

from hatobin.words.errors import CallerError

_LAST_MOMENT = 253_402_300_800
"""The end of the year 9999."""
_LARGEST_PLACE = 2**53


def validation_error(text: str) -> CallerError:
    """Say that a request breaks a rule that the model does not have."""
    return CallerError("ValidationError", text)


def invalid_value(text: str) -> CallerError:
    """Say that a value cannot be."""
    return CallerError("InvalidParameterValueException", text)


def invalid_combination(text: str) -> CallerError:
    """Say that values do not go together."""
    return CallerError("InvalidParameterCombinationException", text)


def missing(text: str) -> CallerError:
    """Say that something is not given."""
    return CallerError("MissingRequiredParameterException", text)


def invalid_token(_token: str) -> CallerError:
    """Say that a token is not one of ours, or of another list."""
    return CallerError("InvalidNextToken", "The next token specified is invalid.")


def start_after_end() -> CallerError:
    """Say that there is no time between two moments."""
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.")


def check_moment(at: float, name: str) -> None:
    """Refuse what is no moment that a store could hold. Raises `CallerError`."""
    if not 0 <= at < _LAST_MOMENT:
        raise invalid_value(f"The parameter {name} must be a time between 1970 and 9999.")


def place_in(cursor: tuple[str | float, ...] | None) -> int:
    """Read a token's place that is a whole number. Raises `CallerError` for one that somebody made up."""
    if cursor is None:
        return 0
    if not 0 <= float(cursor[0]) <= _LARGEST_PLACE:
        raise invalid_token("")
    return int(float(cursor[0]))
