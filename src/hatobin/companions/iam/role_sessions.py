"""Temporary credentials: made for a role that its trust policy lets a caller assume, or for a user itself.

Refs: IAM user guide, "Policy evaluation logic for requests to assume a role"; STS API reference, "AssumeRole",
"GetSessionToken".
"""

from __future__ import annotations

from msgspec import Struct

from hatobin.companions.iam import documents, role_store, session_store
from hatobin.companions.iam.changes import write
from hatobin.companions.iam.errors import invalid
from hatobin.companions.iam.model import DEFAULT_SESSION_S, Role, TagPair
from hatobin.companions.iam.session_store import NewTemporary
from hatobin.companions.iam.trust import trusted_caller
from hatobin.companions.kms import Vault
from hatobin.gateway import Call, call_context, tag_context
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.aws.policy import Context, Verdict, resource_grant, together
from hatobin.words.errors import CallerError

CHAINED_MAX_S = 3600
"""A role that assumes a role gets an hour at most, whatever that role allows."""
OF_USER = (
    '{"Version":"2012-10-17","Statement":['
    '{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"},'
    '{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession","sts:GetCallerIdentity"],"Resource":"*"}]}'
)
"""What the temporary credentials of a user may do at most: no IAM, of STS no more credentials of this kind."""


class RoleSession(Struct, frozen=True):
    """What a caller asks for: which role, under which name, how narrowed, for how long (seconds; None is an hour)."""

    role_arn: str
    name: str
    policies: tuple[str, ...] | None
    tags: tuple[TagPair, ...]
    duration_s: int | None
    external_id: str | None
    least_token: int = 0


async def assume(call: Call, asked: RoleSession) -> tuple[Role, NewTemporary]:
    """Make credentials that speak for a role.

    Raises `CallerError`: AccessDenied when the role, wherever it is, does not
    let the caller or does not exist; ValidationError for a time that is too long.
    """
    vault, entropy, now = call.services.get(Vault), call.ports.entropy, call.ports.clock.now()
    duration_s = asked.duration_s or DEFAULT_SESSION_S
    if call.principal.role_arn and duration_s > CHAINED_MAX_S:
        raise invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )

    def work(session: Session) -> tuple[Role, NewTemporary]:
        role = _role(session, asked.role_arn)
        for action in ("sts:AssumeRole", *(("sts:TagSession",) if asked.tags else ())):
            if role is None or not _may(call, role, asked, action):
                raise _denied(call, action, asked.role_arn)
        assert role is not None, "nobody may assume a role that is not there"
        if duration_s > role.max_session_s:
            raise invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        made = session_store.create(
            session,
            vault,
            entropy,
            account_id=role.account_id,
            holder_id=role.role_id,
            name=asked.name,
            policies=asked.policies,
            tags=asked.tags,
            now=now,
            duration_s=duration_s,
            least_token=asked.least_token,
        )
        return role, made

    return await write(call, work)


async def of_user(call: Call, duration_s: int, least_token: int) -> NewTemporary:
    """Make temporary credentials for the user that calls, for no more than it may do itself."""
    principal, vault, now = call.principal, call.services.get(Vault), call.ports.clock.now()

    def work(session: Session) -> NewTemporary:
        return session_store.create(
            session,
            vault,
            call.ports.entropy,
            account_id=principal.account_id,
            holder_id=principal.user_id,
            name="",
            policies=(OF_USER,),
            tags=(),
            now=now,
            duration_s=duration_s,
            least_token=least_token,
        )

    return await write(call, work)


def _role(session: Session, arn: str) -> Role | None:
    """Find a role by its whole ARN, which has its path."""
    named = parse_arn(arn)
    if named is None or named.service != "iam" or named.resource_type != "role":
        return None
    role = role_store.find(session, named.account_id, named.resource.rpartition("/")[2])
    return role if role is not None and role.arn == arn else None


def _may(call: Call, role: Role, asked: RoleSession, action: str) -> bool:
    """Say whether both sides agree: the role trusts the caller, and the caller's policies do not speak against it.

    Inside one account a role that trusts the caller by name is enough; where it
    trusts the account, or is another account's, the caller's own policies must allow it too.
    """
    principal, context = call.principal, _context(call, asked)
    who = trusted_caller(principal, role.trust_ids)
    trust = resource_grant(documents.read_trust(role.trust), who, action, role.arn, context)
    own = call.permissions.verdict(action, role.arn, lambda: {**context, **tag_context(role.tags)})
    both = together(own, trust, same_account=principal.account_id == role.account_id)
    return trust.verdict is Verdict.ALLOWED and both is Verdict.ALLOWED


def _context(call: Call, asked: RoleSession) -> Context:
    """Give what the request tells policies."""
    told = call_context(call)
    told["sts:rolesessionname"] = (asked.name,)
    if asked.external_id is not None:
        told["sts:externalid"] = (asked.external_id,)
    if asked.tags:
        told["aws:tagkeys"] = tuple(key for key, _ in asked.tags)
        told |= {f"aws:requesttag/{key.lower()}": (value,) for key, value in asked.tags}
    return told


def _denied(call: Call, action: str, role_arn: str) -> CallerError:
    """Refuse in AWS's words, which do not tell whether there is such a role."""
    text = f"User: {call.principal.arn} is not authorized to perform: {action} on resource: {role_arn}"
    return CallerError("AccessDenied", text, status=403)


def checked_policies(policy: str | None, arns: list[str]) -> tuple[str, ...] | None:
    """Give the texts of session policies, an inline one and managed ones by ARN; None when there are none.

    Raises `CallerError` (MalformedPolicyDocument).
    """
    if policy is None and not arns:
        return None
    inline = () if policy is None else (documents.checked(policy),)
    return (*inline, *(documents.managed_text(arn) for arn in arns))
