"""Evaluation: what a set of policies says about an action on a resource.

Nothing is allowed unless a statement allows it, and a statement that denies
beats every one that allows.

Refs: IAM User Guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from hatobin.protocols.aws.policy.document import Document, Kind, Principals, Statement, read_document
from hatobin.protocols.aws.policy.pattern import Pattern
from hatobin.protocols.aws.policy.variables import Context, Template

MAX_REMEMBERED = 512
"""Pairs of action and resource for which a set of policies remembers its statements."""


class Verdict(Enum):
    """What policies say; an absent Allow is not yet a Deny of others."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"
    DENIED = "denied"


class Caller(Struct, frozen=True):
    """Who calls, as resource policies name principals. `service` is set for a service of ours ("ses.amazonaws.com")."""

    account_id: str
    arn: str
    service: str | None = None
    role_arn: str | None = None
    """The role behind an assumed-role session: naming it names the session."""


class _Candidates(Struct, frozen=True):
    """The statements that concern an action on a resource, by what they do; conditions are still open."""

    always: Verdict | None
    """The verdict where it does not depend on the request."""
    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]


class PolicySet:
    """The policies of one principal, compiled; not changed after it was made.

    Which statements concern an action on a resource is remembered, so that a
    repeated call costs a look-up and its conditions.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._statements = tuple(statement for document in documents for statement in document.statements)
        self.keys = frozenset(key for statement in self._statements for key in statement_keys(statement))
        """The context keys, in lower case, that any statement looks at."""
        self._remembered: dict[tuple[str, str], _Candidates] = {}
        denies = any(one.denies for one in self._statements)
        self.allows_everything = not denies and any(map(_is_everything, self._statements))
        """Whether every action on every resource is allowed, whatever the request is like."""
        self.takes_out = denies or any(one.but_actions for one in self._statements)
        """Whether some statement denies, or allows all actions but some."""

    def settled(self, action: str, resource: str) -> Verdict | None:
        """Give the verdict where it does not depend on the request's context."""
        return self._concerned(action, resource).always

    def verdict(self, action: str, resource: str, context: Context) -> Verdict:
        """Judge one action ("ses:SendEmail") on one resource (an ARN, or "*" where the action has none)."""
        candidates = self._concerned(action, resource)
        if candidates.always is not None:
            return candidates.always
        if any(_applies(statement, resource, context) for statement in candidates.denies):
            return Verdict.DENIED
        if any(_applies(statement, resource, context) for statement in candidates.allows):
            return Verdict.ALLOWED
        return Verdict.NOT_ALLOWED

    def _concerned(self, action: str, resource: str) -> _Candidates:
        """Give the statements that concern an action on a resource, from memory or by looking through all."""
        found = self._remembered.get((action, resource))
        if found is None:
            found = self._candidates(action, resource)
            if len(self._remembered) >= MAX_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[action, resource] = found
        return found

    def _candidates(self, action: str, resource: str) -> _Candidates:
        concerned = [one for one in self._statements if _names_action(one, action) and _may_name(one, resource)]
        denies = tuple(one for one in concerned if one.denies)
        allows = tuple(one for one in concerned if not one.denies)
        always = None
        if any(map(_is_settled, denies)):
            always = Verdict.DENIED
        elif not denies and any(map(_is_settled, allows)):
            always = Verdict.ALLOWED
        elif not denies and not allows:
            always = Verdict.NOT_ALLOWED
        return _Candidates(always, denies, allows)


def read_policies(texts: Iterable[str]) -> PolicySet:
    """Compile identity policies. Raises `PolicyError`."""
    return PolicySet(read_document(text, Kind.IDENTITY) for text in texts)


class Grant(Struct, frozen=True):
    """What a resource's policy says to a caller.

    `by_name` tells that an Allow names the caller itself (or everybody), and
    not only its account, which leaves the decision to the account's own policies.
    """

    verdict: Verdict
    by_name: bool = False


def resource_grant(document: Document, caller: Caller, action: str, resource: str, context: Context) -> Grant:
    """Judge a caller by the policy of a resource (its identity, topic, bucket, or a role's trust)."""
    allowed = by_name = False
    for statement in document.statements:
        if not _names_action(statement, action) or not _applies(statement, resource, context):
            continue
        named, itself = _names_caller(statement, caller)
        if not named:
            continue
        if statement.denies:
            return Grant(Verdict.DENIED)
        allowed, by_name = True, by_name or itself
    return Grant(Verdict.ALLOWED, by_name) if allowed else Grant(Verdict.NOT_ALLOWED)


