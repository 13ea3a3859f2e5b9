"""IAM beside SES: users, roles, what they may do, and the keys that speak for them.

A key belongs to a user of an account; its secret is kept sealed. The same
key signs API requests and, through passwords derived from its secret, logs
in over SMTP; there the region follows from the password. A role has no keys:
temporary credentials speak for it (`companions/sts`), for the API alone.
What a user or role may do is written in its policies; a key is found together
with them (`AccessKeys`), and the gateway decides. The first key is `test` with
the secret `test`: every example uses it, and where it may be used is decided
by `first_key_allowed`.
"""

from __future__ import annotations

from hatobin.companions.iam import (
    api_keys,
    api_managed,
    api_role_policies,
    api_roles,
    api_user_policies,
    api_users,
)
from hatobin.companions.iam.access_keys import AccessKeys
from hatobin.companions.iam.documents import checked as checked_document
from hatobin.companions.iam.documents import idle_actions
from hatobin.companions.iam.errors import invalid, not_served
from hatobin.companions.iam.facts import tags_of
from hatobin.companions.iam.managed import MANAGED, SMTP_POLICY, SMTP_POLICY_NAME, managed_arn
from hatobin.companions.iam.model import (
    FIRST_ACCESS_KEY_ID,
    FIRST_ACCOUNT_ID,
    FIRST_SECRET,
    TEMPORARY,
    AccessKey,
    KeyStatus,
    NewAccessKey,
    TagPair,
    first_key_allowed,
)
from hatobin.companions.iam.provision import Grants, NameTaken, create_access_key, ensure_first_key
from hatobin.companions.iam.role_sessions import RoleSession, assume, checked_policies, of_user
from hatobin.companions.iam.role_store import find as find_role
from hatobin.companions.iam.sealed import SEALED
from hatobin.companions.iam.service_roles import assume_for_service, service_role_id
from hatobin.companions.iam.session_store import NewTemporary, forget_sessions, sessions_over
from hatobin.companions.iam.smtp_regions import SMTP_REGIONS
from hatobin.companions.iam.store import find as find_access_key
from hatobin.companions.iam.store import list_access_keys, set_status
from hatobin.companions.iam.tags import checked as checked_tags
from hatobin.companions.iam.user_store import find as find_user

__all__ = [
    "FIRST_ACCESS_KEY_ID",
    "FIRST_ACCOUNT_ID",
    "FIRST_SECRET",
    "MANAGED",
    "SEALED",
    "SMTP_POLICY",
    "SMTP_POLICY_NAME",
    "SMTP_REGIONS",
    "TEMPORARY",
    "AccessKey",
    "AccessKeys",
    "Grants",
    "KeyStatus",
    "NameTaken",
    "NewAccessKey",
    "NewTemporary",
    "RoleSession",
    "TagPair",
    "api_keys",
    "api_managed",
    "api_role_policies",
    "api_roles",
    "api_user_policies",
    "api_users",
    "assume",
    "assume_for_service",
    "checked_document",
    "checked_policies",
    "checked_tags",
    "create_access_key",
    "ensure_first_key",
    "find_access_key",
    "find_role",
    "find_user",
    "first_key_allowed",
    "forget_sessions",
    "idle_actions",
    "invalid",
    "list_access_keys",
    "managed_arn",
    "not_served",
    "of_user",
    "service_role_id",
    "sessions_over",
    "set_status",
    "tags_of",
]
