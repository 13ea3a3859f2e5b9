"""Which operation a request means, and in which protocol it speaks.

Four ways lead to an operation: a REST path (`/v2/email/…`), `X-Amz-Target`,
`/service/<Service>/operation/<Operation>`, and `Action=` in a form or query.
Nothing here is trusted yet: who calls is decided afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from hatobin.gateway.http import HttpRequest
from hatobin.gateway.models import service_model
from hatobin.gateway.routes import Router
from hatobin.protocols.aws.compression import unpacked
from hatobin.protocols.aws.forms import parse_form
from hatobin.protocols.aws.json_rpc import JsonRpcWire
from hatobin.protocols.aws.model import OperationModel, ServiceModel
from hatobin.protocols.aws.query import QueryWire
from hatobin.protocols.aws.rest_json import RestJsonWire
from hatobin.protocols.aws.rpc_cbor import RpcCborWire
from hatobin.protocols.aws.wire import Malformed, Parcel, Wire

QUERY = QueryWire()
REST_JSON = RestJsonWire()
RPC_CBOR = RpcCborWire()
_RPC_CBOR_WITH_QUERY_ERRORS = RpcCborWire(has_query_errors=True)

_TARGETS = {
    "MailManagerSvc": "mailmanager",
    "AmazonSQS": "sqs",
    "GraniteServiceVersion20100801": "cloudwatch",
    "Firehose_20150804": "firehose",
    "AWSEvents": "events",
    "Logs_20140328": "logs",
}
_VERSIONS = {
    **{"2010-12-01": "ses", "2010-03-31": "sns", "2012-11-05": "sqs", "2011-06-15": "sts", "2010-05-08": "iam"},
    "2010-08-01": "cloudwatch",
}
# All services share one host here, and the links in notifications name no API: at AWS their host does.
_LINKED = {"ConfirmSubscription": "sns", "Unsubscribe": "sns"}
# By the name in a credential scope.
_QUERY_SERVICES = {**{name: name for name in ("ses", "sns", "sqs", "sts", "iam")}, "monitoring": "cloudwatch"}
# Whose refusals are XML although nothing in the request is a form: those, and what speaks REST with XML.
_XML_SERVICES = frozenset({*_QUERY_SERVICES, "route53", "cloudfront"})
# Services that moved from Query to JSON or CBOR: their clients still know the former error codes.
_WITH_QUERY_ERRORS = ("sqs", "cloudwatch")
_CBOR_PATH = re.compile(r"/service/([A-Za-z0-9_]+)/operation/([A-Za-z0-9_]+)/?\Z")
# Lambda dates its routes one by one; no other REST service here begins so.
_LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(?:functions|tags|event-source-mappings|layers|account-settings)", re.ASCII
)
_SCOPE_SERVICE = re.compile(r"(?:/|%2[Ff])([a-z0-9-]+)(?:/|%2[Ff])aws4_request")
# Names that cannot be an operation are not repeated in answers.
_OPERATION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}\Z")


class Address(Struct, frozen=True):
    """Where a request goes. `operation` is None for a name or path that the model does not know."""

    service: ServiceModel
    wire: Wire
    name: str
    operation: OperationModel | None
    labels: Mapping[str, str]
    form: Mapping[str, str]

    @property
    def is_certain(self) -> bool:
        """Whether the request names one of our operations by more than an action that other services have, too."""
        return self.operation is not None and (self.wire is not QUERY or self.form.get("Version", "") in _VERSIONS)

    def parcel(self, operation: OperationModel, request: HttpRequest) -> Parcel:
        """Give what the protocol reads the input from. Raises `Malformed` for a body that cannot be unpacked."""
        body = unpacked(request.body, request.headers.get("content-encoding", ""))
        return Parcel(operation, body, request.query, self.labels, self.form, request.headers)


def resolve(request: HttpRequest) -> Address:
    """Find the service, protocol and operation that a request names.

    Raises `Malformed` for a form that cannot be read. An unknown operation
    is an address without operation, in the protocol that the request speaks.
    """
    target = request.headers.get("x-amz-target")
    if target is not None:
        return _by_target(request, target)
    path = request.raw_path
    if (service := rest_service(path)) is not None:
        return _by_route(service, request)
    if path.startswith("/service/"):
        return _by_cbor_path(path)
    return _by_action(request)


def head_address(request: HttpRequest) -> Address:
    """Find the protocol of a request whose body is not to be read, to word a refusal in it."""
    path = request.raw_path
    if "x-amz-target" in request.headers or rest_service(path) is not None or path.startswith("/service/"):
        return resolve(request)
    return _named(service_model(_query_service(request, {})), QUERY, "")


def named_operation(request: HttpRequest, address: Address) -> str:
    """Give the operation that a request names for whatever service: "" for REST, where only the model would know."""
    if address.name:
        return address.name
    found = _CBOR_PATH.match(request.raw_path)
    name = request.headers.get("x-amz-target", "").rpartition(".")[2] if found is None else found[2]
    return _shown(name)


@cache
def json_wire(service: str, content_type: str) -> JsonRpcWire:
    """Give the JSON protocol of a service in the version that the content type names."""
    version = "1.1" if content_type == "application/x-amz-json-1.1" else service_model(service).json_version
    return JsonRpcWire(version, has_query_errors=service in _WITH_QUERY_ERRORS)


def rest_service(path: str) -> str | None:
    """Give the service whose routes begin as this path does.

    >>> rest_service("/v2/email/account"), rest_service("/2015-03-31/functions"), rest_service("/")
    ('sesv2', 'lambda', None)
    """
    if path.startswith(("/v2/email/", "/v1/email/")):
        return "sesv2"
    return "lambda" if _LAMBDA_PATH.match(path) else None


@cache
def _router(service: str) -> Router:
    return Router(service_model(service))


def _by_target(request: HttpRequest, target: str) -> Address:
    prefix, _, name = target.rpartition(".")
    service = _TARGETS.get(prefix)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    is_known_version = content_type in ("application/x-amz-json-1.0", "application/x-amz-json-1.1")
    wire = json_wire(service or "mailmanager", content_type if is_known_version else "")
    if service is None:
        return Address(service_model("mailmanager"), wire, "", None, {}, {})
    return _named(service_model(service), wire, name)


def _by_route(name: str, request: HttpRequest) -> Address:
    service = service_model(name)
    match = _router(name).match(request.method, request.raw_path)
    if match is None:
        return Address(service, REST_JSON, "", None, {}, {})
    return Address(service, REST_JSON, match.operation.name, match.operation, match.labels, {})


def _by_cbor_path(path: str) -> Address:
    match = _CBOR_PATH.match(path)
    if match is None or match[1] not in _TARGETS:
        return Address(service_model("mailmanager"), RPC_CBOR, "", None, {}, {})
    service = _TARGETS[match[1]]
    wire = _RPC_CBOR_WITH_QUERY_ERRORS if service in _WITH_QUERY_ERRORS else RPC_CBOR
    return _named(service_model(service), wire, match[2])


def _by_action(request: HttpRequest) -> Address:
    form: dict[str, str] = {}
    if request.query:
        form |= parse_form(request.query.encode("latin-1"))
    if request.body and _is_form(request):
        form |= parse_form(unpacked(request.body, request.headers.get("content-encoding", "")))
    service = service_model(_query_service(request, form))
    if service.name == "sqs" and request.raw_path not in ("", "/"):
        # Old SDKs post to the queue's own URL; its path names the queue as well as the URL does.
        form.setdefault("QueueUrl", request.raw_path)
    name = form.get("Action", "")
    if not name and (scope := _scope_service(request)) and scope not in _XML_SERVICES:
        return Address(service, REST_JSON, "", None, {}, form)
    operation = service.operations.get(name)
    return Address(service, QUERY, _shown(name), operation, {}, form)


def _is_form(request: HttpRequest) -> bool:
    content_type = request.headers.get("content-type", "application/x-www-form-urlencoded")
    return content_type.lower().startswith("application/x-www-form-urlencoded")


def _query_service(request: HttpRequest, form: Mapping[str, str]) -> str:
    """Give the service of a Query request: by API version, else by credential scope, else by a link's action."""
    by_version = _VERSIONS.get(form.get("Version", ""))
    if by_version is not None:
        return by_version
    scope = _scope_service(request)
    if not scope:
        return _LINKED.get(form.get("Action", ""), "ses")
    return _QUERY_SERVICES.get(scope, "ses")


def _scope_service(request: HttpRequest) -> str:
    """Give the service in the credential scope of a request, as it says; "" for an unsigned one."""
    scope = _SCOPE_SERVICE.search(request.headers.get("authorization") or request.query)
    return "" if scope is None else scope[1]


def _named(service: ServiceModel, wire: Wire, name: str) -> Address:
    return Address(service, wire, _shown(name), service.operations.get(name), {}, {})


def _shown(name: str) -> str:
    return name if _OPERATION_NAME.match(name) else ""


__all__ = ["Address", "Malformed", "head_address", "named_operation", "resolve"]
