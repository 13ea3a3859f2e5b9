"""The identity operations of SES v1, on the same identities.

Verifying again what is an identity already changes nothing and gives the same
token; an address that waits gets another mail, and a domain whose search was
given up is searched again. Deleting what is
not there is fine: the model has no error for it.

Refs: surface.md §4.6, §4.7, appendices E and F; DEV-CL-02, DEV-CL-07.
"""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.capabilities.identities import check_store, store
from hatobin.capabilities.identities.creation import NotMade, Wish, ask_again, identity_of, make_identity
from hatobin.capabilities.identities.deletion import delete
from hatobin.capabilities.identities.model import (
    MAX_IDENTITIES,
    Identity,
    IdentityKind,
    InvalidIdentity,
    lookup_key,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models.ses import (
    DeleteIdentityRequest,
    DeleteIdentityResponse,
    DeleteVerifiedEmailAddressRequest,
    GetIdentityVerificationAttributesRequest,
    GetIdentityVerificationAttributesResponse,
    IdentityVerificationAttributes,
    ListIdentitiesRequest,
    ListIdentitiesResponse,
    ListVerifiedEmailAddressesRequest,
    ListVerifiedEmailAddressesResponse,
    VerificationStatus,
    VerifyDomainIdentityRequest,
    VerifyDomainIdentityResponse,
    VerifyEmailAddressRequest,
    VerifyEmailIdentityRequest,
    VerifyEmailIdentityResponse,
)
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

MAX_VERIFIED_ADDRESSES = 1000
"""ListVerifiedEmailAddresses has no paging; more are not shown."""

MAX_ASKED_IDENTITIES = 100
"""GetIdentityVerificationAttributes: "up to 100 identities" (API reference)."""

PAGING = Paging(
    kind="identity",
    default_size=1000,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("InvalidParameterValue", f"Invalid NextToken <{token}>."),
    size_error=lambda size: CallerError(
        "InvalidParameterValue",
        f"Value {size} for parameter MaxItems is invalid. MaxItems must be between 1 and 1000.",
    ),
)


async def verify(call: Call, text: str) -> Identity:
    """Give the identity of this name, made if there is none; an address that waits is written to again."""
    try:
        known = await identity_of(call, text)
        if known is not None:
            await ask_again(call, known)
        made = await make_identity(call, Wish(text)) if known is None else known
        if made is NotMade.EXISTS:  # Made by another call meanwhile.
            made = await identity_of(call, text) or NotMade.EXISTS
    except InvalidIdentity as invalid:
        raise CallerError("InvalidParameterValue", str(invalid)) from None
    if isinstance(made, NotMade):
        raise CallerError("LimitExceeded", f"Maximum of {MAX_IDENTITIES} identities reached.")
    return made


async def _verify_address(call: Call, text: str) -> None:
    if "@" not in text:
        raise CallerError("InvalidParameterValue", f"Invalid email address<{text}>.")
    await verify(call, text)


@operation("ses", "VerifyEmailIdentity")
async def verify_email_identity(call: Call, request: VerifyEmailIdentityRequest) -> VerifyEmailIdentityResponse:
    """Make an address an identity."""
    await _verify_address(call, request.email_address)
    return VerifyEmailIdentityResponse()


@operation("ses", "VerifyEmailAddress")
async def verify_email_address(call: Call, request: VerifyEmailAddressRequest) -> None:
    """Make an address an identity; the older name of the same."""
    await _verify_address(call, request.email_address)


@operation("ses", "VerifyDomainIdentity")
async def verify_domain_identity(call: Call, request: VerifyDomainIdentityRequest) -> VerifyDomainIdentityResponse:
    """Make a domain an identity and give the token for its TXT record `_amazonses.DOMAIN`."""
    if "@" in request.domain:
        raise CallerError("InvalidParameterValue", f"Domain {request.domain} is invalid.")
    identity = await verify(call, request.domain)
    if not identity.verified:
        now = call.ports.clock.now()
        await call.ports.database.write(
            lambda s: check_store.restart_check(s, call.account_id, call.region, identity.key, now)
        )
    return VerifyDomainIdentityResponse(verification_token=identity.verification_token)


@operation("ses", "ListIdentities")
async def list_identities(call: Call, request: ListIdentitiesRequest) -> ListIdentitiesResponse:
    """List names of identities, verified or not, of one kind or of both."""
    page = PAGING.start(call, request.max_items, request.next_token)
    kind = next((known for known in IdentityKind if known.v1_name == request.identity_type), None)
    rows = await call.ports.database.read(lambda s: store.page(s, call.account_id, call.region, page, kind=kind))
    shown, token = PAGING.finish(call, page, rows, lambda identity: (identity.key,))
    return ListIdentitiesResponse(identities=[identity.name for identity in shown], next_token=token)


@operation("ses", "ListVerifiedEmailAddresses")
async def list_verified_email_addresses(
    call: Call, request: ListVerifiedEmailAddressesRequest
) -> ListVerifiedEmailAddressesResponse:
    """List the verified addresses."""
    names = await call.ports.database.read(
        lambda s: store.verified_addresses(s, call.account_id, call.region, MAX_VERIFIED_ADDRESSES)
    )
    return ListVerifiedEmailAddressesResponse(verified_email_addresses=names)


@operation("ses", "GetIdentityVerificationAttributes")
async def get_identity_verification_attributes(
    call: Call, request: GetIdentityVerificationAttributesRequest
) -> GetIdentityVerificationAttributesResponse:
    """Show the state of several identities, by the names asked for; unknown ones are left out."""
    keys = asked_identities(request.identities)
    found = await call.ports.database.read(
        lambda s: store.find_several(s, call.account_id, call.region, list(keys.values()))
    )
    return GetIdentityVerificationAttributesResponse(
        verification_attributes={name: _attributes(found[key]) for name, key in keys.items() if key in found}
    )


def asked_identities(names: Sequence[str]) -> dict[str, str]:
    """Give the keys of the identities that a question names, by the names as they were given."""
    if len(names) > MAX_ASKED_IDENTITIES:
        raise CallerError("InvalidParameterValue", f"At most {MAX_ASKED_IDENTITIES} identities can be asked for.")
    return {name: lookup_key(name) for name in names}


def no_identity(name: str) -> CallerError:
    """Say that there is no such identity."""
    return CallerError("InvalidParameterValue", f"Identity <{name}> does not exist.")


def _attributes(identity: Identity) -> IdentityVerificationAttributes:
    is_domain = identity.kind is IdentityKind.DOMAIN
    return IdentityVerificationAttributes(
        verification_status=V1_STATUS[identity.status.value],
        verification_token=identity.verification_token if is_domain else None,
    )


V1_STATUS: dict[str, VerificationStatus] = {
    "PENDING": "Pending",
    "SUCCESS": "Success",
    "FAILED": "Failed",
    "TEMPORARY_FAILURE": "TemporaryFailure",
    "NOT_STARTED": "NotStarted",
}


@operation("ses", "DeleteIdentity")
async def delete_identity(call: Call, request: DeleteIdentityRequest) -> DeleteIdentityResponse:
    """Remove an address or a domain."""
    key = lookup_key(request.identity)
    await call.ports.database.write(lambda s: delete(s, call, key))
    return DeleteIdentityResponse()


@operation("ses", "DeleteVerifiedEmailAddress")
async def delete_verified_email_address(call: Call, request: DeleteVerifiedEmailAddressRequest) -> None:
    """Remove an address; the older name of DeleteIdentity for addresses."""
    key = lookup_key(request.email_address)

    def delete_address(session: Session) -> None:
        found = store.find(session, call.account_id, call.region, key)
        if found is not None and found.kind is IdentityKind.EMAIL_ADDRESS:
            delete(session, call, key)

    await call.ports.database.write(delete_address)
