"""Mail that arrives from outside: another server delivers it to the reception port."""

from __future__ import annotations

import smtplib

from tests.guide.reader import Reader


def deliver(reader: Reader, to: str, data: bytes) -> None:
    """Hand a message in as a foreign mail server does: STARTTLS, no login."""
    with smtplib.SMTP("localhost", reader.server.port("reception"), timeout=30) as session:
        session.starttls(context=reader.server.tls_context())
        session.sendmail("customer@example.net", [to], data)


def stored_keys(reader: Reader, bucket: str, prefix: str) -> list[str]:
    """List what a receipt rule has stored; its test object is left out."""
    found = reader.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [one["Key"] for one in found if not one["Key"].endswith("AMAZON_SES_SETUP_NOTIFICATION")]
