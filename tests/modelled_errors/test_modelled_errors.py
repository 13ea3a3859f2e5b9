"""Every error that the model lists for an operation is provoked through a real client, or its absence has a reason."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.app import operations
from hatobin.gateway.models import service_model
from tests.api.harness import REGION, Api
from tests.gateway.exchange import Client
from tests.gateway.samples import service
from tests.modelled_errors import (
    access,
    cloudwatch,
    companions,
    deliverability,
    destinations,
    functions,
    insights,
    jobs,
    sending,
    tenants,
    v1,
    v2,
)
from tests.modelled_errors.provocation import LAST_HANDLE, Provocation
from tests.modelled_errors.reasons import ANY, REASONS, reason_of
from tests.modelled_errors.stages import STAGES

PROVOCATIONS: tuple[Provocation, ...] = (
    *v1.ALL,
    *v2.ALL,
    *sending.ALL,
    *tenants.ALL,
    *jobs.ALL,
    *insights.ALL,
    *companions.ALL,
    *destinations.ALL,
    *deliverability.ALL,
    *functions.ALL,
    *access.ALL,
    *cloudwatch.ALL,
)
MODELLED = {
    (name, operation, error.name)
    for name, operation in operations.handlers()
    for error in service(name).operation_model(operation).error_shapes
}


@pytest.mark.parametrize("stage", STAGES)
def test_each_error_can_be_provoked(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, prepare = STAGES[stage]
    api = Api(settings)
    monkeypatch.setattr("botocore.auth.get_current_datetime", api.now)
    names = ("ses", "sesv2", "sns", "sqs", "iam", "sts", "cloudwatch", "firehose", "events", "lambda", "logs")
    clients = {name: _client(name, api) for name in names}
    try:
        prepare(api, clients)
        here = [_with_handle(api, one) for one in PROVOCATIONS if one.stage == stage]
        wrong = [found for one in here if (found := _complaint(clients[one.service], one)) is not None]
    finally:
        api.close()
    assert here
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_error_of_the_model_has_a_provocation_or_a_reason() -> None:
    provoked = {one.pair for one in PROVOCATIONS}
    assert sorted(pair for pair in MODELLED - provoked if reason_of(pair) is None) == []


def test_nothing_is_provoked_that_the_model_does_not_have() -> None:
    assert sorted(one.pair for one in PROVOCATIONS if one.pair not in MODELLED) == []


def test_every_reason_is_needed() -> None:
    """A reason for what can be provoked would be a lie, unless sending alone has the error."""
    provoked = {one.pair for one in PROVOCATIONS}
    needless = [
        key
        for key in REASONS
        if not any(pair[0] == key[0] and key[1] in (ANY, pair[1]) and pair[2] == key[2] for pair in MODELLED - provoked)
    ]
    assert needless == []


@cache
def _known(name: str) -> Client:
    """Give a client that sends whatever it is told; making one takes longer than all of its calls."""
    return Client(name, region=REGION, validates=False)


def _client(name: str, api: Api) -> Any:
    known = _known(name)
    known.server = api._serve
    return known.boto


def _with_handle(api: Api, one: Provocation) -> Provocation:
    """Put the handle in that the server gave while its stage was set up."""
    if one.arguments.get("ReceiptHandle") != LAST_HANDLE:
        return one
    handles = [json.loads(answer.body)["Messages"] for answer in api.answers if b'"ReceiptHandle"' in answer.body]
    return replace(one, arguments={**one.arguments, "ReceiptHandle": handles[-1][0]["ReceiptHandle"]})


def _complaint(client: Any, one: Provocation) -> str | None:
    """Say how the answer to a provocation differs from what it must be; None where it does not."""
    expected = (one.error, one.text or "", service_model(one.service).errors[one.error].status)
    found = _answer(client, one)
    return None if found == expected else f"{one.pair}: {found} instead of {expected}"


def _answer(client: Any, one: Provocation) -> Any:
    method = next(name for name, wire in client.meta.method_to_api_mapping.items() if wire == one.operation)
    try:
        return getattr(client, method)(**one.arguments)
    except ClientError as error:
        text = error.response["Error"].get("Message") or ""
        # The class is what programs catch: `except client.exceptions.NotFoundException`.
        return type(error).__name__, text, error.response["ResponseMetadata"]["HTTPStatusCode"]
