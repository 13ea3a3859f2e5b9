"""A Lambda function behind an SNS topic: puts bounced and complaining addresses on the suppression list.

An identity's notifications say `notificationType`, the events of a
configuration set say `eventType`; everything else that is read here is the
same in both. Needs boto3 and the usual AWS environment.
"""

from __future__ import annotations

import json
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> dict[str, list[str]]:
    """Answer which addresses were suppressed, by reason."""
    suppressed: dict[str, list[str]] = {"BOUNCE": [], "COMPLAINT": []}
    client = boto3.session.Session().client("sesv2")
    try:
        for record in event["Records"]:
            reason, addresses = hopeless(json.loads(record["Sns"]["Message"]))
            for address in addresses:
                client.put_suppressed_destination(EmailAddress=address, Reason=reason)
                suppressed[reason].append(address)
    finally:
        client.close()
    return suppressed


def hopeless(message: dict[str, Any]) -> tuple[str, list[str]]:
    """Give the addresses that must not get mail any more, and why: BOUNCE or COMPLAINT."""
    kind = message.get("eventType") or message.get("notificationType")
    if kind == "Bounce" and message["bounce"]["bounceType"] == "Permanent":
        return "BOUNCE", [one["emailAddress"] for one in message["bounce"]["bouncedRecipients"]]
    if kind == "Complaint":
        # complaintFeedbackType stands beside the list: it is of the complaint, not of a recipient.
        return "COMPLAINT", [one["emailAddress"] for one in message["complaint"]["complainedRecipients"]]
    return "BOUNCE", []
