"""What policies may ask about users and roles: their tags, by their ARNs."""

from __future__ import annotations

from hatobin.companions.iam import role_store, user_store
from hatobin.companions.iam.model import Role, TagPair, User
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn


def tags_of(session: Session, text: str) -> tuple[TagPair, ...]:
    """Give the tags of the user or role with this ARN, none for what is not there."""
    arn = parse_arn(text)
    if arn is None:
        return ()
    find = {"user": user_store.find, "role": role_store.find}.get(arn.resource_type)
    name = arn.resource.rpartition("/")[2]
    found: User | Role | None = None if find is None else find(session, arn.account_id, name)
    return found.tags if found is not None and found.arn == text else ()
