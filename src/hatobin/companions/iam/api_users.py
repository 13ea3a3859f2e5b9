"""The operations on users."""

from __future__ import annotations

from hatobin.companions.iam import pages, policy_store, session_store, store, user_store
from hatobin.companions.iam import tags as tagging
from hatobin.companions.iam.changes import change_holder, own_name, write
from hatobin.companions.iam.errors import exists, in_use, no_user, not_served, over_quota
from hatobin.companions.iam.holders import Holder, HolderKind
from hatobin.companions.iam.model import MAX_USERS, TagPair, User, new_user_id, user_arn
from hatobin.gateway import Call, check_action, operation
from hatobin.gateway.models import iam as models
from hatobin.ports import Session

_LIST = "users"


@operation("iam", "CreateUser")
async def create_user(call: Call, request: models.CreateUserRequest) -> models.CreateUserResponse:
    """Make a user that may do nothing yet."""
    if request.permissions_boundary is not None:
        raise not_served("PermissionsBoundary")
    user = User(
        account_id=call.account_id,
        name=request.user_name,
        user_id=new_user_id(call.ports.entropy),
        path=request.path or "/",
        tags=tagging.checked(request.tags),
        created_at=call.ports.clock.now(),
        revision=1,
    )

    def work(session: Session) -> None:
        if user_store.count(session, call.account_id) >= MAX_USERS:
            raise over_quota("UsersPerAccount", MAX_USERS)
        if not user_store.insert(session, user):
            raise exists("User", user.name)

    await write(call, work)
    return models.CreateUserResponse(user=shown(user))


@operation("iam", "GetUser")
async def get_user(call: Call, request: models.GetUserRequest) -> models.GetUserResponse:
    """Show a user, or the caller."""
    return models.GetUserResponse(user=shown(await _found(call, own_name(call, request.user_name))))


@operation("iam", "ListUsers")
async def list_users(call: Call, request: models.ListUsersRequest) -> models.ListUsersResponse:
    """List the users of the account by name; their tags are asked for apart (API reference)."""
    after = pages.start(call, request.marker, kind=_LIST)
    prefix, limit = request.path_prefix or "/", (request.max_items or pages.PAGE_SIZE) + 1
    rows = await call.ports.database.read(
        lambda session: user_store.list_users(session, call.account_id, path_prefix=prefix, after=after, limit=limit)
    )
    page = pages.cut(call, rows, request.max_items, kind=_LIST, key=lambda user: user.name.lower())
    users = [shown(user, with_tags=False) for user in page.items]
    return models.ListUsersResponse(users=users, is_truncated=page.is_truncated, marker=page.marker)


@operation("iam", "UpdateUser")
async def update_user(call: Call, request: models.UpdateUserRequest) -> None:
    """Give a user another name or path; it keeps its id, its keys and its policies."""
    name = request.new_user_name or request.user_name

    def work(session: Session, holder: Holder) -> None:
        user = user_store.find_by_id(session, holder.account_id, holder.holder_id)
        assert user is not None, "it is locked"
        other = user_store.find_in_any_case(session, call.account_id, name)
        if other is not None and other.user_id != user.user_id:
            raise exists("User", name)
        path = request.new_path or user.path
        # Whoever renames needs permission for the new name as well (API reference, UpdateUser).
        check_action(call, "iam:UpdateUser", user_arn(user.account_id, name, path))
        user_store.rename(session, user.account_id, user.user_id, name=name, path=path)

    await change_holder(call, HolderKind.USER, request.user_name, work)


@operation("iam", "DeleteUser")
async def delete_user(call: Call, request: models.DeleteUserRequest) -> None:
    """Remove a user that has neither keys nor policies any more; its temporary credentials end."""

    def work(session: Session, holder: Holder) -> None:
        if store.list_access_keys(session, account_id=holder.account_id, user_id=holder.holder_id):
            raise in_use("delete access keys")
        refuse_with_policies(session, holder)
        session_store.forget_holder(session, holder.account_id, holder.holder_id)
        user_store.delete(session, holder.account_id, holder.holder_id)

    await change_holder(call, HolderKind.USER, request.user_name, work)


def refuse_with_policies(session: Session, holder: Holder) -> None:
    """Refuse to delete what still has policies. Raises `CallerError` (DeleteConflict)."""
    if policy_store.attached(session, holder):
        raise in_use("detach all policies")
    if policy_store.documents(session, holder):
        raise in_use("delete policies")


@operation("iam", "TagUser")
async def tag_user(call: Call, request: models.TagUserRequest) -> None:
    """Add tags to a user, or change their values."""
    new = tagging.checked(request.tags)

    def work(session: Session, holder: Holder) -> None:
        pairs = tagging.merged(_tags(session, holder), new)
        user_store.put_tags(session, holder.account_id, holder.holder_id, pairs)

    await change_holder(call, HolderKind.USER, request.user_name, work)


@operation("iam", "UntagUser")
async def untag_user(call: Call, request: models.UntagUserRequest) -> None:
    """Take tags from a user; keys that it does not have are passed over."""

    def work(session: Session, holder: Holder) -> None:
        pairs = tagging.without(_tags(session, holder), request.tag_keys)
        user_store.put_tags(session, holder.account_id, holder.holder_id, pairs)

    await change_holder(call, HolderKind.USER, request.user_name, work)


@operation("iam", "ListUserTags")
async def list_user_tags(call: Call, request: models.ListUserTagsRequest) -> models.ListUserTagsResponse:
    """List the tags of a user by key."""
    user = await _found(call, request.user_name)
    kind = f"tags of {user.user_id}"
    after = pages.start(call, request.marker, kind=kind)
    rest = sorted(pair for pair in user.tags if pair[0] > after)
    page = pages.cut(call, rest, request.max_items, kind=kind, key=lambda pair: pair[0])
    return models.ListUserTagsResponse(tags=shown_tags(page.items), is_truncated=page.is_truncated, marker=page.marker)


def shown(user: User, *, with_tags: bool = True) -> models.User:
    """Give a user as answers have it."""
    return models.User(
        path=user.path,
        user_name=user.name,
        user_id=user.user_id,
        arn=user.arn,
        create_date=float(int(user.created_at)),
        tags=shown_tags(user.tags) or None if with_tags else None,
    )


def shown_tags(pairs: list[TagPair] | tuple[TagPair, ...]) -> list[models.Tag]:
    """Give tags as answers have them."""
    return [models.Tag(key=key, value=value) for key, value in pairs]


def _tags(session: Session, holder: Holder) -> tuple[TagPair, ...]:
    user = user_store.find_by_id(session, holder.account_id, holder.holder_id)
    return () if user is None else user.tags


async def _found(call: Call, name: str) -> User:
    user = await call.ports.database.read(lambda session: user_store.find(session, call.account_id, name))
    if user is None:
        raise no_user(name)
    return user
