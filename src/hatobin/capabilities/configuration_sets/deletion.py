"""Deleting configuration sets, for both generations of the API."""

from __future__ import annotations

from hatobin.capabilities import tenants
from hatobin.capabilities.configuration_sets import store
from hatobin.gateway import Call
from hatobin.ports import Session


async def delete(call: Call, name: str) -> bool:
    """Remove a set; False when there is none. Raises `CallerError` for one that a tenant sends with."""

    def remove(session: Session) -> bool:
        done = store.delete(session, call.account_id, call.region, name)
        if done:
            kind = tenants.CONFIGURATION_SET
            tenants.check_unused(session, kind, call.account_id, call.region, name, service=call.service)
        return done

    return await call.ports.database.write(remove)
