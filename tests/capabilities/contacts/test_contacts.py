"""Contact lists: the operations, and what a list-managed message asks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hatobin.capabilities import contacts
from hatobin.capabilities.contacts import (
    Choice,
    ListStanding,
    PreferenceChange,
    SubscriptionLink,
    SubscriptionLinks,
    api_v2,
    api_v2_contacts,
    store,
)
from hatobin.companions.kms import KEY_BYTES, Vault
from hatobin.gateway.models.sesv2 import (
    CreateContactListRequest,
    CreateContactRequest,
    DeleteContactListRequest,
    GetContactListRequest,
    GetContactRequest,
    ListContactListsRequest,
    ListContactsRequest,
    Topic,
    TopicPreference,
    UpdateContactListRequest,
    UpdateContactRequest,
)
from hatobin.words.settings import Service, Settings
from tests.capabilities.rooms import ACCOUNT, NOON, OTHER_REGION, REGION, Room, refused

NEWS = Topic(topic_name="news", display_name="News", default_subscription_status="OPT_IN")
OFFERS = Topic(topic_name="offers", display_name="Offers", default_subscription_status="OPT_OUT")


async def make_list(room: Room, topics: list[Topic] | None = None) -> None:
    await api_v2.create_contact_list(
        room.call(),
        CreateContactListRequest(contact_list_name="main", topics=[NEWS, OFFERS] if topics is None else topics),
    )


async def make_contact(
    room: Room, address: str, choices: dict[str, str] | None = None, *, unsubscribe_all: bool | None = None
) -> None:
    await api_v2_contacts.create_contact(
        room.call(),
        CreateContactRequest(
            contact_list_name="main",
            email_address=address,
            topic_preferences=[
                TopicPreference(topic_name=topic, subscription_status="OPT_OUT" if status == "OPT_OUT" else "OPT_IN")
                for topic, status in (choices or {}).items()
            ],
            unsubscribe_all=unsubscribe_all,
        ),
    )


def standing(room: Room, topic: str | None, *addresses: str, name: str = "main") -> ListStanding:
    return room.transact(lambda s: contacts.list_options(s, ACCOUNT, REGION, name, topic, addresses))


async def test_an_account_has_one_list_by_region(room: Room) -> None:
    await make_list(room)
    for name in ("main", "other"):
        error = await refused(api_v2.create_contact_list(room.call(), CreateContactListRequest(contact_list_name=name)))
        assert (error.code, error.message) == ("BadRequestException", "A maximum of 1 Lists allowed per account.")
    await api_v2.create_contact_list(
        room.call(region=OTHER_REGION), CreateContactListRequest(contact_list_name="other")
    )


async def test_a_list_comes_back_as_it_was(room: Room) -> None:
    await make_list(room)
    shown = await api_v2.get_contact_list(room.call(), GetContactListRequest(contact_list_name="main"))
    assert shown.topics == [NEWS, OFFERS]
    assert shown.created_timestamp == shown.last_updated_timestamp == NOON
    room.clock.time += 5
    await api_v2.update_contact_list(
        room.call(), UpdateContactListRequest(contact_list_name="main", topics=[OFFERS], description="ours")
    )
    later = await api_v2.get_contact_list(room.call(), GetContactListRequest(contact_list_name="main"))
    assert (later.topics, later.description, later.last_updated_timestamp) == ([OFFERS], "ours", NOON + 5)
    listed = await api_v2.list_contact_lists(room.call(), ListContactListsRequest())
    assert [entry.contact_list_name for entry in listed.contact_lists or []] == ["main"]


async def test_an_update_takes_away_what_it_leaves_out(room: Room) -> None:
    await make_list(room)
    await api_v2.update_contact_list(
        room.call(), UpdateContactListRequest(contact_list_name="main", description="ours")
    )
    shown = await api_v2.get_contact_list(room.call(), GetContactListRequest(contact_list_name="main"))
    assert (shown.topics, shown.description) == ([], "ours")
    await api_v2.update_contact_list(room.call(), UpdateContactListRequest(contact_list_name="main", topics=[NEWS]))
    shown = await api_v2.get_contact_list(room.call(), GetContactListRequest(contact_list_name="main"))
    assert (shown.topics, shown.description) == ([NEWS], None)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (CreateContactListRequest(contact_list_name=" "), "ContactListName can't be blank."),
        (
            CreateContactListRequest(contact_list_name="a b"),
            "ContactListName can contain up to 64 characters. Only alphanumeric characters, "
            "underscores(_) and hyphens(-) are allowed.",
        ),
        (
            CreateContactListRequest(contact_list_name="a", topics=[NEWS, NEWS]),
            "Duplicate topic names are not allowed within a List.",
        ),
        (
            CreateContactListRequest(contact_list_name="a", topics=[NEWS] * 21),
            "Maximum of <20> topics allowed per ContactList",
        ),
        (
            CreateContactListRequest(contact_list_name="a", description="x" * 501),
            "List description can contain up to 500 characters.",
        ),
    ],
)
async def test_lists_that_cannot_be_are_refused(room: Room, request_: CreateContactListRequest, text: str) -> None:
    error = await refused(api_v2.create_contact_list(room.call(), request_))
    assert (error.code, error.message) == ("BadRequestException", text)


async def test_a_contact_shows_its_choices_and_the_defaults_of_the_rest(room: Room) -> None:
    await make_list(room)
    await make_contact(room, "Ann@Example.com", {"news": "OPT_OUT"})
    shown = await api_v2_contacts.get_contact(
        room.call(), GetContactRequest(contact_list_name="main", email_address="Ann@example.COM")
    )
    assert shown.email_address == "Ann@Example.com"
    assert shown.topic_preferences == [TopicPreference(topic_name="news", subscription_status="OPT_OUT")]
    assert shown.topic_default_preferences == [TopicPreference(topic_name="offers", subscription_status="OPT_OUT")]
    assert shown.unsubscribe_all is False


async def test_contacts_that_cannot_be_are_refused(room: Room) -> None:
    missing = await refused(make_contact(room, "a@x.org"))
    assert (missing.code, missing.status) == ("NotFoundException", 404)
    assert missing.message == "List with name: main doesn't exist."
    await make_list(room)
    await make_contact(room, "a@x.org")
    for address, choices, text in (
        ("a@x.org", {}, "a@x.org already exists in List."),
        ("b@x.org", {"sport": "OPT_IN"}, "List: main doesn't contain Topic: sport"),
        ("b", {}, "EmailAddress <b> is invalid"),
        (" ", {}, "EmailAddress can't be blank."),
    ):
        error = await refused(make_contact(room, address, choices))
        assert error.message == text


async def test_an_update_merges_topics_and_replaces_the_rest(room: Room) -> None:
    await make_list(room)
    await make_contact(room, "a@x.org", {"news": "OPT_OUT"}, unsubscribe_all=True)
    await api_v2_contacts.update_contact(
        room.call(),
        UpdateContactRequest(
            contact_list_name="main",
            email_address="a@x.org",
            topic_preferences=[TopicPreference(topic_name="offers", subscription_status="OPT_IN")],
        ),
    )
    contact = room.transact(lambda s: contacts.find_contact(s, ACCOUNT, REGION, "main", "a@x.org"))
    assert contact is not None
    assert contact.preferences == {"news": "OPT_OUT", "offers": "OPT_IN"}
    assert contact.unsubscribe_all is False


async def test_contacts_are_listed_by_address_page_by_page(room: Room) -> None:
    await make_list(room)
    for number in range(5):
        await make_contact(room, f"u{number}@x.org")
    seen, token = list[str | None](), None
    for _ in range(3):
        page = await api_v2_contacts.list_contacts(
            room.call(), ListContactsRequest(contact_list_name="main", page_size=2, next_token=token)
        )
        seen += [contact.email_address for contact in page.contacts or []]
        token = page.next_token
    assert (seen, token) == ([f"u{number}@x.org" for number in range(5)], None)


async def test_a_deleted_list_takes_its_contacts_along(room: Room) -> None:
    await make_list(room)
    await make_contact(room, "a@x.org")
    await api_v2.delete_contact_list(room.call(), DeleteContactListRequest(contact_list_name="main"))
    error = await refused(api_v2.delete_contact_list(room.call(), DeleteContactListRequest(contact_list_name="main")))
    assert error.code == "NotFoundException"
    await make_list(room)
    assert room.transact(lambda s: contacts.find_contact(s, ACCOUNT, REGION, "main", "a@x.org")) is None


async def test_a_long_list_goes_in_pieces(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_v2, "DELETED_AT_ONCE", 2)
    await make_list(room)
    for number in range(5):
        await make_contact(room, f"u{number}@x.org")
    pieces: list[int] = []
    original = store.delete_some_contacts

    def counted(*arguments: Any) -> int:
        pieces.append(original(*arguments))
        return pieces[-1]

    monkeypatch.setattr(store, "delete_some_contacts", counted)
    await api_v2.delete_contact_list(room.call(), DeleteContactListRequest(contact_list_name="main"))
    assert pieces == [2, 2, 1]
    await make_list(room)
    listed = await api_v2_contacts.list_contacts(room.call(), ListContactsRequest(contact_list_name="main"))
    assert listed.contacts == []


async def test_who_opted_out_does_not_get_it(room: Room) -> None:
    await make_list(room)
    await make_contact(room, "all@x.org", unsubscribe_all=True)
    await make_contact(room, "no@x.org", {"news": "OPT_OUT", "offers": "OPT_IN"})
    await make_contact(room, "silent@x.org")
    everyone = ("all@x.org", "no@X.org", "silent@x.org", "new@x.org")
    assert standing(room, None, *everyone) == ListStanding(True, True, frozenset({"all@x.org"}), ("new@x.org",))
    assert standing(room, "news", *everyone).opted_out == {"all@x.org", "no@X.org"}
    # Who made no choice has the topic's default, strangers too.
    assert standing(room, "offers", *everyone).opted_out == {"all@x.org", "silent@x.org", "new@x.org"}


async def test_a_missing_list_or_topic_is_told_apart(room: Room) -> None:
    assert standing(room, None, "a@x.org") == ListStanding(False, False, frozenset(), ())
    await make_list(room)
    assert standing(room, "sport", "a@x.org") == ListStanding(True, False, frozenset(), ())
    assert standing(room, "news") == ListStanding(True, True, frozenset(), ())


async def test_a_stranger_becomes_a_contact_once(room: Room) -> None:
    await make_list(room)
    made = [
        room.transact(lambda s: contacts.ensure_contact(s, ACCOUNT, REGION, "main", "new@x.org", NOON))
        for _ in range(2)
    ]
    assert made == [True, False]


def link(topic: str | None = None, name: str = "main", address: str = "a@x.org") -> SubscriptionLink:
    return SubscriptionLink(ACCOUNT, REGION, "message", name, topic, address)


async def test_unsubscribing_tells_what_changed(room: Room) -> None:
    await make_list(room)
    first = room.transact(lambda s: contacts.unsubscribe(s, link("news"), NOON))
    assert first == PreferenceChange(
        "main",
        unsubscribed_before=False,
        unsubscribed_after=False,
        topics_before={"news": "OPT_IN", "offers": "OPT_OUT"},
        topics_after={"news": "OPT_OUT", "offers": "OPT_OUT"},
    )
    again = room.transact(lambda s: contacts.unsubscribe(s, link("news"), NOON))
    assert again is not None
    assert (first.differs, again.differs) == (True, False)
    second = room.transact(lambda s: contacts.unsubscribe(s, link(), NOON))
    assert second is not None
    assert (second.unsubscribed_before, second.unsubscribed_after) == (False, True)
    assert standing(room, None, "a@x.org").opted_out == {"a@x.org"}
    assert room.transact(lambda s: contacts.unsubscribe(s, link(name="gone"), NOON)) is None


async def test_a_topic_that_is_gone_is_left_with_everything(room: Room) -> None:
    await make_list(room)
    change = room.transact(lambda s: contacts.unsubscribe(s, link("sport"), NOON))
    assert change is not None
    assert change.unsubscribed_after


async def test_a_choice_holds_for_the_topics_that_were_shown(room: Room) -> None:
    await make_list(room)
    await make_contact(room, "a@x.org", {"offers": "OPT_IN"}, unsubscribe_all=True)
    shown = room.transact(lambda s: contacts.preferences(s, link()))
    assert shown is not None
    assert (shown.unsubscribe_all, [wanted for _, wanted in shown.topics]) == (True, [False, False])
    choice = Choice(shown={"news"}, wanted={"news", "offers", "nonsense"}, unsubscribe_all=False)
    change = room.transact(lambda s: contacts.choose(s, link(), choice, NOON))
    assert change is not None
    assert (change.unsubscribed_before, change.unsubscribed_after) == (True, False)
    assert change.topics_after == {"news": "OPT_IN", "offers": "OPT_IN"}
    left = room.transact(lambda s: contacts.choose(s, link(), Choice((), (), unsubscribe_all=True), NOON))
    assert left is not None
    assert (left.unsubscribed_after, left.topics_after) == (True, {"news": "OPT_IN", "offers": "OPT_IN"})
    assert room.transact(lambda s: contacts.choose(s, link(name="gone"), choice, NOON)) is None
    assert room.transact(lambda s: contacts.preferences(s, link(name="gone"))) is None


async def test_a_link_is_read_only_where_it_was_written(room: Room) -> None:
    links = SubscriptionLinks(room.vault, Settings(service=Service(public_https="https://mail.test/")))
    url = links.url(link("news", address='\u00e4"<x>@example.org'))
    base, _, token = url.rpartition("/")
    assert base == "https://mail.test/unsubscribe"
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert links.read(token) == link("news", address='\u00e4"<x>@example.org')
    other = SubscriptionLinks(Vault(b"o" * KEY_BYTES, room.chance), Settings())
    assert other.read(token) is None
    for broken in ("", "a", token[:-2], f"{token}AA", token.swapcase(), "\u00e4", "=" * 3, token * 20):
        assert links.read(broken) is None
