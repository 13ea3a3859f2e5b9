"""Every operation of every service, both ways: botocore writes and we read, we write and botocore reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from hatobin.gateway import HttpRequest, HttpResponse
from hatobin.gateway.addressing import RPC_CBOR, resolve
from hatobin.gateway.decoding import decode
from hatobin.gateway.models import SERVICES, service_model
from hatobin.protocols.aws.model import OperationModel
from hatobin.protocols.aws.nodes import wire_value
from hatobin.protocols.aws.query import QueryWire
from hatobin.protocols.aws.rpc_cbor import RpcCborWire
from hatobin.protocols.aws.wire import Answer
from tests.gateway.exchange import client
from tests.gateway.samples import MOMENT, sample, service, variants

OPERATIONS = [(name, operation) for name in SERVICES for operation in service_model(name).operations]
CBOR = "smithy-rpc-v2-cbor"
REQUEST_ID = "11111111-2222-4333-8444-555555555555"


class Captured(Exception):
    """Carries a request out of botocore, which then expects no answer."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request


def _capture(request: HttpRequest) -> HttpResponse:
    raise Captured(request)


def _arguments(shape: Any) -> Iterator[dict[str, Any]]:
    yield sample(shape, required_only=True)
    for variant in range(variants(shape)):
        yield sample(shape, variant=variant)


def _epoch(value: Any) -> Any:
    """Give sample values with moments as epoch seconds, as our types hold them."""
    if isinstance(value, dict):
        return {key: _epoch(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_epoch(item) for item in value]
    return value.timestamp() if isinstance(value, datetime) else value


def _without_empty(value: Any) -> Any:
    """Leave out empty structures: a form cannot say that they are there."""
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item != {}}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_what_botocore_writes_we_read(name: str, operation: str) -> None:
    shape = service(name).operation_model(operation).input_shape
    for arguments in [{}] if shape is None else _arguments(shape):
        boto = client(name)
        boto.server = _capture
        with pytest.raises(Captured) as captured:
            boto.call(operation, arguments)
        address = resolve(captured.value.request)
        assert (address.service.name, address.name) == (name, operation)
        assert address.operation is not None
        if isinstance(address.wire, QueryWire) and _without_empty(arguments) != arguments:
            continue
        value = decode(name, address.wire, address.parcel(address.operation, captured.value.request))
        read = wire_value(value)
        for token in service(name).operation_model(operation).idempotent_members:
            # botocore makes the token itself where the caller gives none.
            arguments.setdefault(token, read.get(token))
        assert read == _epoch(arguments)


def _read(answer: dict[str, Any]) -> dict[str, Any]:
    """Read a body that is no JSON."""
    return {key: value.read() if hasattr(value, "read") else value for key, value in answer.items()}


def _with_status(output: dict[str, Any], model: OperationModel) -> dict[str, Any]:
    """Add what an HTTP answer always has, where the operation shows it as a member."""
    status = {model.answered_status: model.status} if model.answered_status else {}
    return status | ({model.answered_payload: b""} if model.answered_payload else {}) | output


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_what_we_write_botocore_reads(name: str, operation: str) -> None:
    shape = service(name).operation_model(operation).output_shape
    model = service_model(name).operations[operation]
    given = service(name).operation_model(operation).input_shape
    arguments = {} if given is None else sample(given)
    for output in [{}] if shape is None else _arguments(shape):
        value = None if model.output is None else msgspec.convert(_epoch(output), model.output)

        def serve(request: HttpRequest, value: Any = value) -> HttpResponse:
            address = resolve(request)
            assert address.operation is not None
            answer = address.wire.answer(address.service, address.operation, value, REQUEST_ID)
            return HttpResponse(answer.status, answer.headers, answer.body)

        boto = client(name)
        boto.server = serve
        assert _read(boto.call(operation, arguments)) == _with_status(output, model)
        assert boto.metadata["RequestId"] == REQUEST_ID


@pytest.mark.parametrize(
    ("name", "operation"),
    [(name, operation) for name in ("mailmanager", "sqs") for operation in service(name).operation_names],
)
def test_services_of_json_speak_cbor_too(name: str, operation: str) -> None:
    model, ours = service(name).operation_model(operation), service_model(name).operations[operation]
    serializer = create_serializer(CBOR, include_validation=False)
    for arguments in _arguments(model.input_shape):
        written = serializer.serialize_to_request(arguments, model)
        request = HttpRequest("POST", written["url_path"], "", {}, written["body"], "192.0.2.7")
        address = resolve(request)
        assert (address.service.name, address.name) == (name, operation)
        assert isinstance(address.wire, RpcCborWire)
        value = decode(name, RPC_CBOR, address.parcel(ours, request))
        assert wire_value(value) == _epoch(arguments)
    for output in () if model.output_shape is None else _arguments(model.output_shape):
        assert ours.output is not None
        answer = RPC_CBOR.answer(address.service, ours, msgspec.convert(_epoch(output), ours.output), REQUEST_ID)
        assert _parsed(answer, model.output_shape) == output


def _parsed(answer: Answer, shape: Any) -> dict[str, Any]:
    parser = create_parser(CBOR)
    response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
    parsed: dict[str, Any] = parser.parse(response, shape)
    assert parsed.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    return parsed


def test_the_samples_hold_moments_and_bytes() -> None:
    """The round trips above would prove little if no sample held what needs converting."""
    outputs = service("ses").operation_model("GetSendStatistics").output_shape
    assert sample(outputs)["SendDataPoints"][0]["Timestamp"] == MOMENT
    assert isinstance(sample(service("ses").operation_model("SendRawEmail").input_shape)["RawMessage"]["Data"], bytes)
