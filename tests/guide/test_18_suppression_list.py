"""Sample 18: what is suppressed automatically, and who is on the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from tests.guide.marks import printed_form
from tests.guide.reader import Reader


def test_account_says_its_reasons_and_the_list_is_read_by_reason(reader: Reader) -> None:
    client = reader.client("sesv2")
    reasons = client.get_account()["SuppressionAttributes"]["SuppressedReasons"]
    assert set(reasons) == {"BOUNCE", "COMPLAINT"}
    client.put_suppressed_destination(EmailAddress="bounced-18@invalid.example", Reason="BOUNCE")
    client.put_suppressed_destination(EmailAddress="complained-18@invalid.example", Reason="COMPLAINT")
    listed: set[str] = set()
    for page in _pages(client, Reasons=["BOUNCE"], PageSize=2):
        listed |= {one["EmailAddress"] for one in page["SuppressedDestinationSummaries"]}
        assert {one["Reason"] for one in page["SuppressedDestinationSummaries"]} <= {"BOUNCE"}
    assert "bounced-18@invalid.example" in listed
    assert "complained-18@invalid.example" not in listed


def test_the_reasons_are_set_for_the_account(reader: Reader) -> None:
    # In another region, so that the other samples keep their defaults.
    client = reader.server.client("sesv2", "eu-west-1")
    client.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
    assert client.get_account()["SuppressionAttributes"]["SuppressedReasons"] == ["COMPLAINT"]


@printed_form("cannot work")
def test_printed_names_are_in_no_model(reader: Reader) -> None:
    client = reader.client("sesv2")
    with pytest.raises(AttributeError, match="get_account_suppression_attributes"):
        client.get_account_suppression_attributes()
    with pytest.raises(ParamValidationError, match='Unknown parameter in input: "Reason"'):
        client.list_suppressed_destinations(Reason="BOUNCE", PageSize=50)


def _pages(client: Any, **query: Any) -> Iterator[dict[str, Any]]:
    while True:
        page = client.list_suppressed_destinations(**query)
        yield page
        if "NextToken" not in page:
            return
        query["NextToken"] = page["NextToken"]
