"""Calls to AWS services that are not here: rightly signed, so the answer is not about the signature."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.harness import Api

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("list_tables", {}),
    "lambda": ("list_functions", {}),
    "ec2": ("describe_vpcs", {}),
    "kms": ("list_keys", {}),
}


@pytest.mark.parametrize("service", CALLS)
def test_the_answer_names_the_service(api: Api, service: str) -> None:
    operation, arguments = CALLS[service]
    with pytest.raises(ClientError) as caught:
        getattr(api.client(service), operation)(**arguments)
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "NotImplementedException" in str(response)
