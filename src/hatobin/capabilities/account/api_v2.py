"""The account's operations in SES v2."""

from __future__ import annotations

from hatobin.capabilities.account import quota, store
from hatobin.capabilities.account.model import AccountStanding
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    GetAccountRequest,
    GetAccountResponse,
    PutAccountSendingAttributesRequest,
    PutAccountSuppressionAttributesRequest,
    SendQuota,
    SuppressionAttributes,
)
from hatobin.ports import Session

HEALTHY = "HEALTHY"
"""The only enforcement status of a server that nobody reviews (others: PROBATION, SHUTDOWN)."""


@operation("sesv2", "GetAccount")
async def get_account(call: Call, request: GetAccountRequest) -> GetAccountResponse:
    """Show how the account stands in this region.

    Details and VdmAttributes stay absent until they are set (appendix F).
    """
    now = call.ports.clock.now()

    def look(session: Session) -> tuple[AccountStanding, int]:
        return (
            store.standing(session, call.account_id, call.region, call.settings),
            quota.sent_last_24_hours(session, call.account_id, call.region, now),
        )

    standing, sent = await call.ports.database.read(look)
    return GetAccountResponse(
        dedicated_ip_auto_warmup_enabled=True,
        enforcement_status=HEALTHY,
        production_access_enabled=not standing.sandboxed,
        send_quota=SendQuota(
            max24_hour_send=float(standing.limits.max_24_hour_send),
            max_send_rate=standing.limits.shown_send_rate,
            sent_last24_hours=float(sent),
        ),
        sending_enabled=standing.sending_enabled,
        suppression_attributes=SuppressionAttributes(suppressed_reasons=list(standing.suppressed_reasons)),  # type: ignore[arg-type]
    )


@operation("sesv2", "PutAccountSendingAttributes")
async def put_account_sending_attributes(call: Call, request: PutAccountSendingAttributesRequest) -> None:
    """Pause or resume all sending of the account in this region."""
    enabled = bool(request.sending_enabled)
    await call.ports.database.write(
        lambda s: store.put_sending_enabled(s, call.account_id, call.region, enabled=enabled)
    )


@operation("sesv2", "PutAccountSuppressionAttributes")
async def put_account_suppression_attributes(call: Call, request: PutAccountSuppressionAttributesRequest) -> None:
    """Set for which reasons the account's suppression list is kept and obeyed; none turns it off."""
    reasons = tuple(dict.fromkeys(request.suppressed_reasons or ()))
    await call.ports.database.write(lambda s: store.put_suppressed_reasons(s, call.account_id, call.region, reasons))
