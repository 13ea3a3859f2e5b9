"""The door for AWS requests: from bytes to one typed function, and back.

An operation is one function:

    @operation("sesv2", "PutSuppressedDestination")
    async def put_suppressed_destination(call: Call, request: PutSuppressedDestinationRequest) -> None: ...

Its types come from `hatobin.gateway.models.<service>`. It raises `CallerError`
for what the caller did wrong; everything else that it raises is our own bug.
"""

from __future__ import annotations

from hatobin.gateway.addressing import rest_service
from hatobin.gateway.authorization import (
    API_VERSIONS,
    access_denied,
    call_context,
    check_action,
    identity_reason,
    request_context,
    tag_context,
)
from hatobin.gateway.call import Call, Principal, Services
from hatobin.gateway.credentials import Credential, Credentials
from hatobin.gateway.dispatch import Gateway
from hatobin.gateway.elsewhere import Elsewhere
from hatobin.gateway.errors import ONLY_HERE
from hatobin.gateway.http import HttpRequest, HttpResponse, joined_headers
from hatobin.gateway.permissions import Permissions, all_permissions, permissions_of
from hatobin.gateway.registry import Handler, Handlers, operation, registered_operations
from hatobin.gateway.resources import ResourceFacts

__all__ = [
    "API_VERSIONS",
    "ONLY_HERE",
    "Call",
    "Credential",
    "Credentials",
    "Elsewhere",
    "Gateway",
    "Handler",
    "Handlers",
    "HttpRequest",
    "HttpResponse",
    "Permissions",
    "Principal",
    "ResourceFacts",
    "Services",
    "access_denied",
    "all_permissions",
    "call_context",
    "check_action",
    "identity_reason",
    "joined_headers",
    "operation",
    "permissions_of",
    "registered_operations",
    "request_context",
    "rest_service",
    "tag_context",
]
