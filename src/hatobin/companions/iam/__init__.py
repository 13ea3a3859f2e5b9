"""IAM beside SES: access keys.

A key belongs to a user of an account; its secret is kept sealed. The same
key signs API requests and, through passwords derived from its secret, logs
in over SMTP; there the region follows from the password. The first key is
`test` with the secret `test`: every example uses it, and where it may be
used is decided by `first_key_allowed`.
"""

from __future__ import annotations

from hatobin.companions.iam.access_keys import AccessKeys
from hatobin.companions.iam.model import (
    FIRST_ACCESS_KEY_ID,
    FIRST_ACCOUNT_ID,
    FIRST_SECRET,
    AccessKey,
    KeyStatus,
    NewAccessKey,
    first_key_allowed,
)
from hatobin.companions.iam.smtp_regions import SMTP_REGIONS
from hatobin.companions.iam.store import create_access_key, ensure_first_key, list_access_keys, set_status

__all__ = [
    "FIRST_ACCESS_KEY_ID",
    "FIRST_ACCOUNT_ID",
    "FIRST_SECRET",
    "SMTP_REGIONS",
    "AccessKey",
    "AccessKeys",
    "KeyStatus",
    "NewAccessKey",
    "create_access_key",
    "ensure_first_key",
    "first_key_allowed",
    "list_access_keys",
    "set_status",
]
