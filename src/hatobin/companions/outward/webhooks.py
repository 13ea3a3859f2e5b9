"""Posts to webhooks, signed as the open specification "Standard Webhooks" says, so that its verifiers read them.

The signature is HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, in Base64 behind "v1,". The secret is
"whsec_" and Base64. The id is the same in every attempt, the time is that of the attempt.

Ref: Standard Webhooks specification, "Signature scheme", "Webhook headers".
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

from hatobin.companions.outward.model import Leased
from hatobin.companions.outward.requests import NotReachable, OutwardRequest
from hatobin.ports import HttpReply
from hatobin.words.settings import Webhook

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
MIN_SECRET_BYTES, MAX_SECRET_BYTES = 24, 64
"""Standard Webhooks, "Signature scheme": between 24 and 64 bytes."""


def secret_key(text: str) -> bytes | None:
    """Read a secret; None where it is not "whsec_" and Base64 of a key of the right length."""
    if not text.startswith(SECRET_PREFIX):
        return None
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES else None


def signature(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Give the value of `webhook-signature`."""
    signed = hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"


class WebhookCarrier:
    """Posts one event at a time."""

    batch = 1
    batch_bytes = 1024 * 1024

    def __init__(self, webhooks: Sequence[Webhook]) -> None:
        self._webhooks = {webhook.name: webhook for webhook in webhooks}

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """See `Carrier.request`."""
        webhook = self._webhooks.get(calls[0].key.target)
        key = None if webhook is None else secret_key(webhook.secret)
        if webhook is None or key is None:
            raise NotReachable(f"no [[webhooks]] of the configuration is called {calls[0].key.target}")
        body, timestamp, webhook_id = calls[0].payload.encode(), int(now), f"msg_{calls[0].call_id}"
        headers = {
            "content-type": "application/json",
            "user-agent": "hatobin",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(key, webhook_id, timestamp, body),
        }
        return OutwardRequest(webhook.url, headers, body)

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """See `Carrier.errors`."""
        return [None if 200 <= reply.status <= 299 else f"HTTP status {reply.status}"]
