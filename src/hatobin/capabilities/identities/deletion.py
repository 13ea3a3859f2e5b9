"""Deleting identities, for both generations of the API."""

from __future__ import annotations

from hatobin.capabilities import tenants
from hatobin.capabilities.identities import store
from hatobin.gateway import Call
from hatobin.ports import Session


def delete(session: Session, call: Call, key: str) -> bool:
    """Remove an identity; False when there is none. Raises `CallerError` for one that a tenant sends with."""
    done = store.delete(session, call.account_id, call.region, key, call.ports.clock.now())
    if done:
        tenants.check_unused(session, tenants.IDENTITY, call.account_id, call.region, key, service=call.service)
    return done
