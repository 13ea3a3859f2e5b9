"""Whom a role trusts: users and roles that are there, remembered by their ids.

A trust policy names an ARN, and means who has it when the policy is stored: a
user of the same name that is made later is somebody else.

Refs: IAM user guide, "AWS JSON policy elements: Principal" (an ARN becomes the principal's unique id when the policy
is saved).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from hatobin.companions.iam import role_store, user_store
from hatobin.companions.iam.documents import read_trust
from hatobin.companions.iam.errors import malformed_document
from hatobin.gateway import Principal
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.aws.policy import Caller

_ACCOUNT = re.compile(r"\d{12}|arn:aws:iam::\d{12}:root|\*", re.ASCII)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, str])


def remembered(session: Session, document: str) -> str:
    """Give the ids of the users and roles that a trust policy names, as they are stored.

    Raises `CallerError` (MalformedPolicyDocument) for one that is not there.
    """
    ids: dict[str, str] = {}
    for statement in read_trust(document).statements:
        for arn in statement.principals.named.get("AWS", ()) if statement.principals is not None else ():
            if not _ACCOUNT.fullmatch(arn):
                ids[arn] = _id_of(session, arn)
    return _encoder.encode(ids).decode()


def trusted_caller(principal: Principal, stored: str) -> Caller:
    """Give a caller as a trust policy with these ids knows it: without an ARN that meant somebody else."""
    ids: Mapping[str, str] = _decoder.decode(stored)
    own_id = principal.user_id.partition(":")[0]

    def meant(arn: str) -> str:
        return arn if ids.get(arn, own_id) == own_id else ""

    return Caller(principal.account_id, meant(principal.arn), role_arn=meant(principal.role_arn) or None)


def _id_of(session: Session, text: str) -> str:
    arn = parse_arn(text)
    found: str | None = None
    if arn is not None and arn.partition == "aws" and not arn.region:
        name = arn.resource.rpartition("/")[2]
        if (arn.service, arn.resource_type) == ("iam", "user"):
            user = user_store.find(session, arn.account_id, name)
            found = user.user_id if user is not None and user.arn == text else None
        elif (arn.service, arn.resource_type) == ("iam", "role"):
            role = role_store.find(session, arn.account_id, name)
            found = role.role_id if role is not None and role.arn == text else None
        elif (arn.service, arn.resource_type) == ("sts", "assumed-role") and arn.resource.count("/") == 2:
            role = role_store.find(session, arn.account_id, arn.resource.split("/")[1])
            found = None if role is None else role.role_id
    if found is None:
        raise malformed_document(f'Invalid principal in policy: "AWS":"{text}"')
    return found
