"""Contact lists over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.answers import error_of

MakeClient = Callable[..., Any]
TOPICS = [
    {"TopicName": "news", "DisplayName": "News", "DefaultSubscriptionStatus": "OPT_IN"},
    {"TopicName": "offers", "DisplayName": "Offers", "DefaultSubscriptionStatus": "OPT_OUT", "Description": "Sales"},
]


@pytest.fixture
def ses(make_client: MakeClient) -> Any:
    client = make_client("sesv2")
    client.create_contact_list(ContactListName="main", Topics=TOPICS, Description="ours")
    return client


def test_a_list_is_shown_as_it_was_made(ses: Any) -> None:
    shown = ses.get_contact_list(ContactListName="main")
    assert (shown["Topics"], shown["Description"], shown["Tags"]) == (TOPICS, "ours", [])
    assert shown["CreatedTimestamp"] == shown["LastUpdatedTimestamp"]
    assert [entry["ContactListName"] for entry in ses.list_contact_lists()["ContactLists"]] == ["main"]
    second = error_of(ses.create_contact_list, ContactListName="other")
    assert second == ("BadRequestException", "A maximum of 1 Lists allowed per account.", 400)


def test_a_contact_is_made_shown_changed_and_removed(ses: Any) -> None:
    where = {"ContactListName": "main", "EmailAddress": "a/b+c@example.com"}
    choice = {"TopicName": "offers", "SubscriptionStatus": "OPT_IN"}
    ses.create_contact(**where, TopicPreferences=[choice], AttributesData='{"name":"Ann"}')
    shown = ses.get_contact(**where)
    assert shown["TopicPreferences"] == [choice]
    assert shown["TopicDefaultPreferences"] == [{"TopicName": "news", "SubscriptionStatus": "OPT_IN"}]
    assert (shown["UnsubscribeAll"], shown["AttributesData"]) == (False, '{"name":"Ann"}')
    ses.update_contact(**where, UnsubscribeAll=True)
    later = ses.get_contact(**where)
    assert later["UnsubscribeAll"] is True
    assert "AttributesData" not in later
    assert [contact["EmailAddress"] for contact in ses.list_contacts(ContactListName="main")["Contacts"]] == [
        where["EmailAddress"]
    ]
    ses.delete_contact(**where)
    missing = f"{where['EmailAddress']} doesn't exist in List."
    assert error_of(ses.get_contact, **where) == ("NotFoundException", missing, 404)


def test_errors_are_ses_s_own(ses: Any) -> None:
    ses.create_contact(ContactListName="main", EmailAddress="a@example.com")
    again = error_of(ses.create_contact, ContactListName="main", EmailAddress="a@example.com")
    assert again == ("AlreadyExistsException", "a@example.com already exists in List.", 400)
    no_list = error_of(ses.create_contact, ContactListName="none", EmailAddress="a@example.com")
    assert no_list == ("NotFoundException", "List with name: none doesn't exist.", 404)
    unknown = [{"TopicName": "x", "SubscriptionStatus": "OPT_IN"}]
    no_topic = error_of(
        ses.create_contact, ContactListName="main", EmailAddress="b@example.com", TopicPreferences=unknown
    )
    assert no_topic == ("BadRequestException", "List: main doesn't contain Topic: x", 400)


def test_a_deleted_list_takes_its_contacts_along(ses: Any) -> None:
    ses.create_contact(ContactListName="main", EmailAddress="a@example.com")
    ses.delete_contact_list(ContactListName="main")
    assert error_of(ses.get_contact_list, ContactListName="main")[2] == 404
    ses.create_contact_list(ContactListName="main")
    assert ses.list_contacts(ContactListName="main")["Contacts"] == []
