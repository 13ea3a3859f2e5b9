"""What CloudWatch answers to a mistake, in its own words.

Refs: API reference, "Common Errors" and the errors of each operation; texts as AWS's tools print them.
"""

from __future__ import annotations

from hatobin.words.errors import CallerError


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
