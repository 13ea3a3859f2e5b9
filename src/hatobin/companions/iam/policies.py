"""What is done with the policies of a user and of a role alike; the operations name which of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from hatobin.companions.iam import documents, pages, policy_store
from hatobin.companions.iam.changes import change_holder
from hatobin.companions.iam.errors import no_such, over_quota
from hatobin.companions.iam.holders import Holder, HolderKind, found
from hatobin.companions.iam.managed import MANAGED
from hatobin.companions.iam.model import MAX_ATTACHED, MAX_ROLE_POLICY_BYTES, MAX_USER_POLICY_BYTES
from hatobin.companions.iam.pages import Page
from hatobin.gateway import Call
from hatobin.gateway.models import iam as models
from hatobin.ports import Session
from hatobin.words.errors import CallerError

T = TypeVar("T")

_log = structlog.get_logger("hatobin.iam")
_SHOWN = 10

_ROOM = {HolderKind.USER: MAX_USER_POLICY_BYTES, HolderKind.ROLE: MAX_ROLE_POLICY_BYTES}


async def put(call: Call, kind: HolderKind, holder_name: str, name: str, document: str) -> None:
    """Store an inline policy. Raises `CallerError` (MalformedPolicyDocument, LimitExceeded, NoSuchEntity)."""
    documents.checked(document)

    def work(session: Session, holder: Holder) -> None:
        others = {key: text for key, text in policy_store.documents(session, holder).items() if key != name}
        if sum(documents.measured(text) for text in (*others.values(), document)) > _ROOM[kind]:
            text = f"Maximum policy size of {_ROOM[kind]} bytes exceeded for {kind.value} {holder_name}"
            raise CallerError("LimitExceeded", text, status=409)
        policy_store.put(session, holder, name, document)

    await change_holder(call, kind, holder_name, work)
    if idle := documents.idle_actions(document):
        _log.warning(
            "policy_names_idle_actions",
            policy=name,
            holder=holder_name,
            actions=idle[:_SHOWN],
            hint="nothing here is checked for them; the actions of SES begin with ses: in v1 and v2",
        )


async def get(call: Call, kind: HolderKind, holder_name: str, name: str) -> str:
    """Give an inline policy as answers hold it. Raises `CallerError` (NoSuchEntity)."""
    text = await _read(call, kind, holder_name, lambda session, holder: policy_store.find(session, holder, name))
    if text is None:
        raise no_inline(kind, name)
    return documents.shown(text)


async def delete(call: Call, kind: HolderKind, holder_name: str, name: str) -> None:
    """Remove an inline policy. Raises `CallerError` (NoSuchEntity)."""

    def work(session: Session, holder: Holder) -> None:
        if not policy_store.delete(session, holder, name):
            raise no_inline(kind, name)

    await change_holder(call, kind, holder_name, work)


async def names(call: Call, kind: HolderKind, holder_name: str, marker: str | None, max_items: int | None) -> Page[str]:
    """List the names of the inline policies."""
    known = await _read(call, kind, holder_name, lambda session, holder: list(policy_store.documents(session, holder)))
    return _page(call, sorted(known), marker, max_items, f"policies of {kind.value} {holder_name}")


async def attach(call: Call, kind: HolderKind, holder_name: str, arn: str) -> None:
    """Attach a managed policy; again changes nothing. Raises `CallerError` (NoSuchEntity, LimitExceeded)."""
    if arn not in MANAGED:
        raise no_such(f"Policy {arn} does not exist or is not attachable.")

    def work(session: Session, holder: Holder) -> None:
        there = policy_store.attached(session, holder)
        if arn not in there and len(there) >= MAX_ATTACHED:
            raise over_quota("PoliciesPerUser" if kind is HolderKind.USER else "PoliciesPerRole", MAX_ATTACHED)
        policy_store.attach(session, holder, arn)

    await change_holder(call, kind, holder_name, work)


async def detach(call: Call, kind: HolderKind, holder_name: str, arn: str) -> None:
    """Detach a managed policy. Raises `CallerError` (NoSuchEntity) when it is not attached."""

    def work(session: Session, holder: Holder) -> None:
        if not policy_store.detach(session, holder, arn):
            raise no_such(f"Policy {arn} was not found.")

    await change_holder(call, kind, holder_name, work)


async def attached(
    call: Call, kind: HolderKind, holder_name: str, prefix: str | None, marker: str | None, max_items: int | None
) -> Page[models.AttachedPolicy]:
    """List the attached policies; all have the path "/", so a longer `prefix` finds none."""
    arns = await _read(call, kind, holder_name, policy_store.attached)
    known = [arn for arn in arns if (prefix or "/") == "/"]
    page = _page(call, known, marker, max_items, f"attached to {kind.value} {holder_name}")
    items = [models.AttachedPolicy(policy_name=arn.rpartition("/")[2], policy_arn=arn) for arn in page.items]
    return Page(items, page.marker)


def no_inline(kind: HolderKind, name: str) -> CallerError:
    """Say that an inline policy is not there."""
    return no_such(f"The {kind.value} policy with name {name} cannot be found.")


async def _read(call: Call, kind: HolderKind, holder_name: str, work: Callable[[Session, Holder], T]) -> T:
    return await call.ports.database.read(
        lambda session: work(session, found(session, kind, call.account_id, holder_name))
    )


def _page(call: Call, items: Sequence[str], marker: str | None, max_items: int | None, kind: str) -> Page[str]:
    after = pages.start(call, marker, kind=kind)
    return pages.cut(call, [item for item in items if item > after], max_items, kind=kind, key=lambda item: item)
