"""The suppression list over the wire: DEV-IS-11, awkward addresses in the path, paging."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hatobin.words.settings import Account, Settings
from tests.api.answers import body_of, error_of
from tests.api.harness import Api

MakeClient = Callable[..., Any]


@pytest.fixture
def ses(make_client: MakeClient) -> Any:
    return make_client("sesv2")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Foo.Bar@Example.COM", "Foo.Bar@example.com"),
        ("foo/bar@example.com", "foo/bar@example.com"),
        ("a+b@example.com", "a+b@example.com"),
        ('"q s"@example.com', '"q s"@example.com'),
        ("per%cent@example.com", "per%cent@example.com"),
    ],
)
def test_any_address_can_be_got_and_deleted(ses: Any, written: str, kept: str) -> None:
    ses.put_suppressed_destination(EmailAddress=written, Reason="COMPLAINT")
    shown = ses.get_suppressed_destination(EmailAddress=written)["SuppressedDestination"]
    assert (shown["EmailAddress"], shown["Reason"]) == (kept, "COMPLAINT")
    assert "Attributes" not in shown
    ses.delete_suppressed_destination(EmailAddress=kept)
    assert error_of(ses.get_suppressed_destination, EmailAddress=written) == (
        "NotFoundException",
        f"Email address {kept} does not exist on your suppression list.",
        404,
    )


def test_other_local_case_is_another_address(ses: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="Foo.Bar@Example.COM", Reason="BOUNCE")
    status = {
        address: error_of(ses.get_suppressed_destination, EmailAddress=address)[2]
        for address in ("foo.bar@example.com", "FOO.BAR@EXAMPLE.COM", "Foo.Bar+x@example.com")
    }
    assert set(status.values()) == {404}
    assert ses.get_suppressed_destination(EmailAddress="Foo.Bar@EXAMPLE.com")


def test_lists_are_paged_and_filtered(api: Api, ses: Any) -> None:
    for number in range(5):
        ses.put_suppressed_destination(EmailAddress=f"u{number}@example.com", Reason="BOUNCE")
    ses.put_suppressed_destination(EmailAddress="c@example.com", Reason="COMPLAINT")
    seen, token = list[str](), None
    while True:
        more = {"NextToken": token} if token else {}
        answer = ses.list_suppressed_destinations(Reasons=["BOUNCE"], PageSize=2, **more)
        seen += [entry["EmailAddress"] for entry in answer["SuppressedDestinationSummaries"]]
        token = answer.get("NextToken")
        if token is None:
            break
    assert sorted(seen) == [f"u{number}@example.com" for number in range(5)]
    now = api.now()
    assert ses.list_suppressed_destinations(EndDate=now - timedelta(hours=1))["SuppressedDestinationSummaries"] == []
    recent = ses.list_suppressed_destinations(StartDate=now - timedelta(hours=1), EndDate=now + timedelta(hours=1))
    assert len(recent["SuppressedDestinationSummaries"]) == 6


def test_a_strange_token_and_reason_are_refused(ses: Any) -> None:
    token = error_of(ses.list_suppressed_destinations, NextToken="x")
    assert token == ("InvalidNextTokenException", "Token is invalid.", 400)
    reason = error_of(ses.put_suppressed_destination, EmailAddress="a@example.com", Reason="OTHER")
    assert (reason[0], reason[2]) == ("BadRequestException", 400)
    assert "Member must satisfy enum value set: [BOUNCE, COMPLAINT]" in reason[1]


@pytest.mark.parametrize("api", [Settings(account=Account(sandbox=True))], indirect=True)
def test_a_sandbox_only_reads(ses: Any) -> None:
    refused = error_of(ses.put_suppressed_destination, EmailAddress="a@example.com", Reason="BOUNCE")
    assert refused == ("BadRequestException", "Your account is still in the sandbox.", 400)
    assert body_of(ses.list_suppressed_destinations()) == {"SuppressedDestinationSummaries": []}


def test_a_suppressed_recipient_is_not_sent_to_until_it_is_deleted(api: Api, ses: Any) -> None:
    ses.create_email_identity(EmailIdentity="a@example.com")
    ses.put_suppressed_destination(EmailAddress="B@example.net", Reason="BOUNCE")

    def send_and_count() -> int:
        ses.send_email(
            FromEmailAddress="a@example.com",
            Destination={"ToAddresses": ["B@Example.net"]},
            Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        )
        api.wait_until_delivered()
        return len(api.read(lambda session: session.execute("SELECT 1 FROM inbox_message")))

    assert send_and_count() == 0
    ses.delete_suppressed_destination(EmailAddress="B@example.net")
    assert send_and_count() == 1
