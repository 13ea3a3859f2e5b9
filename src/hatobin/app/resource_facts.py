"""What policies may ask the store about resources, gathered from the rooms that have them."""

from __future__ import annotations

from hatobin.app.tagged import tagged_kinds
from hatobin.capabilities import reputation, tenants
from hatobin.companions import iam
from hatobin.gateway import ResourceFacts
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn

_TAGGED = tagged_kinds()


def resource_facts() -> ResourceFacts:
    """Give the service that looks up ARNs and tags."""
    return ResourceFacts(arns={"tenant": _tenant, "entity": _entity, "user": _user, "role": _role}, tags=_tags)


def _tenant(session: Session, account_id: str, region: str, name: str) -> str | None:
    found = tenants.find(session, account_id, region, name)
    return None if found is None else found.arn


def _entity(session: Session, account_id: str, region: str, reference: str) -> str | None:
    found = reputation.find_entity(session, account_id, region, reference)
    return None if found is None else found.arn


def _user(session: Session, account_id: str, region: str, name: str) -> str | None:
    found = iam.find_user(session, account_id, name)
    return None if found is None else found.arn


def _role(session: Session, account_id: str, region: str, name: str) -> str | None:
    found = iam.find_role(session, account_id, name)
    return None if found is None else found.arn


def _tags(session: Session, text: str) -> tuple[tuple[str, str], ...]:
    arn = parse_arn(text)
    if arn is not None and arn.service == "iam":
        return iam.tags_of(session, text)
    if arn is None or arn.service != "ses":
        return ()
    return _TAGGED.read(session, arn)
