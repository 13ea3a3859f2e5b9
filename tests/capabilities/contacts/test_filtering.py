"""Filters on contacts: who is let through, and pages of few among many."""

from __future__ import annotations

import pytest

from hatobin.capabilities.contacts import Contact, api_v2, api_v2_contacts, filtering
from hatobin.capabilities.contacts.filtering import ContactFilter
from hatobin.capabilities.contacts.store import insert_contact
from hatobin.gateway.models.sesv2 import (
    CreateContactListRequest,
    ListContactsFilter,
    ListContactsRequest,
    SubscriptionStatus,
    Topic,
    TopicFilter,
    UpdateContactListRequest,
)
from tests.capabilities.rooms import ACCOUNT, NOON, REGION, Room, refused

NEWS = Topic(topic_name="news", display_name="News", default_subscription_status="OPT_IN")
OFFERS = Topic(topic_name="offers", display_name="Offers", default_subscription_status="OPT_OUT")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (ContactFilter(None), "in out left silent"),
        (ContactFilter("OPT_IN"), "in out silent"),
        (ContactFilter("OPT_OUT"), "left"),
        (ContactFilter(None, "news"), "in out left"),
        (ContactFilter("OPT_IN", "news"), "in"),
        (ContactFilter("OPT_OUT", "news"), "out left"),
        (ContactFilter("OPT_IN", "news", uses_default=True), "in silent"),
        (ContactFilter("OPT_OUT", "news", uses_default=True), "out left"),
    ],
)
def test_who_is_let_through(wanted: ContactFilter, names: str) -> None:
    known = {
        "in": Contact("in", {"news": "OPT_IN"}, False, None, NOON, NOON),
        "out": Contact("out", {"news": "OPT_OUT"}, False, None, NOON, NOON),
        "left": Contact("left", {"news": "OPT_IN"}, True, None, NOON, NOON),
        "silent": Contact("silent", {}, False, None, NOON, NOON),
    }
    assert [name for name, contact in known.items() if wanted.takes(contact, "OPT_IN")] == names.split()


def test_a_default_may_be_to_stay_away() -> None:
    silent = Contact("silent", {}, False, None, NOON, NOON)
    assert ContactFilter("OPT_OUT", "offers", uses_default=True).takes(silent, "OPT_OUT")
    assert not ContactFilter("OPT_OUT", "offers").takes(silent, "OPT_OUT")


def request(
    status: SubscriptionStatus | None = None, topic: str | None = None, token: str | None = None, size: int = 2
) -> ListContactsRequest:
    topic_filter = None if topic is None else TopicFilter(topic_name=topic)
    chosen = ListContactsFilter(filtered_status=status, topic_filter=topic_filter)
    return ListContactsRequest(contact_list_name="main", filter=chosen, page_size=size, next_token=token)


async def fill(room: Room, count: int, *opted_out: int) -> None:
    made = CreateContactListRequest(contact_list_name="main", topics=[NEWS, OFFERS])
    await api_v2.create_contact_list(room.call(), made)

    def put(number: int) -> None:
        status = "OPT_OUT" if number in opted_out else "OPT_IN"
        contact = Contact(f"u{number:05}@x.org", {"news": status}, False, None, NOON, NOON)
        room.transact(lambda s: insert_contact(s, ACCOUNT, REGION, "main", contact))

    for number in range(count):
        put(number)


async def listed(room: Room, asked: ListContactsRequest) -> tuple[list[str | None], str | None]:
    page = await api_v2_contacts.list_contacts(room.call(), asked)
    return [contact.email_address for contact in page.contacts or []], page.next_token


async def test_pages_of_a_filter_hold_each_contact_once(room: Room) -> None:
    await fill(room, 7, 1, 2, 5, 6)
    first, token = await listed(room, request("OPT_OUT", "news"))
    second, end = await listed(room, request("OPT_OUT", "news", token))
    assert (first + second, end) == ([f"u{number:05}@x.org" for number in (1, 2, 5, 6)], None)
    nobody, end = await listed(room, request("OPT_OUT"))
    assert (nobody, end) == ([], None)


async def test_a_page_looks_at_so_many_contacts_and_goes_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "_PIECE", 10)
    monkeypatch.setattr(filtering, "MAX_LOOKED_AT", 30)
    await fill(room, 75, 3, 70)
    found, token, pages = list[str | None](), None, 0
    while pages == 0 or token is not None:
        page, token = await listed(room, request("OPT_OUT", "news", token))
        found += page
        pages += 1
    assert (found, pages) == (["u00003@x.org", "u00070@x.org"], 3)


async def test_a_token_is_bound_to_its_filter_and_an_unknown_topic_is_refused(room: Room) -> None:
    await fill(room, 4)
    _, token = await listed(room, request("OPT_IN", "news"))
    error = await refused(api_v2_contacts.list_contacts(room.call(), request("OPT_OUT", "news", token)))
    assert (error.code, error.message) == ("BadRequestException", "Provided NextToken is invalid")
    error = await refused(api_v2_contacts.list_contacts(room.call(), request("OPT_IN", "sport")))
    assert (error.code, error.message) == ("BadRequestException", "List: main doesn't contain Topic: sport")


async def test_a_choice_about_a_topic_that_is_gone_is_not_shown(room: Room) -> None:
    await fill(room, 1)
    await api_v2.update_contact_list(room.call(), UpdateContactListRequest(contact_list_name="main", topics=[OFFERS]))
    page = await api_v2_contacts.list_contacts(room.call(), ListContactsRequest(contact_list_name="main"))
    (shown,) = page.contacts or []
    assert shown.topic_preferences == []
    assert [one.topic_name for one in shown.topic_default_preferences or []] == ["offers"]
