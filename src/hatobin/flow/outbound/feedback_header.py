"""The Feedback-ID field, by which mailbox providers group complaints.

Refs: Gmail's feedback loop format (colon-separated, the last part names the
sender); SES: `::1.REGION.<44 base64>:AmazonSES`,
the first two fields from the tags `ses:feedback-id-a` and `ses:feedback-id-b`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache

from hatobin.protocols.mail import FEEDBACK_ID_TAGS
from hatobin.words.settings import Service

_SENDER = "Hatobin"
_COMPATIBLE_SENDER = "AmazonSES"


def feedback_id_header(account_id: str, region: str, service: Service, tags: Mapping[str, str]) -> str:
    """Give the value for a message: what its tags set, then its account, stable and without telling its number."""
    first, second = (tags.get(name, "") for name in FEEDBACK_ID_TAGS)
    return f"{first}:{second}:{_account(account_id, region, service)}"


@lru_cache(maxsize=4096)
def _account(account_id: str, region: str, service: Service) -> str:
    digest = hashlib.sha256(f"{service.domain}/{account_id}".encode()).digest()
    sender = _COMPATIBLE_SENDER if service.compat_names else _SENDER
    return f"1.{region}.{base64.b64encode(digest).decode()}:{sender}"
