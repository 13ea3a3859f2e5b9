"""A Lambda function behind a receipt rule: turns the mail that the rule has stored into a support ticket.

The bucket's name and prefix are those of the rule. The object must not be
encrypted with a KMS key of the rule: SES encrypts on its own side then, and
S3 gives back the cipher text. Needs boto3 and the usual AWS environment.
"""

from __future__ import annotations

import os
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> dict[str, str]:
    """Read the stored mail, write the ticket, answer its id."""
    mail = event["Records"][0]["ses"]["mail"]
    session = boto3.session.Session()
    s3, dynamodb = session.client("s3"), session.client("dynamodb")
    try:
        key = os.environ.get("MAIL_PREFIX", "raw/") + mail["messageId"]
        stored = s3.get_object(Bucket=os.environ["MAIL_BUCKET"], Key=key)["Body"].read()
        fields = ticket(stored) | {
            "ticket_id": mail["messageId"],
            "status": "new",
            "created_at": mail["timestamp"],
        }
        dynamodb.put_item(
            TableName=os.environ.get("TICKET_TABLE", "SupportTickets"),
            Item={name: {"S": text} for name, text in fields.items()},
        )
    finally:
        s3.close()
        dynamodb.close()
    return {"ticket_id": mail["messageId"]}


def ticket(stored: bytes) -> dict[str, str]:
    """Give sender, subject and text of a mail, whatever its structure, charset and encoding.

    The modern policy decodes encoded words, finds the readable part of a
    multipart message and decodes it by its own charset.
    """
    message = message_from_bytes(stored, policy=modern)
    assert isinstance(message, EmailMessage)
    part = message.get_body(preferencelist=("plain", "html"))
    return {
        "sender": str(message["From"] or ""),
        "subject": str(message["Subject"] or ""),
        "body": "" if part is None else str(part.get_content()).strip(),
    }
