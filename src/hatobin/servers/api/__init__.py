"""The door for AWS requests over HTTP: an ASGI callable before the gateway, and what uvicorn lacks.

`ApiApp` turns ASGI messages into the gateway's values and back.
`is_aws_request` tells requests for AWS APIs from local paths. `http_protocol`
makes the connection class that bounds heads and waiting.
"""

from __future__ import annotations

from hatobin.servers.api.asgi import ApiApp, is_aws_request
from hatobin.servers.api.connection import MAX_HEAD_BYTES, REQUEST_TIMEOUT_S, http_protocol

__all__ = ["MAX_HEAD_BYTES", "REQUEST_TIMEOUT_S", "ApiApp", "http_protocol", "is_aws_request"]
