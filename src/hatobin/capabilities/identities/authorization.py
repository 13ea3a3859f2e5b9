"""Sending authorization: what the policies of an identity say about a sender.

Refs: AWS developer guide "sending-authorization", "sending-authorization-policies".
"""

from __future__ import annotations

from functools import lru_cache

from hatobin.capabilities.identities import policy_store
from hatobin.capabilities.identities.model import Sender, covering_domains, lookup_key
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.aws.policy import Caller, Context, Document, Grant, Kind, Verdict, read_document, resource_grant

CACHED_POLICIES = 1024
"""Policies that are kept read, by their texts."""


def covers(name: str, sender: Sender) -> bool:
    """Say whether an identity of this name answers for a sender: it is the address, its domain or a parent domain."""
    key = lookup_key(name)
    return key == f"{sender.local}@{sender.domain.lower()}" or key in covering_domains(sender.domain.lower())


def sending_policies(session: Session, arn: str) -> tuple[Document, ...]:
    """Give the policies of the identity with this ARN, in the order of their names."""
    parsed = parse_arn(arn)
    assert parsed is not None, "it is the ARN of an identity that was found"
    key = lookup_key(parsed.resource.partition("/")[2])
    found = policy_store.policies(session, parsed.account_id, parsed.region, key)
    return tuple(map(_read, found.values()))


def sending_grant(policies: tuple[Document, ...], caller: Caller, action: str, arn: str, context: Context) -> Grant:
    """Judge a sender by all policies of an identity: one that denies is enough, else one that allows."""
    grants = [resource_grant(policy, caller, action, arn, context) for policy in policies]
    if any(grant.verdict is Verdict.DENIED for grant in grants):
        return Grant(Verdict.DENIED)
    allowing = [grant for grant in grants if grant.verdict is Verdict.ALLOWED]
    if not allowing:
        return Grant(Verdict.NOT_ALLOWED)
    return Grant(Verdict.ALLOWED, any(grant.by_name for grant in allowing))


@lru_cache(maxsize=CACHED_POLICIES)
def _read(text: str) -> Document:
    return read_document(text, Kind.RESOURCE)
