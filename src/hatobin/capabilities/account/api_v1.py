"""The account's operations in SES v1: quotas, statistics, and the switch for all sending."""

from __future__ import annotations

from hatobin.capabilities.account import enforcement, quota, store
from hatobin.capabilities.account.model import SendLimits
from hatobin.gateway import Call, operation
from hatobin.gateway.models.ses import (
    GetAccountSendingEnabledRequest,
    GetAccountSendingEnabledResponse,
    GetSendQuotaRequest,
    GetSendQuotaResponse,
    GetSendStatisticsRequest,
    GetSendStatisticsResponse,
    SendDataPoint,
    UpdateAccountSendingEnabledRequest,
)
from hatobin.ports import Session


@operation("ses", "GetSendQuota")
async def get_send_quota(call: Call, request: GetSendQuotaRequest) -> GetSendQuotaResponse:
    """Give the limits, and how many recipients of the last 24 hours count for the daily one."""
    now = call.ports.clock.now()

    def look(session: Session) -> tuple[SendLimits, int]:
        return (
            store.standing(session, call.account_id, call.region, call.settings).limits,
            quota.sent_last_24_hours(session, call.account_id, call.region, now),
        )

    allowed, sent = await call.ports.database.read(look)
    return GetSendQuotaResponse(
        max24_hour_send=float(allowed.max_24_hour_send),
        max_send_rate=allowed.shown_send_rate,
        sent_last24_hours=float(sent),
    )


@operation("ses", "GetSendStatistics")
async def get_send_statistics(call: Call, request: GetSendStatisticsRequest) -> GetSendStatisticsResponse:
    """Give two weeks of sending in points of 15 minutes."""
    now = call.ports.clock.now()
    points = await call.ports.database.read(lambda s: store.statistics(s, call.account_id, call.region, now))
    return GetSendStatisticsResponse(
        send_data_points=[
            SendDataPoint(
                timestamp=float(point.starts_at),
                delivery_attempts=point.attempts,
                bounces=point.bounces,
                complaints=point.complaints,
                rejects=point.rejects,
            )
            for point in points
        ]
    )


@operation("ses", "GetAccountSendingEnabled")
async def get_account_sending_enabled(
    call: Call, request: GetAccountSendingEnabledRequest
) -> GetAccountSendingEnabledResponse:
    """Say whether the account may send in this region."""
    enabled = await call.ports.database.read(lambda s: store.sending_enabled(s, call.account_id, call.region))
    return GetAccountSendingEnabledResponse(enabled=enabled)


@operation("ses", "UpdateAccountSendingEnabled")
async def update_account_sending_enabled(call: Call, request: UpdateAccountSendingEnabledRequest) -> None:
    """Pause or resume all sending of the account in this region; an absent flag pauses, as at AWS."""
    enabled, now = bool(request.enabled), call.ports.clock.now()
    await call.ports.database.write(
        lambda s: enforcement.put_sending_enabled(s, call.account_id, call.region, enabled=enabled, now=now)
    )
