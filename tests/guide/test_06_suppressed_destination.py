"""Sample 6: an address is put on the suppression list and looked up."""

from __future__ import annotations

from tests.guide.reader import Reader


def test_put_then_get(reader: Reader) -> None:
    address = "invalid-06@example.com"
    reader.aws("sesv2", "put-suppressed-destination", "--email-address", address, "--reason", "BOUNCE")
    shown = reader.aws("sesv2", "get-suppressed-destination", "--email-address", address)["SuppressedDestination"]
    assert (shown["EmailAddress"], shown["Reason"]) == (address, "BOUNCE")


def test_mail_to_it_is_accepted_and_not_delivered(reader: Reader) -> None:
    address = "held-back-06@example.net"
    reader.client("sesv2").put_suppressed_destination(EmailAddress=address, Reason="BOUNCE")
    topic = reader.topic("guide-06")
    reader.configuration_set("guide-06", topic, ["SEND", "DELIVERY", "BOUNCE"])
    identifier = reader.send(address, "guide-06")
    events = reader.events("guide-06", 2)
    assert [(event["eventType"], event["mail"]["messageId"]) for event in events] == [
        ("Send", identifier),
        ("Bounce", identifier),
    ]
    assert events[1]["bounce"]["bounceSubType"] == "OnAccountSuppressionList"
    assert reader.server.inbox(to=address, wait_s=0) == []
