"""Lambda's errors, as its API words them."""

from __future__ import annotations

from hatobin.companions.lambda_.model import FunctionKey
from hatobin.words.errors import CallerError


def invalid(text: str) -> CallerError:
    """Make the error of a parameter that cannot be."""
    return CallerError("InvalidParameterValueException", text)


def unsupported(what: str) -> CallerError:
    """Make the error of something that Lambda has and this server has not."""
    return invalid(f"{what} is not supported by this server.")


def constraint(value: object, member: str, rule: str) -> CallerError:
    """Make the error of a value that the service bounds more narrowly than its model."""
    return CallerError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}",
    )


def no_function(key: FunctionKey, qualifier: str = "") -> CallerError:
    """Make the error of a function that is not there."""
    return CallerError(
        "ResourceNotFoundException",
        f"Function not found: {key.arn}{':' if qualifier else ''}{qualifier}",
        status=404,
    )


def no_policy() -> CallerError:
    """Make the error of a policy that is not there."""
    return CallerError("ResourceNotFoundException", "The resource you requested does not exist.", status=404)


def changed_meanwhile(operation: str) -> CallerError:
    """Make the error of a revision that is not the last one."""
    return CallerError(
        "PreconditionFailedException",
        "The RevisionId provided does not match the latest RevisionId."
        f" Call the {operation} API to retrieve the latest RevisionId for your resource.",
        status=412,
    )
