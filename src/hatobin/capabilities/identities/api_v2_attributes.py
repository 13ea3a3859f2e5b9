"""The v2 operations that change one attribute of an identity.

Refs: surface.md §4.6, §4.7, appendix E; API reference "PutEmailIdentity…".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.identities import store
from hatobin.capabilities.identities.api_v2 import BITS, bad, does_not_exist, own_key_wish
from hatobin.capabilities.identities.changes import (
    NoSuchIdentity,
    NotChangeable,
    change_identity,
    set_dkim_enabled,
    set_mail_from,
    set_signing,
)
from hatobin.capabilities.identities.creation import SigningWish
from hatobin.capabilities.identities.keys import InvalidKey
from hatobin.capabilities.identities.model import DkimOrigin, Identity, InvalidIdentity
from hatobin.capabilities.identities.records import dkim_zone
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    DkimSigningAttributes,
    PutEmailIdentityConfigurationSetAttributesRequest,
    PutEmailIdentityConfigurationSetAttributesResponse,
    PutEmailIdentityDkimAttributesRequest,
    PutEmailIdentityDkimAttributesResponse,
    PutEmailIdentityDkimSigningAttributesRequest,
    PutEmailIdentityDkimSigningAttributesResponse,
    PutEmailIdentityFeedbackAttributesRequest,
    PutEmailIdentityFeedbackAttributesResponse,
    PutEmailIdentityMailFromAttributesRequest,
    PutEmailIdentityMailFromAttributesResponse,
)
from hatobin.ports import Session


@asynccontextmanager
async def _in_words_of_v2() -> AsyncIterator[None]:
    try:
        yield
    except NoSuchIdentity as missing:
        raise does_not_exist(str(missing)) from None
    except (NotChangeable, InvalidIdentity, InvalidKey) as wrong:
        raise bad(str(wrong)) from None


@operation("sesv2", "PutEmailIdentityDkimAttributes")
async def put_email_identity_dkim_attributes(
    call: Call, request: PutEmailIdentityDkimAttributesRequest
) -> PutEmailIdentityDkimAttributesResponse:
    """Switch the DKIM signature on or off; left out, it is off (a Boolean of the model, false by default)."""
    async with _in_words_of_v2():
        await set_dkim_enabled(call, request.email_identity, enabled=bool(request.signing_enabled))
    return PutEmailIdentityDkimAttributesResponse()


@operation("sesv2", "PutEmailIdentityDkimSigningAttributes")
async def put_email_identity_dkim_signing_attributes(
    call: Call, request: PutEmailIdentityDkimSigningAttributesRequest
) -> PutEmailIdentityDkimSigningAttributesResponse:
    """Change from Easy DKIM to the caller's key or back, or the length of our key."""
    wanted = request.signing_attributes
    async with _in_words_of_v2():
        if request.signing_attributes_origin == "EXTERNAL":
            attributes = wanted or DkimSigningAttributes()
            wish = own_key_wish(attributes.domain_signing_selector, attributes.domain_signing_private_key)
            identity = await set_signing(call, request.email_identity, DkimOrigin.EXTERNAL, wish)
        elif request.signing_attributes_origin == "AWS_SES":
            identity = await set_signing(call, request.email_identity, DkimOrigin.AWS_SES, _easy_wish(wanted))
        else:
            raise bad(
                f"DomainSigningAttributesOrigin {request.signing_attributes_origin} is not supported by this server."
            )
    easy = identity.dkim.origin is DkimOrigin.AWS_SES
    return PutEmailIdentityDkimSigningAttributesResponse(
        dkim_status=identity.dkim.status.value,
        dkim_tokens=list(identity.dkim.tokens),
        signing_hosted_zone=dkim_zone(call.settings) if easy else None,
    )


def _easy_wish(wanted: DkimSigningAttributes | None) -> SigningWish | None:
    if wanted is None:
        return None
    if wanted.domain_signing_selector is not None or wanted.domain_signing_private_key is not None:
        raise bad("DomainSigningSelector and DomainSigningPrivateKey require EXTERNAL origin.")
    length = wanted.next_signing_key_length
    return None if length is None else SigningWish(bits=BITS[length])


@operation("sesv2", "PutEmailIdentityMailFromAttributes")
async def put_email_identity_mail_from_attributes(
    call: Call, request: PutEmailIdentityMailFromAttributesRequest
) -> PutEmailIdentityMailFromAttributesResponse:
    """Set the custom MAIL FROM domain; none or an empty one goes back to the default."""
    async with _in_words_of_v2():
        await set_mail_from(
            call,
            request.email_identity,
            request.mail_from_domain,
            reject=request.behavior_on_mx_failure == "REJECT_MESSAGE",
        )
    return PutEmailIdentityMailFromAttributesResponse()


@operation("sesv2", "PutEmailIdentityFeedbackAttributes")
async def put_email_identity_feedback_attributes(
    call: Call, request: PutEmailIdentityFeedbackAttributesRequest
) -> PutEmailIdentityFeedbackAttributesResponse:
    """Switch the forwarding of bounces and complaints by mail on or off."""
    enabled = bool(request.email_forwarding_enabled)
    async with _in_words_of_v2():
        await change_identity(
            call,
            request.email_identity,
            lambda _, found: replace(found, feedback_forwarding=enabled),
            store.put_switches,
        )
    return PutEmailIdentityFeedbackAttributesResponse()


@operation("sesv2", "PutEmailIdentityConfigurationSetAttributes")
async def put_email_identity_configuration_set_attributes(
    call: Call, request: PutEmailIdentityConfigurationSetAttributesRequest
) -> PutEmailIdentityConfigurationSetAttributesResponse:
    """Set the configuration set of mail that names none; left out, there is none any more."""
    name = request.configuration_set_name

    def change(session: Session, found: Identity) -> Identity:
        if name is not None and not configuration_sets.exists(session, found.account_id, found.region, name):
            raise configuration_sets.does_not_exist(name, "sesv2")
        return replace(found, configuration_set=name)

    async with _in_words_of_v2():
        await change_identity(call, request.email_identity, change, store.put_switches)
    return PutEmailIdentityConfigurationSetAttributesResponse()
