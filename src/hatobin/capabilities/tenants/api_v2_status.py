"""Pausing a tenant, and letting it send again.

Tenants are the only entities whose reputation SES lets an account manage. The
other operations on reputation wait until reputation is measured.

Refs: API reference v2; AWS developer guide "tenants", pausing and unpausing
(an entity is named by its ARN, there with and without the tenant's name).
"""

from __future__ import annotations

from hatobin.capabilities.tenants import store
from hatobin.capabilities.tenants.model import bad
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2 as model
from hatobin.protocols.aws.arn import parse_arn

_TENANT = "tenant/"


@operation("sesv2", "UpdateReputationEntityCustomerManagedStatus")
async def update_reputation_entity_customer_managed_status(
    call: Call, request: model.UpdateReputationEntityCustomerManagedStatusRequest
) -> model.UpdateReputationEntityCustomerManagedStatusResponse:
    """Switch a tenant's sending off (DISABLED) or on (ENABLED, REINSTATED); the next message obeys."""
    reference = request.reputation_entity_reference
    arn = parse_arn(reference)
    own = arn is not None and (arn.service, arn.region, arn.account_id) == ("ses", call.region, call.account_id)
    if arn is None or not own or not arn.resource.startswith(_TENANT):
        raise bad(f"Reputation entity reference <{reference}> is invalid.")
    tenant_id = arn.resource.rpartition("/")[2]
    done = await call.ports.database.write(
        lambda s: store.put_status(s, call.account_id, call.region, tenant_id, request.sending_status)
    )
    if not done:
        raise bad(f"Reputation entity <{reference}> does not exist.")
    return model.UpdateReputationEntityCustomerManagedStatusResponse()
