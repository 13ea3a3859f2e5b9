"""The resources that carry tags, gathered from their rooms."""

from __future__ import annotations

from hatobin.capabilities import (
    configuration_sets,
    contacts,
    custom_verification,
    identities,
    multi_region_endpoints,
    templates,
    tenants,
)
from hatobin.capabilities.tags import TaggedKinds

_KINDS = (
    configuration_sets.TAGGED,
    contacts.TAGGED,
    custom_verification.TAGGED,
    identities.TAGGED,
    multi_region_endpoints.TAGGED,
    templates.TAGGED,
    tenants.TAGGED,
)


def tagged_kinds() -> TaggedKinds:
    """Give every type of resource that TagResource knows."""
    return TaggedKinds({kind.resource_type: kind for kind in _KINDS})
