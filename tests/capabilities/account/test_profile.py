"""What an account says about itself and asks for, and what becomes of a request for production access."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import account
from hatobin.capabilities.account import api_v1, api_v2, api_v2_attributes
from hatobin.gateway.models import ses, sesv2
from tests.capabilities.rooms import ACCOUNT, OTHER_ACCOUNT, OTHER_REGION, REGION, Room, refused

DETAILS: dict[str, Any] = {"mail_type": "TRANSACTIONAL", "website_url": "https://shop.example.com/"}
CHECKED = sesv2.SuppressionValidationAttributes(
    condition_threshold=sesv2.SuppressionConditionThreshold(condition_threshold_enabled="ENABLED")
)
BOTH = ["BOUNCE", "COMPLAINT"]


async def put(room: Room, **members: Any) -> None:
    await api_v2_attributes.put_account_details(room.call(), sesv2.PutAccountDetailsRequest(**(DETAILS | members)))


async def shown(room: Room, **where: str) -> sesv2.GetAccountResponse:
    return await api_v2.get_account(room.call(**where), sesv2.GetAccountRequest())


async def review(room: Room) -> str | None:
    details = (await shown(room)).details
    return None if details is None or details.review_details is None else details.review_details.status


def answer(room: Room, *, granted: bool, **limits: Any) -> None:
    """Answer as the operator does."""
    room.transact(lambda s: account.put_production_access(s, ACCOUNT, REGION, granted=granted, **limits))
    room.transact(lambda s: account.answer_review(s, ACCOUNT, REGION, "GRANTED" if granted else "DENIED"))


def waiting(room: Room) -> list[tuple[str, str]]:
    found = room.transact(account.waiting_requests)
    return [(request.account_id, request.region) for request in found]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"mail_type": "MARKETING", "contact_language": "JA", "use_case_description": "便り"},
        {"additional_contact_email_addresses": ["a@example.com", "b@example.com"]},
    ],
)
async def test_details_are_shown_where_they_were_put(room: Room, members: dict[str, Any]) -> None:
    await put(room, **members)
    assert (await shown(room)).details == sesv2.AccountDetails(**(DETAILS | members))
    assert (await shown(room, region=OTHER_REGION)).details is None
    assert (await shown(room, account_id=OTHER_ACCOUNT)).details is None
    await put(room)
    assert (await shown(room)).details == sesv2.AccountDetails(**DETAILS)


@pytest.mark.parametrize("url", ["not a url", "example.com", "http://localhost", "https://a b.example", "http://[::1"])
async def test_a_website_must_be_one(room: Room, url: str) -> None:
    error = await refused(put(room, website_url=url))
    assert (error.code, error.message) == ("BadRequestException", "Url contains invalid format")
    assert (await shown(room)).details is None


async def test_a_request_from_the_sandbox_waits_and_holds_up_the_next(room: Room) -> None:
    room.configure(account={"sandbox": True})
    await put(room, production_access_enabled=True)
    assert waiting(room) == [(ACCOUNT, REGION)]
    details = (await shown(room)).details
    assert details is not None
    assert details.review_details is not None
    assert details.review_details.status == "PENDING"
    assert (details.review_details.case_id or "").isdigit()
    for members in ({}, {"production_access_enabled": True}):
        error = await refused(put(room, **members))
        assert (error.code, error.status, error.message) == ("ConflictException", 409, None)
    assert (await shown(room)).production_access_enabled is False


async def test_granted_access_lifts_the_limits_in_its_region(room: Room) -> None:
    room.configure(account={"sandbox": True})
    await put(room, production_access_enabled=True)
    answer(room, granted=True)
    assert waiting(room) == []
    assert await review(room) == "GRANTED"
    granted = await shown(room)
    assert granted.production_access_enabled is True
    assert granted.send_quota == sesv2.SendQuota(max24_hour_send=-1.0, max_send_rate=10_000.0, sent_last24_hours=0.0)
    elsewhere = await shown(room, region=OTHER_REGION)
    assert elsewhere.production_access_enabled is False
    assert elsewhere.send_quota == sesv2.SendQuota(max24_hour_send=200.0, max_send_rate=1.0, sent_last24_hours=0.0)


async def test_granted_access_may_come_with_limits_that_both_doors_show(room: Room) -> None:
    answer(room, granted=True, max_send_rate=5.0, max_24_hour_send=1000)
    by_v1 = await api_v1.get_send_quota(room.call(), ses.GetSendQuotaRequest())
    assert (by_v1.max_send_rate, by_v1.max24_hour_send) == (5.0, 1000.0)
    by_v2 = (await shown(room)).send_quota
    assert by_v2 == sesv2.SendQuota(max24_hour_send=1000.0, max_send_rate=5.0, sent_last24_hours=0.0)
    answer(room, granted=True)
    again = await api_v1.get_send_quota(room.call(), ses.GetSendQuotaRequest())
    assert (again.max_send_rate, again.max24_hour_send) == (10_000.0, -1.0)


async def test_denied_access_cannot_be_asked_for_again_but_details_change(room: Room) -> None:
    room.configure(account={"sandbox": True})
    await put(room, production_access_enabled=True)
    answer(room, granted=False)
    assert await review(room) == "DENIED"
    error = await refused(put(room, production_access_enabled=True))
    assert (error.code, error.message) == ("ConflictException", None)
    await put(room, mail_type="MARKETING")
    details = (await shown(room)).details
    assert details is not None
    assert (details.mail_type, await review(room)) == ("MARKETING", "DENIED")


async def test_denied_access_puts_an_account_back_into_the_sandbox(room: Room) -> None:
    assert (await shown(room)).production_access_enabled is True
    answer(room, granted=False)
    assert (await shown(room)).production_access_enabled is False
    quota = await api_v1.get_send_quota(room.call(), ses.GetSendQuotaRequest())
    assert (quota.max_send_rate, quota.max24_hour_send) == (1.0, 200.0)


async def test_who_has_access_is_granted_it_at_once_and_does_not_lose_it(room: Room) -> None:
    await put(room, production_access_enabled=True)
    assert await review(room) == "GRANTED"
    await put(room, production_access_enabled=False)
    assert (await shown(room)).production_access_enabled is True
    assert waiting(room) == []


def test_an_answer_without_a_request_makes_no_review(room: Room) -> None:
    assert room.transact(lambda s: account.answer_review(s, ACCOUNT, REGION, "GRANTED")) is False


async def test_what_the_settings_name_holds_in_the_sandbox_too(room: Room) -> None:
    room.configure(account={"sandbox": True, "max_send_rate": 3.0})
    quota = await api_v1.get_send_quota(room.call(), ses.GetSendQuotaRequest())
    assert (quota.max_send_rate, quota.max24_hour_send) == (3.0, 200.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (sesv2.VdmAttributes(vdm_enabled="DISABLED"), sesv2.VdmAttributes(vdm_enabled="DISABLED")),
        (
            sesv2.VdmAttributes(
                vdm_enabled="DISABLED",
                dashboard_attributes=sesv2.DashboardAttributes(engagement_metrics="ENABLED"),
            ),
            sesv2.VdmAttributes(vdm_enabled="DISABLED"),
        ),
        (
            sesv2.VdmAttributes(
                vdm_enabled="ENABLED",
                dashboard_attributes=sesv2.DashboardAttributes(engagement_metrics="ENABLED"),
            ),
            sesv2.VdmAttributes(
                vdm_enabled="ENABLED",
                dashboard_attributes=sesv2.DashboardAttributes(engagement_metrics="ENABLED"),
                guardian_attributes=sesv2.GuardianAttributes(optimized_shared_delivery="DISABLED"),
            ),
        ),
    ],
)
async def test_vdm_shows_its_parts_only_while_it_is_on(
    room: Room, given: sesv2.VdmAttributes, expected: sesv2.VdmAttributes
) -> None:
    await api_v2_attributes.put_account_vdm_attributes(
        room.call(), sesv2.PutAccountVdmAttributesRequest(vdm_attributes=given)
    )
    assert (await shown(room)).vdm_attributes == expected
    assert (await shown(room, region=OTHER_REGION)).vdm_attributes is None
    assert (await shown(room, account_id=OTHER_ACCOUNT)).vdm_attributes is None


@pytest.mark.parametrize(("given", "expected"), [(True, True), (False, False), (None, False)])
async def test_warm_up_is_switched(room: Room, given: bool | None, expected: bool) -> None:
    assert (await shown(room)).dedicated_ip_auto_warmup_enabled is True
    await api_v2_attributes.put_account_dedicated_ip_warmup_attributes(
        room.call(), sesv2.PutAccountDedicatedIpWarmupAttributesRequest(auto_warmup_enabled=given)
    )
    assert (await shown(room)).dedicated_ip_auto_warmup_enabled is expected
    assert (await shown(room, region=OTHER_REGION)).dedicated_ip_auto_warmup_enabled is True


async def test_the_delivery_mode_is_of_a_region_and_the_plan_of_the_account(room: Room) -> None:
    await api_v2_attributes.put_account_delivery_attributes(
        room.call(), sesv2.PutAccountDeliveryAttributesRequest(shared_pool_delivery_mode="REGIONAL")
    )
    for plan in ("PRO", "ESSENTIALS"):
        await api_v2_attributes.put_account_pricing_attributes(
            room.call(), sesv2.PutAccountPricingAttributesRequest(plan=plan)
        )
    here, there = await shown(room), await shown(room, region=OTHER_REGION)
    other = await shown(room, account_id=OTHER_ACCOUNT)
    assert here.delivery_attributes == sesv2.DeliveryAttributes(shared_pool_delivery_mode="REGIONAL")
    plan_shown = sesv2.PricingAttributes(current_plan="ESSENTIALS")
    assert (here.pricing_attributes, there.pricing_attributes) == (plan_shown, plan_shown)
    assert (there.delivery_attributes, other.pricing_attributes, other.delivery_attributes) == (None, None, None)


async def test_suppression_keeps_what_is_not_given(room: Room) -> None:
    async def suppress(**members: Any) -> None:
        await api_v2.put_account_suppression_attributes(
            room.call(), sesv2.PutAccountSuppressionAttributesRequest(**members)
        )

    await suppress(validation_attributes=CHECKED)
    expected = sesv2.SuppressionAttributes(suppressed_reasons=BOTH, validation_attributes=CHECKED)
    assert (await shown(room)).suppression_attributes == expected
    await suppress(suppressed_reasons=["COMPLAINT"])
    expected = sesv2.SuppressionAttributes(suppressed_reasons=["COMPLAINT"], validation_attributes=CHECKED)
    assert (await shown(room)).suppression_attributes == expected
    await suppress()
    expected = sesv2.SuppressionAttributes(suppressed_reasons=[], validation_attributes=CHECKED)
    assert (await shown(room)).suppression_attributes == expected
