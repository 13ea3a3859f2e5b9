"""Errors on their way out: which code, status and fault each protocol and service shows.

Three sources: `CallerError` from operations, signatures that are not
believed, and our own failures, of which the caller learns nothing but the
request id.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.gateway.addressing import Address
from hatobin.protocols.aws.claims import Fault, SignatureRefused
from hatobin.protocols.aws.model import ServiceModel
from hatobin.protocols.aws.query import QueryWire
from hatobin.protocols.aws.wire import Refusal
from hatobin.words.errors import CallerError
from hatobin.words.settings import table_name

COVERAGE_PAGE = "docs/coverage.md"
ONLY_HERE = frozenset({"ses", "iam", "sts"})
"""Services, by signing name, that are never somewhere else: mail, and the keys that calls are signed with."""


@dataclass(frozen=True, slots=True)
class _SignatureError:
    """The names of one fault in Query services and in JSON services."""

    query_code: str
    query_status: int
    json_code: str
    json_status: int


# Observed: SES v1 answers SignatureDoesNotMatch and InvalidClientTokenId, SES v2
# InvalidSignatureException and UnrecognizedClientException (mautic#9879, django-ses#283).
_SIGNATURE_ERRORS = {
    Fault.MISSING: _SignatureError("MissingAuthenticationToken", 403, "MissingAuthenticationTokenException", 403),
    Fault.INCOMPLETE: _SignatureError("IncompleteSignature", 400, "IncompleteSignatureException", 403),
    Fault.UNKNOWN_KEY: _SignatureError("InvalidClientTokenId", 403, "UnrecognizedClientException", 403),
    Fault.EXPIRED_TOKEN: _SignatureError("ExpiredToken", 403, "ExpiredTokenException", 403),
    Fault.MISMATCH: _SignatureError("SignatureDoesNotMatch", 403, "InvalidSignatureException", 403),
    Fault.EXPIRED: _SignatureError("SignatureDoesNotMatch", 403, "InvalidSignatureException", 403),
}


def caller_refusal(service: ServiceModel, error: CallerError) -> Refusal:
    """Give a caller's error as the model has it; an unmodelled code keeps the status it carries.

    Operations may name an error by its shape or by its code on the wire.
    """
    model = service.errors.get(error.code)
    if model is None:
        model = next((m for m in service.errors.values() if error.code in (m.code, m.query_code)), None)
    if model is None:
        return _plain(error.code, error.message, error.status)
    return Refusal(model.code, error.message, model.status, model.query_code, model.is_sender_fault)


def signature_refusal(address: Address, refused: SignatureRefused) -> Refusal:
    """Give a signature's error under the name that the protocol uses."""
    error = _SIGNATURE_ERRORS[refused.fault]
    if isinstance(address.wire, QueryWire):
        return _plain(error.query_code, refused.message, error.query_status)
    return _plain(error.json_code, refused.message, error.json_status)


def unknown_refusal(address: Address) -> Refusal:
    """Say that an operation has no function here, or that no operation was meant."""
    if not address.name:
        if isinstance(address.wire, QueryWire):
            return _plain("MissingAction", "The request is missing an action or a required parameter.", 400)
        if not address.service.whole:
            return _plain("UnknownOperationException", "The requested operation is not recognized by the service.", 404)
    # The routes of a service that is served in part say nothing of the others.
    name = address.name or "has operations, of which the one that this route means"
    message = f"{address.service.name} {name} is not implemented by this server; {COVERAGE_PAGE} lists what is."
    if address.service.signing_name not in ONLY_HERE:
        message += f" With aws.{table_name(address.service.signing_name)}.endpoint_url it would be asked there."
    return _plain("NotImplementedException", message, 501)


def internal_refusal(service: ServiceModel) -> Refusal:
    """Give the answer for our own bug: it says nothing but that."""
    modelled = "InternalServiceErrorException"
    code = modelled if modelled in service.errors else "InternalFailure"
    return _plain(code, "An internal failure has occurred.", 500)


def unavailable_refusal() -> Refusal:
    """Give the answer for a store that cannot record anything now; SDKs try again."""
    return _plain("ServiceUnavailable", "The service is unavailable. Please try again later.", 503)


def _plain(code: str, message: str | None, status: int) -> Refusal:
    return Refusal(code, message, status, code, is_sender_fault=status < 500)
