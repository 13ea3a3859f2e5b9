"""The S/MIME certificates of identities, an affair of SES v2 alone.

A certificate signs the mail of one From address, where the configuration set
of a message wants S/MIME signatures. SES provisions an association for a
while; here it is active at once.

Refs: API reference "AssociateEmailIdentityCertificate",
"DisassociateEmailIdentityCertificate", "IdentityCertificate"; AWS developer
guide "send-email-authentication-smime-enable".
"""

from __future__ import annotations

from hatobin.capabilities.identities import certificate_store, store
from hatobin.capabilities.identities.api_v2 import bad, does_not_exist
from hatobin.capabilities.identities.certificate_store import SenderCertificate
from hatobin.capabilities.identities.model import (
    Identity,
    IdentityKind,
    InvalidIdentity,
    address_key,
    covering_domains,
    lookup_key,
)
from hatobin.companions import acm
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sesv2 import (
    AssociateEmailIdentityCertificateRequest,
    AssociateEmailIdentityCertificateResponse,
    DisassociateEmailIdentityCertificateRequest,
    DisassociateEmailIdentityCertificateResponse,
    IdentityCertificate,
    ListEmailIdentityCertificatesRequest,
    ListEmailIdentityCertificatesResponse,
)
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="identity-certificate",
    default_size=100,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("BadRequestException", f"Invalid NextToken <{token}>."),
    size_error=lambda size: CallerError(
        "BadRequestException",
        f"Value {size} for parameter PageSize is invalid. PageSize must be between 1 and 1000.",
    ),
)


def _identity(call: Call, session: Session, name: str) -> Identity:
    found = store.find(session, call.account_id, call.region, lookup_key(name))
    if found is None:
        raise does_not_exist(name)
    return found


def _sender(identity: Identity, from_address: str | None) -> str:
    """Give the From address that is meant. A domain has many, an address only itself."""
    if identity.kind is IdentityKind.EMAIL_ADDRESS:
        if from_address is not None and from_address.lower() != identity.key.lower():
            raise bad(f"FromAddress <{from_address}> must match the email identity {identity.name}.")
        return identity.key
    if from_address is None:
        raise bad("FromAddress is required when the email identity is a domain.")
    try:
        address = address_key(from_address)
    except InvalidIdentity as invalid:
        raise bad(str(invalid)) from None
    if identity.key not in covering_domains(address.rpartition("@")[2]):
        raise bad(f"FromAddress <{from_address}> must belong to the domain {identity.name} or one of its subdomains.")
    return address


def _certificate(call: Call, session: Session, arn: str, sender: str) -> acm.Certificate:
    identifier = acm.certificate_id(arn, call.account_id, call.region)
    found = None if identifier is None else acm.find(session, call.account_id, call.region, identifier)
    if found is None:
        raise CallerError("NotFoundException", f"Certificate <{arn}> does not exist.", status=404)
    if found.not_after <= call.ports.clock.now():
        raise bad(f"Certificate <{arn}> has expired.")
    if not found.names(sender):
        # RFC 8550 §3: whoever gets the mail compares the certificate's addresses with From.
        raise bad(f"Certificate <{arn}> is not for <{sender}>, but for {', '.join(found.addresses)}.")
    return found


@operation("sesv2", "AssociateEmailIdentityCertificate")
async def associate_email_identity_certificate(
    call: Call, request: AssociateEmailIdentityCertificateRequest
) -> AssociateEmailIdentityCertificateResponse:
    """Let a certificate sign for a From address; each address has one at most."""

    def associate(session: Session) -> None:
        identity = _identity(call, session, request.email_identity)
        sender = _sender(identity, request.from_address)
        certificate = _certificate(call, session, request.certificate_arn, sender)
        if not certificate_store.associate(session, identity.key, sender, certificate):
            raise CallerError("AlreadyExistsException", f"A certificate is already associated with <{sender.lower()}>.")

    await call.ports.database.write(associate)
    return AssociateEmailIdentityCertificateResponse()


@operation("sesv2", "DisassociateEmailIdentityCertificate")
async def disassociate_email_identity_certificate(
    call: Call, request: DisassociateEmailIdentityCertificateRequest
) -> DisassociateEmailIdentityCertificateResponse:
    """Let no certificate sign for a From address any more; one that has none is fine (API reference)."""

    def disassociate(session: Session) -> None:
        identity = _identity(call, session, request.email_identity)
        sender = _sender(identity, request.from_address)
        certificate_store.disassociate(session, call.account_id, call.region, identity.key, sender)

    await call.ports.database.write(disassociate)
    return DisassociateEmailIdentityCertificateResponse()


@operation("sesv2", "ListEmailIdentityCertificates")
async def list_email_identity_certificates(
    call: Call, request: ListEmailIdentityCertificatesRequest
) -> ListEmailIdentityCertificatesResponse:
    """Show the certificates of an identity, by address; one outside its validity is INACTIVE."""
    scope = lookup_key(request.email_identity)
    asked = PAGING.start(call, request.page_size, request.next_token, scope)

    def find(session: Session) -> list[SenderCertificate]:
        identity = _identity(call, session, request.email_identity)
        return certificate_store.page(session, call.account_id, call.region, identity.key, asked)

    found = await call.ports.database.read(find)
    certificates, token = PAGING.finish(call, asked, found, lambda one: (one.address,), scope)
    return ListEmailIdentityCertificatesResponse(
        certificates=[_shown(call, one) for one in certificates], next_token=token
    )


def _shown(call: Call, certificate: SenderCertificate) -> IdentityCertificate:
    return IdentityCertificate(
        from_address=certificate.address,
        status="ACTIVE" if certificate.in_force(call.ports.clock.now()) else "INACTIVE",
        certificate_arn=acm.certificate_arn(call.account_id, call.region, certificate.certificate_id),
        certificate_expiry_time=certificate.not_after,
    )
