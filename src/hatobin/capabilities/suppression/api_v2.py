"""The suppression list's operations. SES v1 has none.

Refs: surface.md §4.6, §4.9, appendices E and F; DEV-IS-11, DEV-CL-12.
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities import account
from hatobin.capabilities.suppression import store
from hatobin.capabilities.suppression.model import InvalidDestination, SuppressedDestination, TenantLists, key_of
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.sesv2 import (
    DeleteSuppressedDestinationRequest,
    GetSuppressedDestinationRequest,
    GetSuppressedDestinationResponse,
    ListSuppressedDestinationsRequest,
    ListSuppressedDestinationsResponse,
    PutSuppressedDestinationRequest,
    SuppressedDestinationAttributes,
    SuppressedDestinationSummary,
    SuppressionListReason,
)
from hatobin.gateway.paging import Cursor, Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="suppressed-destination",
    default_size=1000,
    max_size=1000,
    cursor=(float, str),
    token_error=lambda token: CallerError("InvalidNextTokenException", "Token is invalid."),
    size_error=lambda size: CallerError(
        "BadRequestException", f"Page size {size} is invalid, expected a number between 1 and 1000"
    ),
    empty_token_is_refused=True,
)


def _key(address: str) -> str:
    try:
        return key_of(address)
    except InvalidDestination as invalid:
        raise CallerError("BadRequestException", str(invalid)) from None


def _list_of(session: Session, call: Call, tenant_name: str | None) -> str:
    """Say which list a request means: the id of the tenant that it names, "" for the account's own."""
    if tenant_name is None:
        return ""
    if not tenant_name.strip():
        raise CallerError("BadRequestException", "TenantName cannot be empty")
    found = call.services.get(TenantLists).find_id(session, call.account_id, call.region, tenant_name)
    if found is None:
        raise CallerError("NotFoundException", f"The requested tenant <{tenant_name}> does not exist.", status=404)
    return found


def _not_found(key: str) -> CallerError:
    return CallerError("NotFoundException", f"Email address {key} does not exist on your suppression list.", status=404)


@operation("sesv2", "PutSuppressedDestination")
async def put_suppressed_destination(call: Call, request: PutSuppressedDestinationRequest) -> None:
    """Add an address to the suppression list of the account or of a tenant, or renew its reason."""
    key, now = _key(request.email_address), call.ports.clock.now()

    def put(session: Session) -> None:
        if account.sandboxed(session, call.account_id, call.region, call.settings):
            # Observed: LIVE-IAC (DEV-CL-12); reading the list stays possible.
            raise CallerError("BadRequestException", "Your account is still in the sandbox.")
        tenant_id = _list_of(session, call, request.tenant_name)
        store.add(session, call.account_id, call.region, key, request.reason, now, tenant_id=tenant_id)

    await call.ports.database.write(put)


@operation("sesv2", "GetSuppressedDestination")
async def get_suppressed_destination(
    call: Call, request: GetSuppressedDestinationRequest
) -> GetSuppressedDestinationResponse:
    """Show one entry; other spellings of the local part are other entries."""
    key = _key(request.email_address)

    def look(session: Session) -> SuppressedDestination | None:
        tenant_id = _list_of(session, call, request.tenant_name)
        return store.find(session, call.account_id, call.region, key, tenant_id=tenant_id)

    found = await call.ports.database.read(look)
    if found is None:
        raise _not_found(key)
    attributes = None
    if found.message_id is not None or found.feedback_id is not None:
        attributes = SuppressedDestinationAttributes(message_id=found.message_id, feedback_id=found.feedback_id)
    return GetSuppressedDestinationResponse(
        suppressed_destination=sesv2.SuppressedDestination(
            email_address=found.address,
            reason=_reason(found),
            last_update_time=found.updated_at,
            attributes=attributes,
            tenant_name=request.tenant_name,
        )
    )


@operation("sesv2", "DeleteSuppressedDestination")
async def delete_suppressed_destination(call: Call, request: DeleteSuppressedDestinationRequest) -> None:
    """Take an address off the list."""
    key = _key(request.email_address)

    def remove(session: Session) -> bool:
        tenant_id = _list_of(session, call, request.tenant_name)
        return store.remove(session, call.account_id, call.region, key, tenant_id=tenant_id)

    if not await call.ports.database.write(remove):
        raise _not_found(key)


@operation("sesv2", "ListSuppressedDestinations")
async def list_suppressed_destinations(
    call: Call, request: ListSuppressedDestinationsRequest
) -> ListSuppressedDestinationsResponse:
    """List the entries, the oldest first, by reason and by time of their last update.

    A token is bound to the filter that it was made with (probed), and to the list.
    """
    reasons = sorted(set(request.reasons or ()))
    scope = f"{','.join(reasons)}|{request.start_date}|{request.end_date}|{request.tenant_name or ''}"
    page = PAGING.start(call, request.page_size, request.next_token, scope)

    def look(session: Session) -> list[SuppressedDestination]:
        return store.page(
            session,
            call.account_id,
            call.region,
            page,
            tenant_id=_list_of(session, call, request.tenant_name),
            reason=reasons[0] if len(reasons) == 1 else None,  # There are two: both are no filter.
            since=request.start_date,
            until=request.end_date,
        )

    rows = await call.ports.database.read(look)
    shown, token = PAGING.finish(call, page, rows, _place, scope)
    return ListSuppressedDestinationsResponse(
        suppressed_destination_summaries=[
            SuppressedDestinationSummary(
                email_address=entry.address, reason=_reason(entry), last_update_time=entry.updated_at
            )
            for entry in shown
        ],
        next_token=token,
    )


def _place(entry: SuppressedDestination) -> Cursor:
    return (entry.updated_at, entry.address)


def _reason(entry: SuppressedDestination) -> SuppressionListReason:
    return cast(SuppressionListReason, entry.reason)
