"""The operations on roles."""

from __future__ import annotations

from dataclasses import replace

from hatobin.companions.iam import documents, pages, role_store, session_store, trust
from hatobin.companions.iam import tags as tagging
from hatobin.companions.iam.api_users import refuse_with_policies, shown_tags
from hatobin.companions.iam.changes import change_holder, write
from hatobin.companions.iam.errors import exists, no_role, not_served, over_quota
from hatobin.companions.iam.holders import Holder, HolderKind
from hatobin.companions.iam.model import DEFAULT_SESSION_S, MAX_ROLES, MAX_TRUST_BYTES, Role, TagPair, new_role_id
from hatobin.gateway import Call, operation
from hatobin.gateway.models import iam as models
from hatobin.ports import Session

_LIST = "roles"


@operation("iam", "CreateRole")
async def create_role(call: Call, request: models.CreateRoleRequest) -> models.CreateRoleResponse:
    """Make a role that may do nothing yet, and say who may assume it."""
    if request.permissions_boundary is not None:
        raise not_served("PermissionsBoundary")
    if request.max_signin_session_duration is not None:
        raise not_served("MaxSigninSessionDuration")
    _check_trust(request.assume_role_policy_document)
    role = Role(
        account_id=call.account_id,
        name=request.role_name,
        role_id=new_role_id(call.ports.entropy),
        path=request.path or "/",
        trust=request.assume_role_policy_document,
        trust_ids="",
        description=request.description,
        max_session_s=request.max_session_duration or DEFAULT_SESSION_S,
        tags=tagging.checked(request.tags),
        created_at=call.ports.clock.now(),
        last_used_at=None,
        last_used_region=None,
        revision=1,
    )

    def work(session: Session) -> None:
        if role_store.count(session, call.account_id) >= MAX_ROLES:
            raise over_quota("RolesPerAccount", MAX_ROLES)
        if not role_store.insert(session, replace(role, trust_ids=trust.remembered(session, role.trust))):
            raise exists("Role", role.name)

    await write(call, work)
    return models.CreateRoleResponse(role=_shown(role, with_details=True))


@operation("iam", "GetRole")
async def get_role(call: Call, request: models.GetRoleRequest) -> models.GetRoleResponse:
    """Show a role, and when it was last used to within a quarter of an hour."""
    return models.GetRoleResponse(role=_shown(await _found(call, request.role_name), with_details=True))


@operation("iam", "ListRoles")
async def list_roles(call: Call, request: models.ListRolesRequest) -> models.ListRolesResponse:
    """List the roles of the account by name; tags and last use are asked for apart (API reference)."""
    after = pages.start(call, request.marker, kind=_LIST)
    prefix, limit = request.path_prefix or "/", (request.max_items or pages.PAGE_SIZE) + 1
    rows = await call.ports.database.read(
        lambda session: role_store.list_roles(session, call.account_id, path_prefix=prefix, after=after, limit=limit)
    )
    page = pages.cut(call, rows, request.max_items, kind=_LIST, key=lambda role: role.name.lower())
    roles = [_shown(role, with_details=False) for role in page.items]
    return models.ListRolesResponse(roles=roles, is_truncated=page.is_truncated, marker=page.marker)


@operation("iam", "UpdateRole")
async def update_role(call: Call, request: models.UpdateRoleRequest) -> models.UpdateRoleResponse:
    """Change the description of a role and its longest session, as far as they are given."""
    if request.max_signin_session_duration is not None:
        raise not_served("MaxSigninSessionDuration")

    def work(session: Session, holder: Holder) -> None:
        role = _of(session, holder)
        description = role.description if request.description is None else request.description
        longest = request.max_session_duration or role.max_session_s
        role_store.update(session, replace(role, description=description, max_session_s=longest))

    await change_holder(call, HolderKind.ROLE, request.role_name, work)
    return models.UpdateRoleResponse()


@operation("iam", "UpdateAssumeRolePolicy")
async def update_assume_role_policy(call: Call, request: models.UpdateAssumeRolePolicyRequest) -> None:
    """Say anew who may assume a role; sessions that there are go on."""
    document = request.policy_document
    _check_trust(document)

    def work(session: Session, holder: Holder) -> None:
        ids = trust.remembered(session, document)
        role_store.put_trust(session, holder.account_id, holder.holder_id, document, ids)

    await change_holder(call, HolderKind.ROLE, request.role_name, work)


@operation("iam", "DeleteRole")
async def delete_role(call: Call, request: models.DeleteRoleRequest) -> None:
    """Remove a role that has no policies any more; its sessions end at once."""

    def work(session: Session, holder: Holder) -> None:
        refuse_with_policies(session, holder)
        session_store.forget_holder(session, holder.account_id, holder.holder_id)
        role_store.delete(session, holder.account_id, holder.holder_id)

    await change_holder(call, HolderKind.ROLE, request.role_name, work)


@operation("iam", "TagRole")
async def tag_role(call: Call, request: models.TagRoleRequest) -> None:
    """Add tags to a role, or change their values."""
    new = tagging.checked(request.tags)

    def work(session: Session, holder: Holder) -> None:
        _put_tags(session, holder, tagging.merged(_of(session, holder).tags, new))

    await change_holder(call, HolderKind.ROLE, request.role_name, work)


@operation("iam", "UntagRole")
async def untag_role(call: Call, request: models.UntagRoleRequest) -> None:
    """Take tags from a role; keys that it does not have are passed over."""

    def work(session: Session, holder: Holder) -> None:
        _put_tags(session, holder, tagging.without(_of(session, holder).tags, request.tag_keys))

    await change_holder(call, HolderKind.ROLE, request.role_name, work)


@operation("iam", "ListRoleTags")
async def list_role_tags(call: Call, request: models.ListRoleTagsRequest) -> models.ListRoleTagsResponse:
    """List the tags of a role by key."""
    role = await _found(call, request.role_name)
    kind = f"tags of {role.role_id}"
    after = pages.start(call, request.marker, kind=kind)
    rest = sorted(pair for pair in role.tags if pair[0] > after)
    page = pages.cut(call, rest, request.max_items, kind=kind, key=lambda pair: pair[0])
    return models.ListRoleTagsResponse(tags=shown_tags(page.items), is_truncated=page.is_truncated, marker=page.marker)


def _check_trust(document: str) -> None:
    if documents.measured(document) > MAX_TRUST_BYTES:
        raise over_quota("ACLSizePerRole", MAX_TRUST_BYTES)
    documents.read_trust(document)


def _shown(role: Role, *, with_details: bool) -> models.Role:
    """Give a role as answers have it; lists leave out tags and last use."""
    used = models.RoleLastUsed(last_used_date=role.last_used_at, region=role.last_used_region)
    return models.Role(
        path=role.path,
        role_name=role.name,
        role_id=role.role_id,
        arn=role.arn,
        create_date=float(int(role.created_at)),
        assume_role_policy_document=documents.shown(role.trust),
        description=role.description,
        max_session_duration=role.max_session_s,
        tags=shown_tags(role.tags) or None if with_details else None,
        role_last_used=used if with_details else None,
    )


def _of(session: Session, holder: Holder) -> Role:
    role = role_store.find_by_id(session, holder.account_id, holder.holder_id)
    assert role is not None, "it is locked"
    return role


def _put_tags(session: Session, holder: Holder, pairs: tuple[TagPair, ...]) -> None:
    role_store.put_tags(session, holder.account_id, holder.holder_id, pairs)


async def _found(call: Call, name: str) -> Role:
    role = await call.ports.database.read(lambda session: role_store.find(session, call.account_id, name))
    if role is None:
        raise no_role(name)
    return role
