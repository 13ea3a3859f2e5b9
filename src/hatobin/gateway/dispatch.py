"""One request, from bytes to its operation and back; reads like a table of contents.

    address → caller → typed request → permission → operation → answer

What goes wrong is answered in the protocol that the request speaks, always
with a request id. Our own bugs are logged with that id and tell the caller
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from hatobin.gateway.addressing import QUERY, Address, head_address, resolve
from hatobin.gateway.authentication import Caller, authenticate
from hatobin.gateway.authorization import authorize
from hatobin.gateway.call import Call, Services
from hatobin.gateway.credentials import Credentials
from hatobin.gateway.decoding import decode, malformed_error
from hatobin.gateway.elsewhere import Elsewhere, Nowhere, check_foreign, not_served
from hatobin.gateway.errors import (
    caller_refusal,
    internal_refusal,
    signature_refusal,
    unavailable_refusal,
    unknown_refusal,
)
from hatobin.gateway.http import HttpRequest, HttpResponse
from hatobin.gateway.models import service_model
from hatobin.gateway.rationing import Rationing
from hatobin.gateway.registry import Handlers
from hatobin.ports import Ports, run_by_size
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.aws.claims import SignatureRefused
from hatobin.protocols.aws.model import OperationModel
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Answer, Malformed, Refusal
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

T = TypeVar("T")

_log = structlog.get_logger("hatobin.gateway")


class Gateway:
    """Answers AWS requests with the registered operations."""

    def __init__(
        self,
        *,
        ports: Ports,
        settings: Settings,
        services: Services,
        credentials: Credentials,
        handlers: Handlers,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._ports = ports
        self._settings = settings
        self._services = services
        self._credentials = credentials
        self._handlers = handlers
        self._elsewhere = Nowhere() if elsewhere is None else elsewhere
        self._rationing = Rationing(settings.account.max_api_rate)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; never raises for what the request holds or the operation does."""
        request_id = self._ports.entropy.uuid()
        try:
            address = await self._beside(request, lambda: resolve(request))
        except Malformed as malformed:
            service = service_model("ses")
            refusal = caller_refusal(service, malformed_error(service.name, malformed))
            return _response(QUERY.refuse(service, refusal, request_id))
        try:
            return await self._answer(request, address, request_id)
        except Exception as error:  # The last line: whatever it is, the caller gets an answer and we a record.
            return _response(
                address.wire.refuse(address.service, self._refusal(error, address, request_id), request_id)
            )

    def refuse(self, request: HttpRequest, error: CallerError) -> HttpResponse:
        """Answer a request that the server does not let through (too large), in its own protocol."""
        address = head_address(request)
        refusal = caller_refusal(address.service, error)
        return _response(address.wire.refuse(address.service, refusal, self._ports.entropy.uuid()))

    async def _answer(self, request: HttpRequest, address: Address, request_id: str) -> HttpResponse:
        caller = await authenticate(
            request, address, self._credentials, now=self._ports.clock.now(), threads=self._ports.threads
        )
        service, operation = address.service, address.operation
        is_ours = caller.service in ("", service.signing_name)
        handler = self._handlers.get((service.name, address.name)) if is_ours else None
        if caller.service and self._elsewhere.takes(caller.service, is_ours=is_ours, is_served=handler is not None):
            return await self._ask_elsewhere(request, address, caller, request_id)
        if not is_ours:
            raise not_served(caller.service)
        if operation is None or handler is None:
            return _response(address.wire.refuse(service, unknown_refusal(address), request_id))
        self._rationing.check(
            service.name, operation.name, caller.principal.account_id, caller.region, self._ports.clock.monotonic()
        )
        value = await self._beside(request, lambda: _decoded(address, operation, request))
        call = self._call(service.name, operation.name, request, caller, request_id)
        await authorize(call, value)
        output = await handler(call, value)
        return _response(address.wire.answer(service, operation, output, request_id))

    async def _ask_elsewhere(
        self, request: HttpRequest, address: Address, caller: Caller, request_id: str
    ) -> HttpResponse:
        """Pass a call on if its caller may make it: as far as we can read it, as if it were answered here."""
        service, operation = address.service, address.operation
        is_ours = caller.service == service.signing_name
        call = self._call(service.name if is_ours else caller.service, address.name, request, caller, request_id)
        if is_ours and operation is not None:
            await authorize(call, await self._beside(request, lambda: _decoded(address, operation, request)))
        else:
            check_foreign(call, caller, address, request)
        return await self._elsewhere.ask(request, caller.service, caller.region)

    def _call(self, service: str, operation: str, request: HttpRequest, caller: Caller, request_id: str) -> Call:
        return Call(
            service=service,
            operation=operation,
            principal=caller.principal,
            permissions=caller.permissions,
            region=caller.region,
            request_id=request_id,
            source_ip=request.source_ip,
            tls_version=request.tls_version,
            user_agent=request.headers.get("user-agent", ""),
            ports=self._ports,
            settings=self._settings,
            services=self._services,
        )

    async def _beside(self, request: HttpRequest, work: Callable[[], T]) -> T:
        """Do something with a request's body; a large one does not hold up the others."""
        return await run_by_size(self._ports.threads, len(request.body), work)

    def _refusal(self, error: Exception, address: Address, request_id: str) -> Refusal:
        log = _log.bind(service=address.service.name, operation=address.name, request_id=request_id)
        if isinstance(error, SignatureRefused):
            return signature_refusal(address, error)
        if isinstance(error, CallerError):
            if error.hint is not None:
                log.warning("refused", code=error.code, hint=error.hint)
            return caller_refusal(address.service, error)
        if isinstance(error, DatabaseUnavailable):
            log.error("store unavailable", error=str(error))
            return unavailable_refusal()
        log.error("operation failed", exc_info=error)
        return internal_refusal(address.service)


def _decoded(address: Address, operation: OperationModel, request: HttpRequest) -> Shape:
    try:
        parcel = address.parcel(operation, request)
    except Malformed as malformed:
        raise malformed_error(address.service.name, malformed) from None
    return decode(address.service.name, address.wire, parcel)


def _response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.status, answer.headers, answer.body)
