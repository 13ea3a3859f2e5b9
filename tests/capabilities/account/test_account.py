"""What an account has set, what it shows, and what it has sent."""

from __future__ import annotations

from hatobin.capabilities import account
from hatobin.capabilities.account import SendLimits, StatisticsPoint, api_v1, api_v2
from hatobin.gateway.models import ses, sesv2
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_REGION, REGION, Room

QUARTER = 15 * 60
QUARTER_AT_NOON = int(NOON)


def standing(room: Room, region: str = REGION) -> account.AccountStanding:
    return room.transact(lambda s: account.standing(s, ACCOUNT, region, room.settings))


def test_a_fresh_account_sends_and_suppresses_for_both_reasons(room: Room) -> None:
    assert standing(room) == account.AccountStanding(True, False, ("BOUNCE", "COMPLAINT"), SendLimits(-1.0, -1))


def test_a_sandbox_has_its_own_limits(room: Room) -> None:
    room.configure(account={"sandbox": True})
    assert standing(room).sandboxed
    assert standing(room).limits == SendLimits(1.0, 200)


def test_production_access_is_given_by_region(room: Room) -> None:
    room.configure(account={"sandbox": True})
    room.transact(lambda s: account.put_production_access(s, ACCOUNT, REGION, granted=True))
    assert not standing(room).sandboxed
    assert standing(room, OTHER_REGION).sandboxed


async def test_sending_is_paused_by_one_door_and_seen_by_the_other(room: Room) -> None:
    await api_v1.update_account_sending_enabled(room.call(), ses.UpdateAccountSendingEnabledRequest(enabled=False))
    shown = await api_v2.get_account(room.call(), sesv2.GetAccountRequest())
    assert shown.sending_enabled is False
    assert not standing(room).sending_enabled
    await api_v2.put_account_sending_attributes(
        room.call(), sesv2.PutAccountSendingAttributesRequest(sending_enabled=True)
    )
    enabled = await api_v1.get_account_sending_enabled(room.call(), ses.GetAccountSendingEnabledRequest())
    assert enabled.enabled is True


async def test_an_empty_list_of_reasons_turns_suppression_off(room: Room) -> None:
    await api_v2.put_account_suppression_attributes(
        room.call(), sesv2.PutAccountSuppressionAttributesRequest(suppressed_reasons=["COMPLAINT", "COMPLAINT"])
    )
    assert standing(room).suppressed_reasons == ("COMPLAINT",)
    await api_v2.put_account_suppression_attributes(room.call(), sesv2.PutAccountSuppressionAttributesRequest())
    assert standing(room).suppressed_reasons == ()
    assert standing(room).sending_enabled


async def test_get_account_leaves_out_what_was_never_set(room: Room) -> None:
    shown = await api_v2.get_account(room.call(), sesv2.GetAccountRequest())
    assert shown.production_access_enabled is True
    assert shown.enforcement_status == "HEALTHY"
    assert shown.details is None
    assert shown.vdm_attributes is None
    assert shown.send_quota == sesv2.SendQuota(max24_hour_send=-1.0, max_send_rate=10_000.0, sent_last24_hours=0.0)


async def test_send_quota_counts_what_was_spent(room: Room) -> None:
    room.configure(account={"max_send_rate": 14.0, "max_24_hour_send": 50_000})
    room.transact(lambda s: account.spend(s, ACCOUNT, REGION, 3, NOON, SendLimits(14.0, 50_000)))
    shown = await api_v1.get_send_quota(room.call(), ses.GetSendQuotaRequest())
    assert shown == ses.GetSendQuotaResponse(max24_hour_send=50_000.0, max_send_rate=14.0, sent_last24_hours=3.0)


def test_statistics_are_gathered_in_quarters_of_an_hour(room: Room) -> None:
    for offset, delivered, bounced in ((0, 2, 0), (QUARTER - 1, 1, 1), (QUARTER, 0, 4)):
        room.transact(
            lambda s, o=offset, d=delivered, b=bounced: account.count(
                s, ACCOUNT, REGION, NOON + o, delivered=d, bounced=b
            )
        )
    room.transact(lambda s: account.count(s, ACCOUNT, REGION, NOON, complained=1, rejected=2))
    points = room.transact(lambda s: account.statistics(s, ACCOUNT, REGION, NOON + QUARTER))
    assert points == [
        StatisticsPoint(QUARTER_AT_NOON, attempts=4, bounces=1, complaints=1, rejects=2),
        StatisticsPoint(QUARTER_AT_NOON + QUARTER, attempts=4, bounces=4, complaints=0, rejects=0),
    ]


async def test_statistics_end_after_two_weeks(room: Room) -> None:
    for day in (0, 8, 15):
        room.transact(lambda s, d=day: account.count(s, ACCOUNT, REGION, NOON + d * 24 * 3600, delivered=1))
    assert room.transact(lambda s: s.execute("SELECT count(*) FROM account_statistics")) == [(2,)]
    room.clock.time = NOON + 16 * 24 * 3600
    shown = await api_v1.get_send_statistics(room.call(), ses.GetSendStatisticsRequest())
    times = [point.timestamp for point in shown.send_data_points or []]
    assert times == [NOON + 8 * 24 * 3600, NOON + 15 * 24 * 3600]
