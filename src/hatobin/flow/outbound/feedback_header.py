"""The Feedback-ID field, by which mailbox providers group complaints.

Refs: Gmail's feedback loop format (colon-separated, the last part names the
sender); SES: `::1.REGION.<44 base64>:AmazonSES`.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from hatobin.words.settings import Service

_SENDER = "Hatobin"
_COMPATIBLE_SENDER = "AmazonSES"


@lru_cache(maxsize=4096)
def feedback_id_header(account_id: str, region: str, service: Service) -> str:
    """Give the value for an account; stable, and without telling the account's number."""
    digest = hashlib.sha256(f"{service.domain}/{account_id}".encode()).digest()
    sender = _COMPATIBLE_SENDER if service.compat_names else _SENDER
    return f"::1.{region}.{base64.b64encode(digest).decode()}:{sender}"
