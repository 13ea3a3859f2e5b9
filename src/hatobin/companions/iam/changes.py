"""A change of a user or role: one transaction, and then no cache knows the old one any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hatobin.companions.iam.access_keys import AccessKeys
from hatobin.companions.iam.errors import invalid
from hatobin.companions.iam.holders import Holder, HolderKind, locked
from hatobin.gateway import Call
from hatobin.ports import Session

T = TypeVar("T")


async def change_holder(call: Call, kind: HolderKind, name: str, work: Callable[[Session, Holder], T]) -> T:
    """Run `work` on a holder of the caller's account; whoever speaks for it is asked anew from then on.

    Raises `CallerError` (NoSuchEntity) when there is none of this name.
    """

    def run(session: Session) -> tuple[str, T]:
        holder = locked(session, kind, call.account_id, name)
        return holder.holder_id, work(session, holder)

    holder_id, result = await write(call, run)
    call.services.get(AccessKeys).forget_holder(holder_id)
    return result


async def write(call: Call, work: Callable[[Session], T]) -> T:
    """Run `work` in its account's turn."""
    return await call.ports.database.write(work, turn=f"iam {call.account_id}")


def own_name(call: Call, name: str | None) -> str:
    """Give the user that a request is about: the named one, else the caller.

    Raises `CallerError` when nobody is named and a role calls.
    """
    if name is not None:
        return name
    if call.principal.role_arn:
        raise invalid("Must specify userName when calling with non-User credentials")
    return call.principal.name
