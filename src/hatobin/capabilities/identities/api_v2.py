"""The identity operations of SES v2.

Refs: surface.md §4.6, §4.7, appendices E and F; DEV-CL-12.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar, cast

from msgspec import UNSET

from hatobin.capabilities import configuration_sets, tags
from hatobin.capabilities.identities import policy_store, store
from hatobin.capabilities.identities.changes import coming_bits
from hatobin.capabilities.identities.creation import NotMade, SigningWish, Wish, identity_of, make_identity
from hatobin.capabilities.identities.deletion import delete
from hatobin.capabilities.identities.keys import InvalidKey, read_key
from hatobin.capabilities.identities.model import (
    MAX_IDENTITIES,
    Dkim,
    DkimOrigin,
    Identity,
    IdentityKind,
    InvalidIdentity,
    Status,
    lookup_key,
)
from hatobin.capabilities.identities.records import dkim_zone
from hatobin.capabilities.identities.sending import inherited_dkim
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    CreateEmailIdentityRequest,
    CreateEmailIdentityResponse,
    DeleteEmailIdentityRequest,
    DkimAttributes,
    DkimSigningAttributes,
    DkimSigningKeyLength,
    GetEmailIdentityRequest,
    GetEmailIdentityResponse,
    IdentityInfo,
    ListEmailIdentitiesRequest,
    ListEmailIdentitiesResponse,
    MailFromAttributes,
    MailFromDomainStatus,
    Tag,
    VerificationInfo,
)
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

E = TypeVar("E", bound=Enum)

BITS = {"RSA_1024_BIT": 1024, "RSA_2048_BIT": 2048}
_LENGTHS: dict[int, DkimSigningKeyLength] = {1024: "RSA_1024_BIT", 2048: "RSA_2048_BIT"}

PAGING = Paging(
    kind="identity",
    default_size=25,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("BadRequestException", f"Invalid NextToken <{token}>."),
    size_error=lambda size: CallerError(
        "BadRequestException",
        f"Value {size} for parameter PageSize is invalid. PageSize must be between 1 and 1000.",
    ),
)


def bad(text: str) -> CallerError:
    """Refuse what the caller asked for."""
    return CallerError("BadRequestException", text)


def does_not_exist(name: str) -> CallerError:
    """Say that there is no such identity, as SES does."""
    return CallerError("NotFoundException", f"Email identity {name} does not exist.", status=404)


def _already_exists(name: str) -> CallerError:
    return CallerError("AlreadyExistsException", f"Email identity {name} already exist.")


@operation("sesv2", "CreateEmailIdentity")
async def create_email_identity(call: Call, request: CreateEmailIdentityRequest) -> CreateEmailIdentityResponse:
    """Make an address or a domain an identity, with Easy DKIM or the caller's own key.

    The order of the checks is probed: the name is taken, the tags, the configuration set.
    """
    name = request.email_identity
    try:
        if await identity_of(call, name) is not None:
            raise _already_exists(name)
        pairs = tags.validate(request.tags)
        signing = _signing_wish(request.dkim_signing_attributes, name)
        made = await make_identity(call, Wish(name, signing, request.configuration_set_name, pairs))
    except (InvalidIdentity, InvalidKey) as invalid:
        raise bad(str(invalid)) from None
    if made is NotMade.EXISTS:
        raise _already_exists(name)
    if made is NotMade.TOO_MANY:
        raise CallerError("LimitExceededException", f"Maximum of {MAX_IDENTITIES} identities reached.")
    if made is NotMade.NO_CONFIGURATION_SET:
        raise configuration_sets.does_not_exist(request.configuration_set_name or "", "sesv2")
    dkim = await call.ports.database.read(lambda s: inherited_dkim(s, made))
    return CreateEmailIdentityResponse(
        identity_type=made.kind.value,
        verified_for_sending_status=made.verified,
        dkim_attributes=_dkim_attributes(call, dkim, is_new=True),
    )


def _signing_wish(wanted: DkimSigningAttributes | None, name: str) -> SigningWish:
    if wanted is None:
        return SigningWish()
    if "@" in name:
        raise bad("The EmailIdentity value must be a valid domain.")
    origin = wanted.domain_signing_attributes_origin
    selector, private_key = wanted.domain_signing_selector, wanted.domain_signing_private_key
    if origin not in (None, "AWS_SES", "EXTERNAL"):
        raise bad(f"DomainSigningAttributesOrigin {origin} is not supported by this server.")
    if origin == "EXTERNAL" or selector is not None or private_key is not None:
        if origin == "AWS_SES":
            raise bad("EXTERNAL origin requires DomainSigningSelector and DomainSigningPrivateKey.")
        return own_key_wish(selector, private_key)
    return SigningWish(bits=BITS[wanted.next_signing_key_length or "RSA_2048_BIT"])


def own_key_wish(selector: str | None, private_key: str | None) -> SigningWish:
    """Read the caller's own key and its selector. Raises `InvalidKey`, and refuses where one of the two is missing."""
    if selector is None or private_key is None:
        raise bad("EXTERNAL origin requires DomainSigningSelector and DomainSigningPrivateKey.")
    return SigningWish(own_key=read_key(private_key), own_selector=selector)


