"""Sending authorization: what the policies of an identity say about a sender.

Refs: AWS developer guide "sending-authorization", "sending-authorization-policies".
"""

from __future__ import annotations

from hatobin.capabilities.identities import policy_store
from hatobin.capabilities.identities.model import Sender, covering_domains, lookup_key
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.aws.policy import Document, read_resource_policy


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
    return tuple(map(read_resource_policy, found.values()))
