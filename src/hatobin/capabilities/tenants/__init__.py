"""Tenants: parts of an account that send apart from each other.

A tenant belongs to an account and a region. It may send with the identities,
configuration sets and templates that were associated with it, and with
nothing else: `not_associated` says what of a send it lacks. It can be paused,
and have a suppression list of its own. Rooms that delete what a tenant may
have ask `check_unused`.
"""

from __future__ import annotations

from hatobin.capabilities.tenants import api_v2, api_v2_resources
from hatobin.capabilities.tenants.association_store import check_unused, not_associated
from hatobin.capabilities.tenants.model import (
    DISABLED,
    ENABLED,
    MAX_TENANTS,
    NONE,
    POLICIES,
    REINSTATED,
    STANDARD,
    STRICT,
    StatusRecord,
    Tenant,
    TenantSuppression,
)
from hatobin.capabilities.tenants.paging import paging
from hatobin.capabilities.tenants.resources import CONFIGURATION_SET, IDENTITY, TEMPLATE, TenantResource
from hatobin.capabilities.tenants.store import (
    find,
    find_by_id,
    find_id,
    find_to_change,
    number_paused,
    page,
    put_impact,
    put_policy,
    put_status,
)
from hatobin.capabilities.tenants.tagging import TAGGED

__all__ = [
    "CONFIGURATION_SET",
    "DISABLED",
    "ENABLED",
    "IDENTITY",
    "MAX_TENANTS",
    "NONE",
    "POLICIES",
    "REINSTATED",
    "STANDARD",
    "STRICT",
    "TAGGED",
    "TEMPLATE",
    "StatusRecord",
    "Tenant",
    "TenantResource",
    "TenantSuppression",
    "api_v2",
    "api_v2_resources",
    "check_unused",
    "find",
    "find_by_id",
    "find_id",
    "find_to_change",
    "not_associated",
    "number_paused",
    "page",
    "paging",
    "put_impact",
    "put_policy",
    "put_status",
]
