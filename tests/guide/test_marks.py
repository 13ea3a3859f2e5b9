"""The marks themselves: a waiting test may fail in one way only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guide.marks import CommandFailed, NotThereYet, there_must_be, waits_for


def _client_error(code: str, text: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text}}, "Operation")


def _waiting(error: Exception) -> Callable[[], Any]:
    def attempt() -> None:
        raise error

    return waits_for("pigeons")(attempt)


@pytest.mark.parametrize(
    "error",
    [
        _client_error("NotImplementedException", "ses Fly is not implemented by this server"),
        _client_error("BadRequestException", "PinpointDestination is not supported by this server yet"),
        CommandFailed("An error occurred (NotImplementedException) when calling the Fly operation"),
    ],
)
def test_an_absent_capability_is_told_by_its_name(error: Exception) -> None:
    with pytest.raises(NotThereYet, match="waits for pigeons"):
        _waiting(error)()


@pytest.mark.parametrize(
    "error",
    [
        _client_error("BadRequestException", "The pigeon is malformed."),
        _client_error("InternalFailure", "An internal failure has occurred."),
        CommandFailed("Unknown options: --pigeon"),
        AssertionError("three pigeons, not two"),
        KeyError("pigeon"),
    ],
)
def test_any_other_failure_stays_a_failure(error: Exception) -> None:
    with pytest.raises(type(error)) as kept:
        _waiting(error)()
    assert kept.value is error


def test_the_mark_is_strict_and_knows_its_reason() -> None:
    [mark] = _waiting(KeyError()).pytestmark  # type: ignore[attr-defined]
    assert mark.kwargs == {"reason": "waits for pigeons", "raises": NotThereYet, "strict": True}


def test_there_must_be() -> None:
    there_must_be("a page", "no page")
    with pytest.raises(NotThereYet, match="no page"):
        there_must_be("", "no page")
