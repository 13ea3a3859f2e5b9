"""A function's policy: who may invoke it, beside the account's own users and roles.

Refs: Lambda API reference, "AddPermission"; developer guide "Viewing resource-based IAM policies in Lambda".
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hatobin.companions.lambda_.errors import invalid
from hatobin.companions.lambda_.model import FunctionKey, Policy
from hatobin.gateway.models.lambda_ import AddPermissionRequest
from hatobin.protocols.aws.policy import Caller, PolicyError, Verdict, read_resource_policy, resource_grant

INVOKE = "lambda:InvokeFunction"
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com", re.ASCII)


def statement(key: FunctionKey, request: AddPermissionRequest) -> str:
    """Write the statement that a request asks for. Raises InvalidParameterValueException."""
    conditions: dict[str, dict[str, str]] = {}
    for operator, name, value in (
        ("StringEquals", "AWS:SourceAccount", request.source_account),
        ("StringEquals", "lambda:EventSourceToken", request.event_source_token),
        ("StringEquals", "aws:PrincipalOrgID", request.principal_org_id),
        ("ArnLike", "AWS:SourceArn", request.source_arn),
    ):
        if value is not None:
            conditions.setdefault(operator, {})[name] = value
    written: dict[str, Any] = {
        "Sid": request.statement_id,
        "Effect": "Allow",
        "Principal": _principal(request.principal),
        "Action": request.action,
        "Resource": key.arn,
    }
    if conditions:
        written["Condition"] = conditions
    text = msgspec.json.encode(written).decode()
    try:
        read_resource_policy(f'{{"Version":"2012-10-17","Statement":[{text}]}}')
    except PolicyError as error:
        raise invalid(str(error)) from None
    return text


def _principal(given: str) -> object:
    if given == "*":
        return "*"
    if _ACCOUNT.fullmatch(given):
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if given.startswith("arn:"):
        return {"AWS": given}
    if _SERVICE.fullmatch(given):
        return {"Service": given}
    raise invalid("The provided principal was invalid. Please check the principal and try again.")


def lets_invoke(policy: Policy, key: FunctionKey, service: str, *, source_arn: str, source_account: str) -> bool:
    """Say whether a service may invoke a function because of the resource `source_arn`."""
    if not policy.statements:
        return False
    context = {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (source_account,)}
    caller = Caller(source_account, "", service=service)
    grant = resource_grant(read_resource_policy(policy.document), caller, INVOKE, key.arn, context)
    return grant.verdict is Verdict.ALLOWED
