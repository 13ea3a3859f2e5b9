"""The operation that a function is there for."""

from __future__ import annotations

import base64
import binascii
import json

import msgspec

from hatobin.companions.lambda_ import event_store
from hatobin.companions.lambda_.errors import invalid, unsupported
from hatobin.companions.lambda_.event_invocations import EventInvocations
from hatobin.companions.lambda_.fleet import Fleet
from hatobin.companions.lambda_.model import (
    LATEST,
    MAX_EVENT_BYTES,
    MAX_PAYLOAD_BYTES,
    Event,
    FunctionKey,
    NotRunnable,
    Throttled,
)
from hatobin.companions.lambda_.naming import named, open_function
from hatobin.companions.lambda_.sandbox import Invocation
from hatobin.gateway import Call, operation
from hatobin.gateway.models.lambda_ import InvocationRequest, InvocationResponse
from hatobin.ports import Session, run_by_size
from hatobin.words.errors import CallerError

MAX_CONTEXT_BYTES = 3583


@operation("lambda", "Invoke")
async def invoke(call: Call, request: InvocationRequest) -> InvocationResponse:
    """Run a function and answer with what it gives; or only say that it will run, or that it could."""
    key = named(call, request.function_name, request.qualifier)
    for member, name in ((request.durable_execution_name, "DurableExecutionName"), (request.tenant_id, "TenantId")):
        if member is not None:
            raise unsupported(name)
    kind = request.invocation_type or "RequestResponse"
    payload = await _payload(call, request.payload or b"", MAX_EVENT_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES)
    function = await call.ports.database.read(lambda session: open_function(session, key))
    if kind == "DryRun":
        return InvocationResponse(status_code=204, executed_version=LATEST)
    fleet = call.services.get(Fleet)
    if (obstacle := fleet.obstacle()) is not None:
        raise invalid(obstacle)
    if kind == "Event":
        await _enqueue(call, key, payload)
        return InvocationResponse(status_code=202)
    context = None if request.client_context is None else _context(request.client_context)
    try:
        outcome = await fleet.invoke(function, Invocation(call.request_id, payload, context))
    except Throttled:
        raise CallerError("TooManyRequestsException", "Rate Exceeded.", status=429) from None
    except NotRunnable as error:
        raise CallerError("InvalidParameterValueException", str(error)) from None
    return InvocationResponse(
        status_code=200,
        function_error=outcome.error,
        log_result=base64.b64encode(outcome.log_tail).decode() if request.log_type == "Tail" else None,
        payload=outcome.payload,
        executed_version=LATEST,
    )


async def _enqueue(call: Call, key: FunctionKey, payload: bytes) -> None:
    """Keep an invocation; it will happen once this returns, whatever becomes of this process."""
    event = Event(key, call.request_id, payload, call.ports.clock.now(), 0, 0)

    def work(session: Session) -> None:
        open_function(session, key)
        if event_store.count(session, key.account_id) >= call.settings.lambda_.max_queued:
            raise CallerError("TooManyRequestsException", "Rate Exceeded.", status=429)
        event_store.enqueue(session, event)

    await call.ports.database.write(work, turn="lambda")
    call.services.get(EventInvocations).notify()


async def _payload(call: Call, payload: bytes, limit: int) -> bytes:
    """Give a payload that is JSON; nothing at all is an empty object."""
    if len(payload) > limit:
        raise CallerError(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            status=413,
        )
    if not payload or payload.isspace():
        return b"{}"
    try:
        await run_by_size(call.ports.threads, len(payload), lambda: msgspec.json.decode(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CallerError(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None
    return payload


def _context(given: str) -> str:
    """Give the client's context as the function gets it: the JSON inside the base64."""
    try:
        if len(given) > MAX_CONTEXT_BYTES:
            raise ValueError
        # It travels on in a header, which is ASCII.
        return json.dumps(msgspec.json.decode(base64.b64decode(given.encode("ascii"), validate=True)))
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        raise CallerError(
            "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."
        ) from None
