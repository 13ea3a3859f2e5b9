"""Sending authorization policies: what is taken as one. Pure.

Refs: AWS developer guide "sending-authorization-policies" and "-policy-examples";
API reference "PutIdentityPolicy"; surface.md §4.1, appendix E.
"""

from __future__ import annotations

import re

from hatobin.protocols.aws.policy import Document, Kind, PolicyError, read_document

MAX_POLICIES = 20
"""Per identity (surface.md §4.1)."""
MAX_POLICY_BYTES = 4096
"""API reference: "The policy cannot exceed 4 KB"."""
MAX_NAME_LENGTH = 64

NAME_RULE = "PolicyName is invalid. Policy names must only include alpha-numeric characters, dashes, and underscores."
_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class InvalidPolicy(ValueError):
    """The text is no sending authorization policy of this identity; the message is for the caller."""


def is_policy_name(name: str) -> bool:
    """Say whether a policy may be called so."""
    return len(name) <= MAX_NAME_LENGTH and _NAME.fullmatch(name) is not None


def check_policy(text: str, arn: str) -> None:
    """Check the form of a policy for the identity with this ARN. Raises `InvalidPolicy`."""
    if len(text.encode()) > MAX_POLICY_BYTES:
        raise InvalidPolicy(f"Policy exceeds the maximum size of {MAX_POLICY_BYTES} bytes.")
    try:
        document = read_document(text, Kind.RESOURCE)
    except PolicyError as wrong:
        raise InvalidPolicy(str(wrong)) from None
    if not all(re.fullmatch(r"\*|ses:.+", name, re.IGNORECASE) for name in _action_names(document)):
        raise InvalidPolicy("Policy has an Action that is no action of SES.")
    for statement in document.statements:
        if not statement.but_resources and not statement.every_resource_fits(arn):
            raise InvalidPolicy(f"Every Resource of the policy must be the identity {arn}.")


def _action_names(document: Document) -> list[str]:
    return [name for statement in document.statements for name in statement.action_names]
