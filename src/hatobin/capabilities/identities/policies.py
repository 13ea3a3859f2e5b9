"""Sending authorization policies: what is taken as one. Pure.

Evaluated nowhere yet: a policy is kept and shown as its owner wrote it.

Refs: AWS developer guide "sending-authorization-policies" and "-policy-examples";
API reference "PutIdentityPolicy"; surface.md §4.1, appendix E.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from hatobin.protocols.aws.json_text import read_json

MAX_POLICIES = 20
"""Per identity (surface.md §4.1)."""
MAX_POLICY_BYTES = 4096
"""API reference: "The policy cannot exceed 4 KB"."""
MAX_NAME_LENGTH = 64

NAME_RULE = "PolicyName is invalid. Policy names must only include alpha-numeric characters, dashes, and underscores."
_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_VERSIONS = ("2012-10-17", "2008-10-17")


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
        policy = read_json(text)
    except msgspec.DecodeError:
        raise InvalidPolicy("Policy is not valid JSON.") from None
    if not isinstance(policy, dict):
        raise InvalidPolicy("Policy must be a JSON object.")
    if policy.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise InvalidPolicy(f"Policy has an invalid Version: {policy['Version']}.")
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise InvalidPolicy("Policy must have at least one Statement.")
    for statement in statements:
        if not isinstance(statement, dict):
            raise InvalidPolicy("Every Statement of the policy must be a JSON object.")
        _check_statement(statement, arn)


def _check_statement(statement: Mapping[str, Any], arn: str) -> None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise InvalidPolicy("Every Statement must have the Effect Allow or Deny.")
    _check_principal(statement)
    actions = _texts(statement, "Action", "NotAction")
    if not all(re.fullmatch(r"\*|ses:[A-Za-z*?]+", action, re.IGNORECASE) for action in actions):
        raise InvalidPolicy("Policy has an Action that is no action of SES.")
    resources = _texts(statement, "Resource", "NotResource")
    if "Resource" in statement and not all(_matches(pattern, arn) for pattern in resources):
        raise InvalidPolicy(f"Every Resource of the policy must be the identity {arn}.")
    if not isinstance(statement.get("Condition", {}), dict):
        raise InvalidPolicy("The Condition of a Statement must be a JSON object.")


def _check_principal(statement: Mapping[str, Any]) -> None:
    if ("Principal" in statement) == ("NotPrincipal" in statement):
        raise InvalidPolicy("Every Statement must have one of Principal and NotPrincipal.")
    principal = statement.get("Principal", statement.get("NotPrincipal"))
    if principal == "*" or (isinstance(principal, dict) and principal):
        return
    raise InvalidPolicy("The Principal of a Statement must be * or a JSON object.")


def _texts(statement: Mapping[str, Any], name: str, opposite: str) -> list[str]:
    """Give one of two members, a text or a list of texts."""
    if (name in statement) == (opposite in statement):
        raise InvalidPolicy(f"Every Statement must have one of {name} and {opposite}.")
    value = statement.get(name, statement.get(opposite))
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
        raise InvalidPolicy(f"{name} must be a text or a list of texts.")
    return values


def _matches(pattern: str, arn: str) -> bool:
    # Many stars next to each other would make a regular expression try every way to share the text among them.
    several = re.sub(r"\*+", "*", pattern.lower()).split("*")
    text = arn.lower()
    if len(several) == 1:
        return _fits(several[0], text)
    first, *middle, last = several
    position, end = len(first), len(text) - len(last)
    if position > end or not _fits(first, text[:position]) or not _fits(last, text[end:]):
        return False
    for part in middle:  # The first place that fits leaves most room for what follows.
        while position + len(part) <= end and not _fits(part, text[position : position + len(part)]):
            position += 1
        position += len(part)
        if position > end:
            return False
    return True


def _fits(pattern: str, text: str) -> bool:
    """Compare texts of one length, where `?` stands for any character."""
    return len(pattern) == len(text) and all(
        wanted in ("?", found) for wanted, found in zip(pattern, text, strict=True)
    )
