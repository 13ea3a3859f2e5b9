"""The operations on the suppression list."""

from __future__ import annotations

import pytest

from hatobin.capabilities import account, suppression
from hatobin.capabilities.suppression import api_v2
from hatobin.gateway.models.sesv2 import (
    DeleteSuppressedDestinationRequest,
    GetSuppressedDestinationRequest,
    ListSuppressedDestinationsRequest,
    PutSuppressedDestinationRequest,
    SuppressionListReason,
)
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_REGION, REGION, Room, refused


async def put(room: Room, address: str, reason: SuppressionListReason = "BOUNCE") -> None:
    await api_v2.put_suppressed_destination(
        room.call(), PutSuppressedDestinationRequest(email_address=address, reason=reason)
    )


async def listed(room: Room, request: ListSuppressedDestinationsRequest) -> tuple[list[str], str | None]:
    answer = await api_v2.list_suppressed_destinations(room.call(), request)
    return [entry.email_address for entry in answer.suppressed_destination_summaries or []], answer.next_token


async def test_an_address_is_put_shown_and_deleted(room: Room) -> None:
    await put(room, "Foo.Bar@Example.COM")
    shown = await api_v2.get_suppressed_destination(
        room.call(), GetSuppressedDestinationRequest(email_address="Foo.Bar@example.com")
    )
    assert shown.suppressed_destination.email_address == "Foo.Bar@example.com"
    assert shown.suppressed_destination.last_update_time == NOON
    assert shown.suppressed_destination.attributes is None
    await api_v2.delete_suppressed_destination(
        room.call(), DeleteSuppressedDestinationRequest(email_address="Foo.Bar@EXAMPLE.com")
    )
    error = await refused(
        api_v2.delete_suppressed_destination(
            room.call(), DeleteSuppressedDestinationRequest(email_address="Foo.Bar@example.com")
        )
    )
    assert (error.code, error.status) == ("NotFoundException", 404)
    assert error.message == "Email address Foo.Bar@example.com does not exist on your suppression list."


async def test_other_local_case_is_not_found(room: Room) -> None:
    await put(room, "Foo@example.com")
    error = await refused(
        api_v2.get_suppressed_destination(room.call(), GetSuppressedDestinationRequest(email_address="foo@example.com"))
    )
    assert error.code == "NotFoundException"


async def test_what_put_an_address_there_is_shown(room: Room) -> None:
    room.transact(
        lambda s: suppression.add(s, ACCOUNT, REGION, "a@x.org", "BOUNCE", NOON, message_id="m-1", feedback_id="f-1")
    )
    shown = await api_v2.get_suppressed_destination(
        room.call(), GetSuppressedDestinationRequest(email_address="a@x.org")
    )
    attributes = shown.suppressed_destination.attributes
    assert attributes is not None
    assert (attributes.message_id, attributes.feedback_id) == ("m-1", "f-1")


async def test_a_sandbox_reads_but_does_not_write(room: Room) -> None:
    room.configure(account={"sandbox": True})
    error = await refused(put(room, "a@x.org"))
    assert (error.code, error.message) == ("BadRequestException", "Your account is still in the sandbox.")
    assert await listed(room, ListSuppressedDestinationsRequest()) == ([], None)
    room.transact(lambda s: account.put_production_access(s, ACCOUNT, REGION, granted=True))
    await put(room, "a@x.org")


async def test_a_tenant_that_is_not_there_has_no_list(room: Room) -> None:
    error = await refused(
        api_v2.put_suppressed_destination(
            room.call(),
            PutSuppressedDestinationRequest(email_address="a@x.org", reason="BOUNCE", tenant_name="t1"),
        )
    )
    assert (error.code, error.message) == ("NotFoundException", "The requested tenant <t1> does not exist.")


@pytest.mark.parametrize(
    ("text", "message"), [("  ", "EmailAddress is required."), ("x", "EmailAddress <x> is invalid")]
)
async def test_what_is_no_address_is_refused(room: Room, text: str, message: str) -> None:
    error = await refused(put(room, text))
    assert (error.code, error.message) == ("BadRequestException", message)


async def fill(room: Room) -> None:
    for number in range(5):
        room.clock.time = NOON + number // 2  # Some share their time.
        await put(room, f"u{number}@x.org", "COMPLAINT" if number % 2 else "BOUNCE")


async def test_pages_follow_each_other_without_gaps(room: Room) -> None:
    await fill(room)
    seen, token = list[str](), None
    for _ in range(3):
        page, token = await listed(room, ListSuppressedDestinationsRequest(page_size=2, next_token=token))
        seen += page
    assert token is None
    assert seen == [f"u{number}@x.org" for number in range(5)]


async def test_a_page_that_ends_the_list_has_no_token(room: Room) -> None:
    await fill(room)
    page, token = await listed(room, ListSuppressedDestinationsRequest(page_size=5))
    assert (len(page), token) == (5, None)


async def test_reasons_and_dates_narrow_the_list(room: Room) -> None:
    await fill(room)
    only, _ = await listed(room, ListSuppressedDestinationsRequest(reasons=["COMPLAINT"]))
    assert only == ["u1@x.org", "u3@x.org"]
    between, _ = await listed(room, ListSuppressedDestinationsRequest(start_date=NOON + 1, end_date=NOON + 1))
    assert between == ["u2@x.org", "u3@x.org"]


async def test_a_token_is_bound_to_its_filter_and_region(room: Room) -> None:
    await fill(room)
    _, token = await listed(room, ListSuppressedDestinationsRequest(page_size=1, reasons=["BOUNCE"]))
    assert token is not None
    rest, _ = await listed(room, ListSuppressedDestinationsRequest(reasons=["BOUNCE"], next_token=token))
    assert rest == ["u2@x.org", "u4@x.org"]
    for request, region in (
        (ListSuppressedDestinationsRequest(reasons=["COMPLAINT"], next_token=token), REGION),
        (ListSuppressedDestinationsRequest(next_token=token), REGION),
        (ListSuppressedDestinationsRequest(reasons=["BOUNCE"], next_token=token), OTHER_REGION),
        (ListSuppressedDestinationsRequest(next_token="!!"), REGION),
        (ListSuppressedDestinationsRequest(next_token=""), REGION),
    ):
        error = await refused(api_v2.list_suppressed_destinations(room.call(region=region), request))
        assert (error.code, error.message) == ("InvalidNextTokenException", "Token is invalid.")


@pytest.mark.parametrize("size", [0, 1001, -1])
async def test_a_page_size_out_of_range_is_refused(room: Room, size: int) -> None:
    error = await refused(
        api_v2.list_suppressed_destinations(room.call(), ListSuppressedDestinationsRequest(page_size=size))
    )
    assert error.message == f"Page size {size} is invalid, expected a number between 1 and 1000"
