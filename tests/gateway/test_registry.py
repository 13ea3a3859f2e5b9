"""The registry refuses what cannot be meant."""

from __future__ import annotations

import pytest

from hatobin.gateway import Call, operation, registered_operations
from hatobin.gateway.models.sts import GetFederationTokenRequest


def test_an_operation_that_the_model_does_not_have_is_refused_at_once() -> None:
    with pytest.raises(LookupError, match="no operation SendPigeon"):
        operation("ses", "SendPigeon")
    with pytest.raises(KeyError):
        operation("pigeons", "Send")


def test_a_second_function_for_an_operation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatobin.gateway.registry._registered", {})

    async def first(call: Call, request: GetFederationTokenRequest) -> None:
        """Stand for one function."""

    assert operation("sts", "GetFederationToken")(first) is first
    assert registered_operations()["sts", "GetFederationToken"] is first
    with pytest.raises(LookupError, match="two functions"):
        operation("sts", "GetFederationToken")(first)


def test_the_map_that_is_given_out_is_frozen() -> None:
    with pytest.raises(TypeError):
        registered_operations()["ses", "SendEmail"] = None  # type: ignore[index]
