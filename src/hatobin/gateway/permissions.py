"""What a caller may do: the policies of its user or role, and of its session, asked call by call.

Compiled policies are kept by their texts, so a changed policy is another
entry and an old answer cannot outlive it.

Refs: IAM User Guide, "Policy evaluation logic" (session policies narrow what identity policies allow).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from hatobin.protocols.aws.policy import Context, PolicySet, Verdict, read_policies

CACHED_POLICY_SETS = 1024
"""Sets of policies that are kept compiled; each remembers a bounded number of decisions."""

RESOURCE_TAG = "aws:resourcetag/"
_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


class Permissions:
    """The policies of one caller, compiled; not changed after it was made."""

    __slots__ = ("_identity", "_session", "keys", "unrestricted", "wants_resource_tags")

    def __init__(self, identity: PolicySet, session: PolicySet | None = None) -> None:
        self._identity = identity
        self._session = session
        self.unrestricted = identity.allows_everything and session is None
        """Whether everything is allowed, whatever is asked."""
        self.keys = identity.keys if session is None else identity.keys | session.keys
        """The context keys, in lower case, that any policy looks at."""
        self.wants_resource_tags = any(key.startswith(RESOURCE_TAG) for key in self.keys)

    def verdict(self, action: str, resource: str, context: Callable[[], Context]) -> Verdict:
        """Judge one action on one resource; `context` is asked for only where a condition wants it."""
        found = _judge(self._identity, action, resource, context)
        if self._session is None or found is Verdict.DENIED:
            return found
        narrowed = _judge(self._session, action, resource, context)
        return found if narrowed is Verdict.ALLOWED else narrowed

    def allows_whole(self, service: str, context: Callable[[], Context]) -> bool:
        """Say whether every operation of a service is allowed on everything, whatever it is called.

        A policy that takes operations out, by Deny or NotAction, is taken for one that takes out the one in question.
        """
        sets = [self._identity] if self._session is None else [self._identity, self._session]
        if any(one.takes_out for one in sets):
            return False
        return self.verdict(f"{service}:*", "*", context) is Verdict.ALLOWED


def _judge(policies: PolicySet, action: str, resource: str, context: Callable[[], Context]) -> Verdict:
    settled = policies.settled(action, resource)
    return policies.verdict(action, resource, context()) if settled is None else settled


@lru_cache(maxsize=CACHED_POLICY_SETS)
def permissions_of(policies: tuple[str, ...], session_policies: tuple[str, ...] | None = None) -> Permissions:
    """Compile the policies of a credential. Raises `PolicyError` for a text that was stored unchecked: our own bug."""
    session = None if session_policies is None else read_policies(session_policies)
    return Permissions(read_policies(policies), session)


def all_permissions() -> Permissions:
    """Give the permissions of the operator's own doors: everything."""
    return permissions_of((_EVERYTHING,))
