"""What a boto3 client makes of an error answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def error_of(call: Callable[..., Any], **arguments: Any) -> tuple[str, str, int]:
    """Call an operation that must be refused; give its code, its text and its HTTP status."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    error = response["Error"]
    return error["Code"], error.get("Message", ""), response["ResponseMetadata"]["HTTPStatusCode"]


def body_of(answer: dict[str, Any]) -> dict[str, Any]:
    """Give an answer without what the transport added."""
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
