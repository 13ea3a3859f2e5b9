"""Who calls: from a signed request to a principal and a region.

Unsigned requests are refused, but for the links that SNS sends to people:
confirming and ending a subscription carry their own secret.
"""

from __future__ import annotations

import hmac
from functools import cache

from msgspec import Struct

from hatobin.gateway.addressing import Address
from hatobin.gateway.call import Principal
from hatobin.gateway.credentials import Credential, Credentials
from hatobin.gateway.http import HttpRequest
from hatobin.gateway.models import SERVICES, service_model
from hatobin.gateway.permissions import Permissions, permissions_of
from hatobin.ports import Threads, run_by_size
from hatobin.protocols.aws.arn import parse_arn
from hatobin.protocols.aws.claims import Claim, Fault, SignatureRefused, SignedRequest, read_claim
from hatobin.protocols.aws.sigv4 import verify

# Operation and the parameter whose ARN says for which account and region it is.
_ANONYMOUS = {("sns", "ConfirmSubscription"): "TopicArn", ("sns", "Unsubscribe"): "SubscriptionArn"}
# Where a request goes that is signed for every region.
DEFAULT_REGION = "us-east-1"
_UNKNOWN_KEY = "The security token included in the request is invalid."
_EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105 - a text


@cache
def _served() -> frozenset[str]:
    return frozenset(service_model(name).signing_name for name in SERVICES)


class Caller(Struct, frozen=True):
    """The outcome: who, what that one may do, and for which service and region.

    `service` is the name in the credential scope: that of the address, or one that is
    none of ours; "" where nothing was signed.
    """

    principal: Principal
    permissions: Permissions
    region: str
    service: str = ""


async def authenticate(
    request: HttpRequest, address: Address, credentials: Credentials, *, now: float, threads: Threads
) -> Caller:
    """Verify a request's signature against the key that it names.

    Raises `SignatureRefused` where AWS would not believe it.
    """
    signed = SignedRequest(request.method, request.raw_path, request.query, request.headers, request.body)
    try:
        claim = read_claim(signed, now=now)
    except SignatureRefused as refused:
        caller = _anonymous(address) if refused.fault is Fault.MISSING else None
        if caller is None:
            raise
        return caller
    # Behind a proxy that nobody trusts everybody would seem to come from this machine, and a web page that somebody
    # on this machine looks at comes from elsewhere: it could sign with a key that everybody knows.
    peer_ip = request.source_ip if request.is_vouched and not _is_by_page(request) else ""
    credential = await credentials.find(claim.access_key_id, peer_ip)
    if credential is None or not _has_session(credential, claim):
        raise SignatureRefused(Fault.UNKNOWN_KEY, _UNKNOWN_KEY)
    if credential.expires_at is not None and credential.expires_at <= now:
        raise SignatureRefused(Fault.EXPIRED_TOKEN, _EXPIRED_TOKEN)
    secret = credential.secret
    await run_by_size(threads, len(request.body), lambda: verify(claim, signed, secret))
    is_foreign = claim.scope.service not in _served() and not address.is_certain
    if not is_foreign and claim.scope.service != address.service.signing_name:
        message = f"Credential should be scoped to correct service: '{address.service.signing_name}'."
        raise SignatureRefused(Fault.MISMATCH, message)
    region = _region(claim.scope.regions)
    await credentials.note_use(claim.access_key_id, claim.scope.service, region)
    permissions = permissions_of(credential.policies, credential.session_policies)
    return Caller(credential.principal, permissions, region, claim.scope.service)


def _is_by_page(request: HttpRequest) -> bool:
    """Say whether a page has a browser send this: no program does, and our own pages call no API.

    A page whose name has become this machine's (DNS rebinding) is of the same origin, but what it posts says where
    it is from all the same. Refs: Fetch Standard, "Origin header"; W3C Fetch Metadata Request Headers.
    """
    return "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none"


def _region(regions: tuple[str, ...]) -> str:
    """Give the region that a request is for; of a multi-region signature the first that is named."""
    return next((region for region in regions if "*" not in region), DEFAULT_REGION)


def _has_session(credential: Credential, claim: Claim) -> bool:
    """Say whether a request has the token of its temporary credentials; other keys have none and take none."""
    if credential.session_token is None or claim.session_token is None:
        return credential.session_token is claim.session_token
    return hmac.compare_digest(credential.session_token.encode(), claim.session_token.encode())


def _anonymous(address: Address) -> Caller | None:
    parameter = _ANONYMOUS.get((address.service.name, address.name))
    arn = parse_arn(address.form.get(parameter, "")) if parameter is not None else None
    if arn is None or arn.service != address.service.name or not arn.region:
        return None
    return Caller(Principal(arn.account_id, "", "", "anonymous", ""), permissions_of(()), arn.region)
