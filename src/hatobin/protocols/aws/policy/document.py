"""Policy documents: from JSON to statements, checked.

Three kinds differ in whether they name principals: identity policies never
do, resource policies (of an SES identity, a topic, a bucket) and the trust
policy of a role always do.

Refs: IAM User Guide, "IAM JSON policy elements reference", "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from hatobin.protocols.aws.json_text import read_json
from hatobin.protocols.aws.policy.conditions import Condition, UnknownOperator, read_condition
from hatobin.protocols.aws.policy.pattern import Pattern, read_pattern
from hatobin.protocols.aws.policy.variables import Template, read_template

MAX_STATEMENTS = 200
"""Of one document; IAM bounds the document's size alone, at 10,240 characters and less."""
CACHED_RESOURCE_POLICIES = 1024
"""Policies of resources that are kept read, by their texts."""
CURRENT_VERSION = "2012-10-17"
_VERSIONS = (CURRENT_VERSION, "2008-10-17")
_STATEMENT_MEMBERS = frozenset(
    {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition"),
    }
)
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+", re.ASCII)


class PolicyError(ValueError):
    """The text is no policy of its kind; the message says why."""


class Kind(Enum):
    """What a policy is attached to, and so whether it names principals and resources."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"


class Principals(Struct, frozen=True):
    """The Principal element: kind ("AWS", "Service", …) → patterns; `everybody` is `"*"`."""

    everybody: bool
    named: Mapping[str, tuple[str, ...]]


class Statement(Struct, frozen=True):
    """One statement. `actions` are in lower case: IAM does not tell case apart there."""

    denies: bool
    actions: tuple[Pattern, ...]
    but_actions: bool
    resources: tuple[Pattern | Template, ...]
    but_resources: bool
    principals: Principals | None
    but_principals: bool
    conditions: tuple[Condition, ...]
    action_names: tuple[str, ...] = ()
    """The actions as they are written."""

    def every_resource_fits(self, arn: str) -> bool:
        """Say whether each of the resources is this one, or may be, where a variable decides."""
        return all(isinstance(one, Template) or one.fits(arn) for one in self.resources)


class Document(Struct, frozen=True):
    """A whole policy."""

    statements: tuple[Statement, ...]


def read_document(text: str, kind: Kind = Kind.IDENTITY) -> Document:
    """Read a policy. Raises `PolicyError`."""
    try:
        policy = read_json(text)
    except msgspec.DecodeError:
        raise PolicyError("Policy is not valid JSON.") from None
    if not isinstance(policy, dict):
        raise PolicyError("Policy must be a JSON object.")
    version = policy.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        raise PolicyError(f"Policy has an invalid Version: {version}.")
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise PolicyError("Policy must have at least one Statement.")
    if len(statements) > MAX_STATEMENTS:
        raise PolicyError(f"Policy has more than {MAX_STATEMENTS} Statements.")
    if not all(isinstance(statement, dict) for statement in statements):
        raise PolicyError("Every Statement of the policy must be a JSON object.")
    return Document(tuple(_statement(one, kind, has_variables=version == CURRENT_VERSION) for one in statements))


@lru_cache(maxsize=CACHED_RESOURCE_POLICIES)
def read_resource_policy(text: str) -> Document:
    """Read the policy of a resource as `read_document` does, and keep it by its text. Raises `PolicyError`."""
    return read_document(text, Kind.RESOURCE)


def _statement(given: Mapping[str, Any], kind: Kind, *, has_variables: bool) -> Statement:
    if unknown := sorted(set(given) - _STATEMENT_MEMBERS):
        raise PolicyError(f"A Statement has the unknown element {unknown[0]}.")
    if given.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("Every Statement must have the Effect Allow or Deny.")
    principals, but_principals = _principals(given, kind)
    actions = _one_of(given, "Action", "NotAction")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise PolicyError(f"Actions must be prefixed by a service, as in ses:SendEmail: {action}")
    resources: tuple[str, ...] = ("*",)
    if kind is not Kind.TRUST:
        resources = _one_of(given, "Resource", "NotResource")
    elif "Resource" in given or "NotResource" in given:
        raise PolicyError("Has prohibited field Resource.")
    return Statement(
        denies=given["Effect"] == "Deny",
        actions=tuple(read_pattern(action.lower()) for action in actions),
        but_actions="NotAction" in given,
        resources=tuple(read_template(resource, has_variables=has_variables) for resource in resources),
        but_resources="NotResource" in given,
        principals=principals,
        but_principals=but_principals,
        conditions=_conditions(given.get("Condition", {}), has_variables=has_variables),
        action_names=actions,
    )


def _principals(given: Mapping[str, Any], kind: Kind) -> tuple[Principals | None, bool]:
    has = [name for name in ("Principal", "NotPrincipal") if name in given]
    if kind is Kind.IDENTITY:
        if has:
            raise PolicyError(f"Policy document should not specify a {has[0].lower()}.")
        return None, False
    if len(has) != 1:
        raise PolicyError("Every Statement must have one of Principal and NotPrincipal.")
    value = given[has[0]]
    if value == "*":
        return Principals(True, {}), has[0] == "NotPrincipal"
    if not isinstance(value, dict) or not value:
        raise PolicyError("The Principal of a Statement must be * or a JSON object.")
    named = {name: _texts(several, "Principal") for name, several in value.items()}
    return Principals(False, named), has[0] == "NotPrincipal"


def _one_of(given: Mapping[str, Any], name: str, opposite: str) -> tuple[str, ...]:
    if (name in given) == (opposite in given):
        raise PolicyError(f"Every Statement must have one of {name} and {opposite}.")
    return _texts(given.get(name, given.get(opposite)), name)


def _texts(value: object, name: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(one, str) for one in values):
        raise PolicyError(f"{name} must be a text or a list of texts.")
    return tuple(values)


def _conditions(block: object, *, has_variables: bool) -> tuple[Condition, ...]:
    if not isinstance(block, dict) or not all(isinstance(keys, dict) for keys in block.values()):
        raise PolicyError("The Condition of a Statement must be a JSON object of operators, each with its keys.")
    conditions: list[Condition] = []
    for operator, keys in block.items():
        for key, value in keys.items():
            values = [_plain(one) for one in (value if isinstance(value, list) else [value])]
            try:
                conditions.append(read_condition(operator, key, values, has_variables=has_variables))
            except UnknownOperator:
                raise PolicyError(f"Invalid Condition type : {operator}.") from None
    return tuple(conditions)


def _plain(value: object) -> str:
    """Give a value of a condition as text: JSON numbers and booleans are taken as their texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyError("The values of a Condition must be texts.")
