"""Who sends for whom: the tenant that a message names, and whether it was given what it sends with.

Refs: SES developer guide, "tenants" (with each send request the association of
identity, configuration set and template is checked); observed: the tenant is
looked up before identities are, what it lacks is listed as a whole, and an
unknown sender is named by its address.
"""

from __future__ import annotations

from hatobin.capabilities import identities, tenants
from hatobin.capabilities.identities import SendingIdentity
from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tenants import Tenant, TenantResource
from hatobin.flow.outbound import refusals
from hatobin.flow.outbound.draft import Draft
from hatobin.ports import Session, remembered


def find_tenant(session: Session, key: MessageKey, name: str) -> Tenant | None:
    """Give a tenant; messages of one group commit share the answer."""
    asked = ("tenant", key.account_id, key.region, name)
    return remembered(session, asked, lambda: tenants.find(session, key.account_id, key.region, name))


def sending_tenant(
    session: Session, draft: Draft, key: MessageKey, identity: SendingIdentity | None, configuration_set: str | None
) -> Tenant | None:
    """Give the tenant of a draft that names one. Raises a `Refusal` where there is none, or where it may not send."""
    if draft.tenant is None:
        return None
    tenant = find_tenant(session, key, draft.tenant)
    if tenant is None:
        raise refusals.NoSuchTenant(draft.tenant, key.account_id)
    sender = str(draft.senders[0]) if identity is None else identity.name
    used = (
        (tenants.IDENTITY, identities.TAGGED.key(sender)),
        (tenants.CONFIGURATION_SET, configuration_set),
        (tenants.TEMPLATE, draft.template),
    )

    def ask() -> list[TenantResource]:
        resources = [TenantResource(key.account_id, key.region, kind, name) for kind, name in used if name is not None]
        return tenants.not_associated(session, tenant.name, resources)

    lacking = remembered(session, ("lacking", key.account_id, key.region, draft.tenant, used), ask)
    if lacking:
        raise refusals.NotAssociated([resource.arn for resource in lacking])
    if not tenant.may_send:
        raise refusals.TenantPaused(tenant.name)
    return tenant