def grant_of(documents: Iterable[Document], caller: Caller, action: str, resource: str, context: Context) -> Grant:
    """Judge a caller by several policies of one resource: one that denies is enough, else one that allows."""
    grants = [resource_grant(document, caller, action, resource, context) for document in documents]
    if any(grant.verdict is Verdict.DENIED for grant in grants):
        return Grant(Verdict.DENIED)
    allowing = [grant for grant in grants if grant.verdict is Verdict.ALLOWED]
    if not allowing:
        return Grant(Verdict.NOT_ALLOWED)
    return Grant(Verdict.ALLOWED, any(grant.by_name for grant in allowing))


def together(own: Verdict, grant: Grant, *, same_account: bool) -> Verdict:
    """Say what a caller's own policies and the policy of a resource mean together.

    Within one account either side may allow, but a policy that names the account alone leaves it to the
    account's own; across accounts both have to. A Deny on either side ends it.
    Refs: IAM User Guide, "Cross-account policy evaluation logic".
    """
    if Verdict.DENIED in (own, grant.verdict):
        return Verdict.DENIED
    allows, granted = own is Verdict.ALLOWED, grant.verdict is Verdict.ALLOWED
    is_allowed = allows or (granted and grant.by_name) if same_account else allows and granted
    return Verdict.ALLOWED if is_allowed else Verdict.NOT_ALLOWED


def _names_action(statement: Statement, action: str) -> bool:
    lowered = action.lower()
    return any(pattern.fits(lowered) for pattern in statement.actions) != statement.but_actions


def _may_name(statement: Statement, resource: str) -> bool:
    """Say whether a statement can concern a resource, whatever the request's variables are."""
    if any(isinstance(one, Template) for one in statement.resources):
        return True
    return _names_resource(statement, resource, {})


def _names_resource(statement: Statement, resource: str, context: Context) -> bool:
    for one in statement.resources:
        pattern = one.pattern(context) if isinstance(one, Template) else one
        if pattern is None:
            # What a variable without a value excludes is unknown: NotResource must not open everything then.
            if statement.but_resources and not statement.denies:
                return False
            continue
        if pattern.fits(resource):
            return not statement.but_resources
    return statement.but_resources


def _is_everything(statement: Statement) -> bool:
    everything = (statement.actions, statement.resources)
    return (
        _is_settled(statement)
        and not (statement.denies or statement.but_actions or statement.but_resources)
        and all(any(isinstance(one, Pattern) and one.is_everything for one in several) for several in everything)
    )


def statement_keys(statement: Statement) -> frozenset[str]:
    """Give the context keys, in lower case, that a statement looks at."""
    keys = {condition.key for condition in statement.conditions}
    templates = [one for one in statement.resources if isinstance(one, Template)]
    templates += [one for condition in statement.conditions for one in condition.values if isinstance(one, Template)]
    return frozenset(keys.union(*(template.keys for template in templates)))


def _is_settled(statement: Statement) -> bool:
    return not statement.conditions and not any(isinstance(one, Template) for one in statement.resources)


def _applies(statement: Statement, resource: str, context: Context) -> bool:
    if not _names_resource(statement, resource, context):
        return False
    return all(condition.holds(context) for condition in statement.conditions)


def _names_caller(statement: Statement, caller: Caller) -> tuple[bool, bool]:
    """Say whether the Principal element means the caller, and whether by more than its account."""
    assert statement.principals is not None, "a policy of this kind was read with principals"
    named, itself = _in_principals(statement.principals, caller)
    return (not named, not named) if statement.but_principals else (named, itself)


def _in_principals(principals: Principals, caller: Caller) -> tuple[bool, bool]:
    if principals.everybody:
        return True, True
    if caller.service is not None:
        named = caller.service in principals.named.get("Service", ())
        return named, named
    accounts = (caller.account_id, f"arn:aws:iam::{caller.account_id}:root")
    by_account = False
    for one in principals.named.get("AWS", ()):
        if one == "*" or one in (caller.arn, caller.role_arn):
            return True, True
        by_account = by_account or one in accounts
    return by_account, False
