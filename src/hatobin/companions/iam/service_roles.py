"""Roles that a service of ours takes on for somebody: a function's role, which trusts `lambda.amazonaws.com`.

Refs: IAM user guide, "Creating a role to delegate permissions to an AWS service"; "The confused deputy problem"
(aws:SourceArn, aws:SourceAccount).
"""

from __future__ import annotations

from hatobin.companions.iam import documents, role_store, session_store
from hatobin.companions.iam.model import Role
from hatobin.companions.iam.session_store import NewTemporary
from hatobin.companions.kms import Vault
from hatobin.ports import Entropy, Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.aws.policy import Caller, Verdict, resource_grant


def service_role_id(session: Session, role_arn: str, service: str, *, source_arn: str) -> str | None:
    """Give the id of the role of this ARN where it lets the service take it on for the resource `source_arn`."""
    role = _trusting(session, role_arn, service, source_arn)
    return None if role is None else role.role_id


def assume_for_service(
    session: Session,
    vault: Vault,
    entropy: Entropy,
    *,
    role_arn: str,
    service: str,
    source_arn: str,
    name: str,
    now: float,
    duration_s: int,
) -> NewTemporary | None:
    """Make credentials that speak for a role, under the session name `name`; None where the role does not allow it.

    Raises `CallerError` (Throttling) when there are too many.
    """
    role = _trusting(session, role_arn, service, source_arn)
    if role is None:
        return None
    return session_store.create(
        session,
        vault,
        entropy,
        account_id=role.account_id,
        holder_id=role.role_id,
        name=name,
        policies=None,
        tags=(),
        now=now,
        duration_s=duration_s,
    )


def _trusting(session: Session, role_arn: str, service: str, source_arn: str) -> Role | None:
    named, source = parse_arn(role_arn), parse_arn(source_arn)
    if named is None or source is None or named.service != "iam" or named.resource_type != "role":
        return None
    role = role_store.find(session, named.account_id, named.resource.rpartition("/")[2])
    # A service acts for an account only under that account's own roles.
    if role is None or role.arn != role_arn or role.account_id != source.account_id:
        return None
    context = {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (source.account_id,)}
    caller = Caller(source.account_id, "", service=service)
    grant = resource_grant(documents.read_trust(role.trust), caller, "sts:AssumeRole", role.arn, context)
    return role if grant.verdict is Verdict.ALLOWED else None
