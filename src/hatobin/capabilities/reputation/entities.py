"""Reputation entities, as requests name them and answers show them. SES has tenants alone.

Refs: API reference v2, ReputationEntity, StatusRecord; developer guide "tenants" (an entity is named by its ARN,
there with and without the tenant's name; policies are AWS's own).
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities import tenants
from hatobin.capabilities.reputation.model import policy_arn
from hatobin.capabilities.tenants import POLICIES, StatusRecord, Tenant
from hatobin.gateway import Call
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.protocols.aws.arn import parse_arn
from hatobin.words.errors import CallerError

_TENANT = "tenant/"


def bad(text: str) -> CallerError:
    """Word a request that cannot be meant."""
    return CallerError("BadRequestException", text)


def check(call: Call, reference: str) -> None:
    """Refuse what cannot name an entity of the caller. Raises `CallerError`."""
    if _named(call.account_id, call.region, reference) is None:
        raise bad(f"Reputation entity reference <{reference}> is invalid.")


def is_entity(call: Call, reference: str) -> bool:
    """Say whether a text names an entity of the caller, there or not."""
    return _named(call.account_id, call.region, reference) is not None


def find_entity(session: Session, account_id: str, region: str, reference: str) -> Tenant | None:
    """Give the tenant that an ARN names by its name, its id or both."""
    named = _named(account_id, region, reference)
    if named is None:
        return None
    name, _, tenant_id = named.partition("/")
    found = tenants.find_by_id(session, account_id, region, tenant_id or name)
    if tenant_id:
        return found if found is not None and found.name == name else None
    return found or tenants.find(session, account_id, region, name)


def _named(account_id: str, region: str, reference: str) -> str | None:
    """Give what stands after `tenant/`."""
    arn = parse_arn(reference)
    if arn is None or (arn.service, arn.region, arn.account_id) != ("ses", region, account_id):
        return None
    return arn.resource.removeprefix(_TENANT) if arn.resource.startswith(_TENANT) else None


def missing(reference: str) -> str:
    """Word an entity that is not there."""
    return f"Reputation entity <{reference}> does not exist."


def read_policy(region: str, arn: str) -> str:
    """Give the policy that an ARN names. Raises `CallerError`."""
    for policy in POLICIES:
        if arn == policy_arn(region, policy):
            return policy
    raise bad(f"Reputation policy <{arn}> is invalid.")


def shown(tenant: Tenant) -> model.ReputationEntity:
    """Show an entity."""
    return model.ReputationEntity(
        reputation_entity_reference=tenant.arn,
        reputation_entity_type="RESOURCE",
        reputation_management_policy=policy_arn(tenant.region, tenant.policy),
        customer_managed_status=_record(tenant.customer),
        aws_ses_managed_status=_record(tenant.enforced),
        sending_status_aggregate=cast(model.SendingStatus, tenant.status),
        reputation_impact=cast("model.RecommendationImpact | None", tenant.impact),
    )


def _record(record: StatusRecord) -> model.StatusRecord:
    return model.StatusRecord(
        status=cast(model.SendingStatus, record.status), cause=record.cause, last_updated_timestamp=record.at
    )
