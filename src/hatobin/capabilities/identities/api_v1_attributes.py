"""DKIM and the custom MAIL FROM domain in SES v1, on the same identities.

Refs: surface.md §4.6, §4.7, appendix E; API reference.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from msgspec import UNSET

from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.api_v1 import V1_STATUS, asked_identities, no_identity, verify
from hatobin.capabilities.identities.changes import (
    NoSuchIdentity,
    NotChangeable,
    set_dkim_enabled,
    set_mail_from,
    set_signing,
)
from hatobin.capabilities.identities.model import Dkim, DkimOrigin, Identity, InvalidIdentity, Status
from hatobin.capabilities.identities.sending import inherited_dkim
from hatobin.gateway import Call, operation
from hatobin.gateway.models.ses import (
    CustomMailFromStatus,
    GetIdentityDkimAttributesRequest,
    GetIdentityDkimAttributesResponse,
    GetIdentityMailFromDomainAttributesRequest,
    GetIdentityMailFromDomainAttributesResponse,
    IdentityDkimAttributes,
    IdentityMailFromDomainAttributes,
    SetIdentityDkimEnabledRequest,
    SetIdentityDkimEnabledResponse,
    SetIdentityMailFromDomainRequest,
    SetIdentityMailFromDomainResponse,
    VerifyDomainDkimRequest,
    VerifyDomainDkimResponse,
)
from hatobin.ports import Session
from hatobin.words.errors import CallerError


@asynccontextmanager
async def in_words_of_v1() -> AsyncIterator[None]:
    """Tell what went wrong as v1 does."""
    try:
        yield
    except NoSuchIdentity as missing:
        raise no_identity(str(missing)) from None
    except (NotChangeable, InvalidIdentity) as wrong:
        raise CallerError("InvalidParameterValue", str(wrong)) from None


@operation("ses", "VerifyDomainDkim")
async def verify_domain_dkim(call: Call, request: VerifyDomainDkimRequest) -> VerifyDomainDkimResponse:
    """Give the tokens of a domain's CNAME records; the domain becomes an identity if it is none."""
    if "@" in request.domain:
        raise CallerError("InvalidParameterValue", f"Domain {request.domain} is invalid.")
    identity = await verify(call, request.domain)
    async with in_words_of_v1():
        identity = await set_signing(call, identity.name, DkimOrigin.AWS_SES, None)
    return VerifyDomainDkimResponse(dkim_tokens=list(identity.dkim.tokens))


@operation("ses", "GetIdentityDkimAttributes")
async def get_identity_dkim_attributes(
    call: Call, request: GetIdentityDkimAttributesRequest
) -> GetIdentityDkimAttributesResponse:
    """Show the DKIM of several identities; an address shows that of its domain."""
    names = asked_identities(request.identities)

    def find(session: Session) -> dict[str, Dkim]:
        found = store.find_several(session, call.account_id, call.region, list(names.values()))
        return {key: inherited_dkim(session, identity) for key, identity in found.items()}

    known = await call.ports.database.read(find)
    return GetIdentityDkimAttributesResponse(
        dkim_attributes={name: _dkim_attributes(known[key]) for name, key in names.items() if key in known}
    )


def _dkim_attributes(dkim: Dkim) -> IdentityDkimAttributes:
    easy = dkim.origin is DkimOrigin.AWS_SES and dkim.tokens
    return IdentityDkimAttributes(
        dkim_enabled=dkim.signing_enabled,
        dkim_verification_status=V1_STATUS[dkim.status.value],
        dkim_tokens=list(dkim.tokens) if easy else None,
    )


@operation("ses", "SetIdentityDkimEnabled")
async def set_identity_dkim_enabled(
    call: Call, request: SetIdentityDkimEnabledRequest
) -> SetIdentityDkimEnabledResponse:
    """Switch the DKIM signature of an identity on or off."""
    async with in_words_of_v1():
        await set_dkim_enabled(call, request.identity, enabled=request.dkim_enabled)
    return SetIdentityDkimEnabledResponse()


@operation("ses", "SetIdentityMailFromDomain")
async def set_identity_mail_from_domain(
    call: Call, request: SetIdentityMailFromDomainRequest
) -> SetIdentityMailFromDomainResponse:
    """Set the custom MAIL FROM domain; none or an empty one goes back to the default."""
    async with in_words_of_v1():
        await set_mail_from(
            call,
            request.identity,
            request.mail_from_domain,
            reject=request.behavior_on_mx_failure == "RejectMessage",
        )
    return SetIdentityMailFromDomainResponse()


_MAIL_FROM_STATUS: dict[Status, CustomMailFromStatus] = {
    Status.PENDING: "Pending",
    Status.SUCCESS: "Success",
    Status.FAILED: "Failed",
    Status.TEMPORARY_FAILURE: "TemporaryFailure",
}


@operation("ses", "GetIdentityMailFromDomainAttributes")
async def get_identity_mail_from_domain_attributes(
    call: Call, request: GetIdentityMailFromDomainAttributesRequest
) -> GetIdentityMailFromDomainAttributesResponse:
    """Show the custom MAIL FROM domains of several identities."""
    names = asked_identities(request.identities)
    known = await call.ports.database.read(
        lambda s: store.find_several(s, call.account_id, call.region, list(names.values()))
    )
    return GetIdentityMailFromDomainAttributesResponse(
        mail_from_domain_attributes={
            name: _mail_from_attributes(known[key]) for name, key in names.items() if key in known
        }
    )


def _mail_from_attributes(identity: Identity) -> IdentityMailFromDomainAttributes:
    mail_from = identity.mail_from
    if mail_from is None:
        # SES leaves out the two other members although the model requires them.
        return IdentityMailFromDomainAttributes(
            mail_from_domain=cast(str, UNSET),
            mail_from_domain_status=cast(CustomMailFromStatus, UNSET),
            behavior_on_mx_failure="UseDefaultValue",
        )
    return IdentityMailFromDomainAttributes(
        mail_from_domain=mail_from.domain,
        mail_from_domain_status=_MAIL_FROM_STATUS[mail_from.status],
        behavior_on_mx_failure="RejectMessage" if mail_from.reject_on_mx_failure else "UseDefaultValue",
    )