def _dkim_attributes(call: Call, dkim: Dkim, *, is_new: bool = False) -> DkimAttributes:
    # Observed: the answer to the creation says NOT_STARTED, the next look PENDING.
    status = Status.NOT_STARTED if is_new and dkim.status is Status.PENDING else dkim.status
    easy = dkim.origin is DkimOrigin.AWS_SES and dkim.key_id is not None
    return DkimAttributes(
        signing_enabled=dkim.signing_enabled,
        status=status.value,
        tokens=list(dkim.tokens),
        signing_hosted_zone=dkim_zone(call.settings) if easy else None,
        signing_attributes_origin=dkim.origin.value,
        next_signing_key_length=_LENGTHS.get(coming_bits(dkim)) if easy else None,
        current_signing_key_length=_LENGTHS.get(dkim.bits) if easy else None,
        last_key_generation_timestamp=dkim.made_at if easy else None,
    )


@operation("sesv2", "GetEmailIdentity")
async def get_email_identity(call: Call, request: GetEmailIdentityRequest) -> GetEmailIdentityResponse:
    """Show an identity; an address shows the DKIM of its domain."""

    def find(session: Session) -> tuple[Identity, Dkim, dict[str, str]]:
        found = store.find(session, call.account_id, call.region, lookup_key(request.email_identity))
        if found is None:
            raise does_not_exist(request.email_identity)
        policies = policy_store.policies(session, call.account_id, call.region, found.key)
        return found, inherited_dkim(session, found), policies

    identity, dkim, policies = await call.ports.database.read(find)
    return GetEmailIdentityResponse(
        identity_type=identity.kind.value,
        feedback_forwarding_status=identity.feedback_forwarding,
        verified_for_sending_status=identity.verified,
        dkim_attributes=_dkim_attributes(call, dkim),
        mail_from_attributes=_mail_from_attributes(identity),
        policies=policies,
        tags=[Tag(key=key, value=value) for key, value in identity.tags],
        configuration_set_name=identity.configuration_set,
        verification_status=identity.status.value,
        verification_info=_verification_info(identity),
    )


def _mail_from_attributes(identity: Identity) -> MailFromAttributes:
    mail_from = identity.mail_from
    if mail_from is None:
        # SES leaves out the two other members although the model requires them.
        return MailFromAttributes(
            mail_from_domain=cast(str, UNSET),
            mail_from_domain_status=cast(MailFromDomainStatus, UNSET),
            behavior_on_mx_failure="USE_DEFAULT_VALUE",
        )
    return MailFromAttributes(
        mail_from_domain=mail_from.domain,
        mail_from_domain_status=cast(MailFromDomainStatus, mail_from.status.value),
        behavior_on_mx_failure="REJECT_MESSAGE" if mail_from.reject_on_mx_failure else "USE_DEFAULT_VALUE",
    )


def _verification_info(identity: Identity) -> VerificationInfo | None:
    check = identity.check
    if check.checked_at is None and check.succeeded_at is None:
        return None
    return VerificationInfo(
        last_checked_timestamp=check.checked_at,
        last_success_timestamp=check.succeeded_at,
        error_type=None if check.error is None else check.error.value,
    )


@operation("sesv2", "DeleteEmailIdentity")
async def delete_email_identity(call: Call, request: DeleteEmailIdentityRequest) -> None:
    """Remove an identity; messages that were accepted are still sent and signed."""
    name = request.email_identity
    key = lookup_key(name)
    if not await call.ports.database.write(lambda s: delete(s, call, key)):
        raise does_not_exist(name)


def _one_of(kind: type[E], filter_key: str, wanted: dict[str, str]) -> E | None:
    """Read a filter's value as a member of an Enum; None where the filter is not used."""
    value = wanted.get(filter_key)
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError:
        raise bad(f"Value {value} for filter {filter_key} is invalid.") from None


@operation("sesv2", "ListEmailIdentities")
async def list_email_identities(call: Call, request: ListEmailIdentitiesRequest) -> ListEmailIdentitiesResponse:
    """List identities by name, 25 to a page; the filter's entries all have to match."""
    page = PAGING.start(call, request.page_size, request.next_token)
    wanted = {str(key): value for key, value in (request.filter or {}).items()}
    kind = _one_of(IdentityKind, "IDENTITY_TYPE", wanted)
    status = _one_of(Status, "VERIFICATION_STATUS", wanted)
    rows = await call.ports.database.read(
        lambda s: store.page(
            s,
            call.account_id,
            call.region,
            page,
            kind=kind,
            status=status,
            name_contains=wanted.get("IDENTITY_NAME_CONTAINS"),
        )
    )
    shown, token = PAGING.finish(call, page, rows, lambda identity: (identity.key,))
    return ListEmailIdentitiesResponse(
        email_identities=[
            IdentityInfo(
                identity_type=identity.kind.value,
                identity_name=identity.name,
                sending_enabled=identity.verified,
                verification_status=identity.status.value,
            )
            for identity in shown
        ],
        next_token=token,
    )
