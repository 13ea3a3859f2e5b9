"""The door for AWS requests over HTTP: an ASGI callable before the gateway, and what uvicorn lacks.

`ApiApp` turns ASGI messages into the gateway's values and back, with
`BodyBudget` for large bodies; `TrustedProxies` say where a request comes from.
`is_aws_request` tells requests for AWS APIs from local paths.
`LimitedHttpProtocol` is the connection class that bounds heads and waiting,
`Admission` bounds connections.
"""

from __future__ import annotations

from hatobin.servers.api.admission import Admission, HttpTraffic, Place
from hatobin.servers.api.asgi import ApiApp, is_aws_request
from hatobin.servers.api.budget import SMALL_BODY_BYTES, BodyBudget
from hatobin.servers.api.connection import ConnectionLimits, LimitedHttpProtocol
from hatobin.servers.api.forwarding import TrustedProxies

__all__ = [
    "SMALL_BODY_BYTES",
    "Admission",
    "ApiApp",
    "BodyBudget",
    "ConnectionLimits",
    "HttpTraffic",
    "LimitedHttpProtocol",
    "Place",
    "TrustedProxies",
    "is_aws_request",
]
