"""The operations on access keys of users."""

from __future__ import annotations

from hatobin.companions.iam import pages, store, user_store
from hatobin.companions.iam.access_keys import AccessKeys
from hatobin.companions.iam.changes import change_holder, own_name
from hatobin.companions.iam.errors import invalid_input, no_key, over_quota
from hatobin.companions.iam.holders import Holder, HolderKind, found
from hatobin.companions.iam.model import MAX_KEYS_OF_USER, AccessKey, KeyStatus, NewAccessKey
from hatobin.companions.kms import Vault
from hatobin.gateway import Call, operation
from hatobin.gateway.models import iam as models
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_NEVER_USED = "N/A"


@operation("iam", "CreateAccessKey")
async def create_access_key(call: Call, request: models.CreateAccessKeyRequest) -> models.CreateAccessKeyResponse:
    """Make an access key of a user, or of the caller. Its secret is shown once, now."""
    name = own_name(call, request.user_name)
    vault, entropy, now = call.services.get(Vault), call.ports.entropy, call.ports.clock.now()

    def work(session: Session, holder: Holder) -> NewAccessKey:
        if len(_keys(session, holder)) >= MAX_KEYS_OF_USER:
            raise over_quota("AccessKeysPerUser", MAX_KEYS_OF_USER)
        user = user_store.find_by_id(session, holder.account_id, holder.holder_id)
        assert user is not None, "it is locked"
        return store.new_key(session, vault, entropy, user, now=now)

    made = await change_holder(call, HolderKind.USER, name, work)
    return models.CreateAccessKeyResponse(
        access_key=models.AccessKey(
            user_name=name,
            access_key_id=made.key.access_key_id,
            status="Active",
            secret_access_key=made.secret,
            create_date=float(int(made.key.created_at)),
        )
    )


@operation("iam", "ListAccessKeys")
async def list_access_keys(call: Call, request: models.ListAccessKeysRequest) -> models.ListAccessKeysResponse:
    """List the keys of a user, or of the caller, the oldest first."""
    name = own_name(call, request.user_name)

    def work(session: Session) -> tuple[AccessKey, ...]:
        return _keys(session, found(session, HolderKind.USER, call.account_id, name))

    keys = await call.ports.database.read(work)
    kind = f"keys of {name}"
    after = pages.start(call, request.marker, kind=kind)
    places = [f"{key.created_at:020.6f} {key.access_key_id}" for key in keys]
    rest = [(place, key) for place, key in zip(places, keys, strict=True) if place > after]
    page = pages.cut(call, rest, request.max_items, kind=kind, key=lambda one: one[0])
    return models.ListAccessKeysResponse(
        access_key_metadata=[_metadata(key) for _, key in page.items],
        is_truncated=page.is_truncated,
        marker=page.marker,
    )


@operation("iam", "UpdateAccessKey")
async def update_access_key(call: Call, request: models.UpdateAccessKeyRequest) -> None:
    """Switch a key of a user on or off, at once."""
    if request.status == "Expired":
        raise invalid_input("The status of an access key can be changed to Active or Inactive.")
    key_id, status = request.access_key_id, KeyStatus(request.status)

    def work(session: Session, holder: Holder) -> None:
        if key_id not in {key.access_key_id for key in _keys(session, holder)}:
            raise no_key(key_id)
        store.set_status(session, access_key_id=key_id, status=status)

    await change_holder(call, HolderKind.USER, own_name(call, request.user_name), work)
    call.services.get(AccessKeys).forget(key_id)


@operation("iam", "DeleteAccessKey")
async def delete_access_key(call: Call, request: models.DeleteAccessKeyRequest) -> None:
    """Remove a key of a user; it is refused at once."""
    key_id = request.access_key_id

    def work(session: Session, holder: Holder) -> None:
        if not store.delete(session, holder.account_id, holder.holder_id, key_id):
            raise no_key(key_id)

    await change_holder(call, HolderKind.USER, own_name(call, request.user_name), work)
    call.services.get(AccessKeys).forget(key_id)


@operation("iam", "GetAccessKeyLastUsed")
async def get_access_key_last_used(
    call: Call, request: models.GetAccessKeyLastUsedRequest
) -> models.GetAccessKeyLastUsedResponse:
    """Say when and for what a key of the account was last used, to within a quarter of an hour."""
    key = await call.ports.database.read(lambda session: store.find(session, request.access_key_id))
    if key is None or key.account_id != call.account_id:
        # The key of another account and one that nobody has must look the same.
        raise CallerError(
            "AccessDenied",
            f"User: {call.principal.arn} is not authorized to perform: iam:GetAccessKeyLastUsed"
            f" on resource: access key {request.access_key_id}",
            status=403,
        )
    return models.GetAccessKeyLastUsedResponse(
        user_name=key.user_name,
        access_key_last_used=models.AccessKeyLastUsed(
            last_used_date=None if key.last_used_at is None else float(int(key.last_used_at)),
            service_name=key.last_used_service or _NEVER_USED,
            region=key.last_used_region or _NEVER_USED,
        ),
    )


def _keys(session: Session, holder: Holder) -> tuple[AccessKey, ...]:
    return store.list_access_keys(session, account_id=holder.account_id, user_id=holder.holder_id)


def _metadata(key: AccessKey) -> models.AccessKeyMetadata:
    return models.AccessKeyMetadata(
        user_name=key.user_name,
        access_key_id=key.access_key_id,
        status=key.status.value,
        create_date=float(int(key.created_at)),
    )
