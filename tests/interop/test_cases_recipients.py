"""DEV-IS-31: fifty recipients, and not one more."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.interop.sending import accepted_id, send_raw, simple, submission, submit
from tests.running import RunningServer


def _readers(name: str, count: int) -> list[str]:
    return [f"{name}-{number}@example.net" for number in range(count)]


def _spread(addresses: list[str]) -> dict[str, list[str]]:
    third = len(addresses) // 3
    return {
        "ToAddresses": addresses[:third],
        "CcAddresses": addresses[third : 2 * third],
        "BccAddresses": addresses[2 * third :],
    }


def _by_v1(server: RunningServer, addresses: list[str]) -> str:
    answer = server.client("ses").send_email(
        Source="sender@example.com",
        Destination=_spread(addresses),
        Message={"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}},
    )
    identifier: str = answer["MessageId"]
    return identifier


def _by_v2(server: RunningServer, addresses: list[str]) -> str:
    answer = server.client("sesv2").send_email(
        FromEmailAddress="sender@example.com", Destination=_spread(addresses), Content=simple("x")
    )
    identifier: str = answer["MessageId"]
    return identifier


def _by_raw(server: RunningServer, addresses: list[str]) -> str:
    data = f"From: sender@example.com\r\nTo: {', '.join(addresses)}\r\nSubject: x\r\n\r\nx\r\n".encode()
    return send_raw(server, data)


def _by_smtp(server: RunningServer, addresses: list[str]) -> str:
    with submission(server) as session:
        reply = submit(session, "sender@example.com", addresses, b"From: sender@example.com\r\n\r\nx\r\n")
    return accepted_id(reply) if reply.startswith("250") else reply


_DOORS = {"v1": _by_v1, "v2": _by_v2, "raw": _by_raw, "smtp": _by_smtp}


@pytest.mark.parametrize("door", _DOORS)
def test_fifty_are_fine(mailbox: RunningServer, door: str) -> None:
    addresses = _readers(f"fifty-{door}", 50)
    identifier = _DOORS[door](mailbox, addresses)
    for address in (addresses[0], addresses[49]):
        found = mailbox.inbox(to=address)
        assert [one["id"] for one in found] == [identifier]
    assert found[0]["recipients"] == addresses


@pytest.mark.parametrize("door", ["v1", "v2", "raw"])
def test_fifty_one_are_refused_and_nobody_gets_mail(mailbox: RunningServer, door: str) -> None:
    addresses = _readers(f"fifty-one-{door}", 51)
    with pytest.raises(ClientError) as refused:
        _DOORS[door](mailbox, addresses)
    response: dict[str, Any] = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Error"]["Message"] == "Recipient count exceeds 50."
    assert mailbox.inbox(to=addresses[0], wait_s=0.3) == []


def test_fifty_one_by_smtp_are_refused_and_nobody_gets_mail(mailbox: RunningServer) -> None:
    addresses = _readers("fifty-one-smtp", 51)
    assert _by_smtp(mailbox, addresses) == "554 Transaction failed: Recipient count exceeds 50."
    assert mailbox.inbox(to=addresses[0], wait_s=0.3) == []


def test_bulk_takes_fifty_entries(mailbox: RunningServer) -> None:
    def send(count: int) -> list[dict[str, Any]]:
        answer = mailbox.client("sesv2").send_bulk_email(
            FromEmailAddress="sender@example.com",
            DefaultContent={"Template": {"TemplateContent": {"Subject": "x", "Text": "x"}, "TemplateData": "{}"}},
            BulkEmailEntries=[
                {"Destination": {"ToAddresses": [address]}} for address in _readers(f"bulk-{count}", count)
            ],
        )
        entries: list[dict[str, Any]] = answer["BulkEmailEntryResults"]
        return entries

    assert {entry["Status"] for entry in send(50)} == {"SUCCESS"}
    with pytest.raises(ClientError) as refused:
        send(51)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert mailbox.inbox(to="bulk-51-0@example.net", wait_s=0.3) == []


def test_a_hundred_names_in_the_header_and_one_in_the_envelope(mailbox: RunningServer) -> None:
    names = ", ".join(_readers("only-named", 100))
    data = f"From: sender@example.com\r\nTo: {names}\r\nSubject: x\r\n\r\nx\r\n".encode()
    identifier = send_raw(mailbox, data, ["alone@example.net"])
    assert mailbox.inbox(to="alone@example.net")[0]["id"] == identifier
    assert mailbox.inbox(to="only-named-0@example.net", wait_s=0.3) == []
