"""What a test of the guide says about its sample; `tests/tidy/test_guide_docs.py` compares it with the pages.

- No mark: the corrected sample runs here.
- `waits_for`: it will run once the named capability is there. The test is
  written as it must pass then, and is expected to fail until then, only in
  the way in which a server without that capability answers.
- `printed_form`: the test shows what becomes of the sample as it is printed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import pytest
from botocore.exceptions import ClientError

Test = TypeVar("Test", bound=Callable[..., Any])
Printed = Literal["cannot work", "works in part", "no code"]

# How a server answers that does not have the operation, the service, or this use of an operation.
_UNKNOWN_OPERATION = ("NotImplementedException", "is not implemented by this server")
_UNKNOWN_SERVICE = ("Credential should be scoped to correct service", "UnknownOperationException", "MissingAction")
_UNKNOWN_USE = ("is not supported by this server yet",)
_ABSENT = (*_UNKNOWN_OPERATION, *_UNKNOWN_SERVICE, *_UNKNOWN_USE)


class NotThereYet(Exception):
    """The capability is absent. Every other failure of a waiting test is a failure."""


class CommandFailed(AssertionError):
    """A command ended with an error; the text is what it wrote to stderr."""


def waits_for(*capabilities: str) -> Callable[[Test], Test]:
    """Expect a test to fail until these capabilities are there; when it passes, the mark must go."""
    reason = f"waits for {', '.join(capabilities)}"

    def mark(test: Test) -> Test:
        @functools.wraps(test)
        def attempt(*arguments: Any, **named: Any) -> None:
            try:
                test(*arguments, **named)
            except (ClientError, CommandFailed) as error:
                if not _says_absent(error):
                    raise
                raise NotThereYet(f"{reason}: {error}") from error

        marked: Any = pytest.mark.xfail(reason=reason, raises=NotThereYet, strict=True)(attempt)
        return marked  # type: ignore[no-any-return]

    return mark


def printed_form(outcome: Printed) -> Callable[[Test], Test]:
    """Say that this test shows what becomes of the printed form; "works" needs no test of its own."""
    assert outcome in ("cannot work", "works in part", "no code")
    return lambda test: test


def there_must_be(there: object, what: str) -> None:
    """Say that a capability is absent where no answer says so: a page, a header, a setting."""
    if not there:
        raise NotThereYet(what)


def _says_absent(error: Exception) -> bool:
    text = f"{error} {error.response['Error']}" if isinstance(error, ClientError) else str(error)
    return any(sign in text for sign in _ABSENT)
