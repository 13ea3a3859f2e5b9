"""Who calls S3: from a signed head to a principal; the body is held against it later.

What differs from the other services: the head says what the payload is and
is verified before the payload is here; every `x-amz-` header has to be signed;
a presigned URL may hold headers as parameters.

Refs: Amazon S3 API Reference, "Authenticating requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from msgspec import Struct

from hatobin.companions.s3.call import S3Request
from hatobin.companions.s3.headers import check_value
from hatobin.companions.s3.model import DEFAULT_REGION
from hatobin.gateway import Credential, Credentials, Permissions, Principal, permissions_of
from hatobin.protocols.aws.claims import ALGORITHM, Claim, Fault, SignatureRefused, SignedRequest, read_claim
from hatobin.protocols.aws.s3.chunked import ChunkSigning
from hatobin.protocols.aws.s3.errors import S3Error, refusal
from hatobin.protocols.aws.s3.inflow import CONTENT_SHA256, payload_hash
from hatobin.protocols.aws.s3.operations import read_query
from hatobin.protocols.aws.s3.sigv2 import Presigned, is_signed, read_presigned
from hatobin.protocols.aws.sigv4 import UNSIGNED_PAYLOAD, verify

_SIGNING_PARAMETERS = frozenset(
    f"x-amz-{name}"
    for name in ("algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token")
)


class Caller(Struct, frozen=True):
    """A verified head: who, for which region, the headers that count, and what to hold the body against.

    `region` is empty where the signature names none.
    """

    principal: Principal
    permissions: Permissions
    region: str
    headers: Mapping[str, str]
    payload_hash: str
    signing: ChunkSigning | None


async def authenticate(
    request: S3Request, credentials: Credentials, *, now: float, own_names: frozenset[str]
) -> Caller:
    """Verify a request's signature against the key that it names. Raises `S3Error`."""
    if "authorization" not in request.headers and "X-Amz-Algorithm=" not in request.query:
        presigned = read_presigned(request.query, request.headers)
        if presigned is not None:
            return await _presigned_caller(presigned, request, credentials, now=now, own_names=own_names)
    signed = SignedRequest(request.method, request.raw_path, request.query, request.headers, b"")
    try:
        claim = read_claim(signed, now=now)
    except SignatureRefused as refused:
        raise _unreadable(refused, request) from None
    if claim.scope.service != "s3":
        raise refusal(
            _malformed(claim.is_presigned),
            f'Error parsing the X-Amz-Credential parameter; incorrect service "{claim.scope.service}". This '
            'endpoint belongs to "s3".',
        )
    headers = _counting_headers(request, claim)
    stated = payload_hash(headers, claim)
    credential = await _find_credential(request, credentials, claim.access_key_id, claim.session_token, now=now)
    try:
        verify(claim, signed, credential.secret, payload_hash=stated)
    except SignatureRefused:
        raise refusal("SignatureDoesNotMatch", AWSAccessKeyId=claim.access_key_id) from None
    region = next((one for one in claim.scope.regions if "*" not in one), DEFAULT_REGION)
    signing = ChunkSigning.of(claim, credential.secret) if claim.scope.algorithm == ALGORITHM else None
    await credentials.note_use(claim.access_key_id, "s3", region)
    return Caller(credential.principal, _permissions(credential), region, headers, stated, signing)


async def _presigned_caller(
    presigned: Presigned, request: S3Request, credentials: Credentials, *, now: float, own_names: frozenset[str]
) -> Caller:
    """Verify a URL of Version 2; it names no region."""
    if presigned.expires_at < now:
        raise refusal("AccessDenied", "Request has expired")
    credential = await _find_credential(request, credentials, presigned.access_key_id, presigned.session_token, now=now)
    signed = is_signed(
        presigned,
        credential.secret,
        method=request.method,
        raw_path=request.raw_path,
        query=request.query,
        own_names=own_names,
    )
    if not signed:
        raise refusal("SignatureDoesNotMatch", AWSAccessKeyId=presigned.access_key_id)
    headers = {name: check_value(name, value) for name, value in presigned.headers.items()}
    await credentials.note_use(presigned.access_key_id, "s3", DEFAULT_REGION)
    return Caller(credential.principal, _permissions(credential), "", headers, UNSIGNED_PAYLOAD, None)


async def _find_credential(
    request: S3Request, credentials: Credentials, access_key_id: str, session_token: str | None, *, now: float
) -> Credential:
    # Behind a proxy that nobody trusts everybody would seem to come from this machine.
    peer_ip = request.source_ip if request.is_vouched else ""
    credential = await credentials.find(access_key_id, peer_ip)
    if credential is None:
        raise refusal("InvalidAccessKeyId", AWSAccessKeyId=access_key_id)
    if not _is_token(credential.session_token, session_token):
        raise refusal("InvalidToken")
    if credential.expires_at is not None and credential.expires_at <= now:
        raise refusal("ExpiredToken")
    return credential


def _is_token(known: str | None, given: str | None) -> bool:
    """Say whether a request has the token of its temporary credentials; other keys have none and take none."""
    if known is None or given is None:
        return known is given
    return hmac.compare_digest(known.encode(), given.encode())


def _permissions(credential: Credential) -> Permissions:
    return permissions_of(credential.policies, credential.session_policies)


def _counting_headers(request: S3Request, claim: Claim) -> Mapping[str, str]:
    """Give the headers that count, with those that a presigned URL holds.

    Raises AccessDenied for one of ours that is not signed: anybody on the way could have put it there.
    """
    signed = frozenset(claim.signed_headers)
    # The digest of the payload is signed in any case, as the last line of what is signed.
    implied = frozenset() if claim.is_presigned else frozenset({CONTENT_SHA256})
    unsigned = [name for name in request.headers if name.startswith("x-amz-") and name not in signed | implied]
    if unsigned:
        raise refusal(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(sorted(unsigned)),
        )
    if not claim.is_presigned:
        return request.headers
    hoisted = {
        name.lower(): check_value(name, value)
        for name, value in read_query(request.query).items()
        if name.lower().startswith("x-amz-") and name.lower() not in _SIGNING_PARAMETERS
    }
    return {**hoisted, **request.headers}


def _unreadable(refused: SignatureRefused, request: S3Request) -> S3Error:
    is_presigned = "authorization" not in request.headers
    if refused.fault is Fault.MISSING:
        return refusal("AccessDenied")
    if refused.fault is Fault.EXPIRED:
        if is_presigned and "expired" in refused.message:
            return refusal("AccessDenied", "Request has expired")
        return refusal("AccessDenied", "Request is not yet valid") if is_presigned else refusal("RequestTimeTooSkewed")
    return refusal(_malformed(is_presigned), refused.message)


def _malformed(is_presigned: bool) -> str:
    return "AuthorizationQueryParametersError" if is_presigned else "AuthorizationHeaderMalformed"
