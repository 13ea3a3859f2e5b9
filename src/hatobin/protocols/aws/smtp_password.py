"""The SMTP password that belongs to a secret access key, a region and nothing else.

It is a signature of a fixed text with the secret, so it never changes, works
only in its region, and does not reveal the secret. The user name is the
access key id.

Refs: Amazon SES Developer Guide, "Obtaining Amazon SES SMTP credentials".
"""

from __future__ import annotations

import base64
import hmac

# SES has used the same day and version since the password became region-bound.
_DAY = "11111111"
_SERVICE = "ses"
_MESSAGE = "SendRawEmail"
_VERSION = b"\x04"


def smtp_password(secret: str, region: str) -> str:
    """Give the 44 characters with which `secret` logs in to the SMTP endpoint of `region`."""
    digest = b"AWS4" + secret.encode()
    for part in (_DAY, region, _SERVICE, "aws4_request", _MESSAGE):
        digest = hmac.digest(digest, part.encode(), "sha256")
    return base64.b64encode(_VERSION + digest).decode()


def is_smtp_password(password: str, secret: str, region: str) -> bool:
    """Say whether `password` is the one of `secret` and `region`, in constant time."""
    return hmac.compare_digest(smtp_password(secret, region).encode(), password.encode())
