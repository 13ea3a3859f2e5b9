"""The door for AWS requests: from bytes to one typed function, and back.

An operation is one function:

    @operation("sesv2", "PutSuppressedDestination")
    async def put_suppressed_destination(call: Call, request: PutSuppressedDestinationRequest) -> None: ...

Its types come from `hatobin.gateway.models.<service>`. It raises `CallerError`
for what the caller did wrong; everything else that it raises is our own bug.
"""

from __future__ import annotations

from hatobin.gateway.call import Call, Principal, Services
from hatobin.gateway.operation import Handler, Handlers, operation, registered_operations

__all__ = [
    "Call",
    "Handler",
    "Handlers",
    "Principal",
    "Services",
    "operation",
    "registered_operations",
]
