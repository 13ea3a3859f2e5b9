"""From which region a message is sent that names a multi-region endpoint.

It is the primary one, as long as the message can be sent from there: its
sender is verified and the account's sending is on. Otherwise it is the
secondary one. Where neither will have it, the caller is told what the primary
one said. Everything else (sets, templates, quotas, lists) is that of the
region taken; SES too wants both to have the same.

Deviates: SES divides traffic between two healthy regions. Here both are the
same server, so there is nothing to balance.

Refs: AWS developer guide "global-endpoints"; API reference v2, SendEmail
(`EndpointId`). Such requests are signed with Version 4A for any region.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec.structs import replace

from hatobin.capabilities import multi_region_endpoints
from hatobin.flow.outbound import refusals
from hatobin.gateway import Call

T = TypeVar("T")

_ELSEWHERE = (refusals.NotVerified, refusals.AccountPaused)


async def in_its_region(call: Call, endpoint_id: str | None, send: Callable[[Call], Awaitable[T]]) -> T:
    """Do `send` for the region of the call, or for the first region of the endpoint that takes it.

    Raises what `send` raises, and `NoSuchEndpoint`.
    """
    if endpoint_id is None:
        return await send(call)
    found = await call.ports.database.read(
        lambda session: multi_region_endpoints.find_by_id(session, call.account_id, endpoint_id)
    )
    if found is None:
        raise refusals.NoSuchEndpoint(endpoint_id)
    primary, secondary = found.regions
    try:
        return await send(replace(call, region=primary))
    except _ELSEWHERE as refusal:
        first = refusal
    try:
        return await send(replace(call, region=secondary))
    except _ELSEWHERE:
        raise first from None
