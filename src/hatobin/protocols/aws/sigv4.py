"""Signature Version 4: whether a request comes from whom it claims, and how to sign our own.

A request is verified in two steps, because the secret comes from a store in
between: `claims.read_claim` parses what the request says about its signature,
then `verify` recomputes it with the secret. Both take values only; the time
is given. Within the window of ±15 minutes equal requests are legitimate, as at
AWS: there is no replay cache.

Strings here are Latin-1: one character is one byte of the request, so that
what the client signed comes back byte for byte whatever its encoding was.

Refs: AWS General Reference, "Signature Version 4 signing process"; botocore's
rules for header white space, path normalization and double path encoding.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from time import gmtime, strftime
from urllib.parse import quote

from hatobin.protocols.aws.canonical import canonical_path, canonical_query, header_value, s3_path
from hatobin.protocols.aws.claims import (
    ALGORITHM,
    ALGORITHM_4A,
    TERMINATOR,
    Claim,
    Fault,
    Scope,
    SignatureRefused,
    SignedRequest,
)
from hatobin.protocols.aws.sigv4a import is_signature_4a

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

# Derived keys are kept for this many (secret, day, region, service) quadruples.
KEY_CACHE_SIZE = 1024

MISMATCH_MESSAGE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


def verify(claim: Claim, request: SignedRequest, secret: str, *, payload_hash: str | None = None) -> None:
    """Raise `SignatureRefused` unless `claim` is the signature of `request` under `secret`.

    Who reads the body later gives `payload_hash`, what the request says of it (its
    SHA-256, or a word of S3's), and holds the body against that.

    The comparison takes the same time wherever the signatures differ. For S3
    the payload may be unsigned or signed in chunks: who decodes the chunks
    verifies them, with `signing_key` and `claim.signature` as the seed.
    """
    canonical = _canonical_request(claim, request, payload_hash or _payload_hash(claim, request))
    text = _string_to_sign(canonical, claim.amz_date, claim.scope)
    if claim.scope.algorithm == ALGORITHM_4A:
        is_true = is_signature_4a(claim.signature, text, claim.access_key_id, secret)
    else:
        is_true = hmac.compare_digest(_signature(text, claim.scope, secret).encode(), claim.signature.encode())
    if not is_true:
        raise SignatureRefused(Fault.MISMATCH, MISMATCH_MESSAGE)


def sign(
    request: SignedRequest,
    *,
    access_key_id: str,
    secret: str,
    region: str,
    service: str,
    now: float,
    session_token: str | None = None,
) -> dict[str, str]:
    """Give the headers that make `request` a signed one: its own, `x-amz-date` and `authorization`.

    `request.headers` must hold `host`; every header given is signed, so leave
    out those that proxies change.
    """
    amz_date = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    headers = {**request.headers, "x-amz-date": amz_date}
    if service == "s3":
        headers.setdefault("x-amz-content-sha256", _sha256(request.body))
    if session_token is not None:
        headers["x-amz-security-token"] = session_token
    names = tuple(sorted(headers))
    scope = Scope(amz_date[:8], (region,), service)
    claim = Claim(access_key_id, scope, amz_date, names, "", session_token, request.query, is_presigned=False)
    whole = SignedRequest(request.method, request.raw_path, request.query, headers, request.body)
    canonical = _canonical_request(claim, whole, headers.get("x-amz-content-sha256") or _sha256(request.body))
    signature = _signature(_string_to_sign(canonical, amz_date, scope), scope, secret)
    headers["authorization"] = (
        f"{ALGORITHM} Credential={access_key_id}/{scope.text}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return headers


def presign_s3(
    host: str,
    path: str,
    *,
    access_key_id: str,
    secret: str,
    region: str,
    now: float,
    life_s: int,
    session_token: str | None = None,
) -> str:
    """Give the query with which anybody may get an object of S3 for `life_s` seconds, at most a week.

    `path` is as it stands in the URL, encoded. Ref: Amazon S3 API Reference, "Authenticating Requests: Using Query
    Parameters".
    """
    amz_date = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    scope = Scope(amz_date[:8], (region,), "s3")
    given = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{access_key_id}/{scope.text}",
        "X-Amz-Date": amz_date,
        "X-Amz-Expires": str(life_s),
        "X-Amz-SignedHeaders": "host",
    }
    if session_token is not None:
        given["X-Amz-Security-Token"] = session_token
    query = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in given.items())
    claim = Claim(access_key_id, scope, amz_date, ("host",), "", session_token, query, is_presigned=True)
    request = SignedRequest("GET", path, query, {"host": host}, b"")
    text = _string_to_sign(_canonical_request(claim, request, UNSIGNED_PAYLOAD), amz_date, scope)
    return f"{query}&X-Amz-Signature={_signature(text, scope, secret)}"


@lru_cache(maxsize=KEY_CACHE_SIZE)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Derive the key that signs for one day, region and service."""
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode("latin-1"), "sha256")
    return key


def _payload_hash(claim: Claim, request: SignedRequest) -> str:
    """Give the digest that the signature covers; a digest the client states must be the body's."""
    stated = request.headers.get("x-amz-content-sha256")
    if claim.scope.is_s3:
        if stated is None and claim.is_presigned:
            return UNSIGNED_PAYLOAD
        if stated == UNSIGNED_PAYLOAD or (stated or "").startswith("STREAMING-"):
            return stated or ""
    actual = _sha256(request.body)
    # What is stated was signed, but the body decides.
    if stated is not None and stated != actual:
        raise SignatureRefused(Fault.MISMATCH, MISMATCH_MESSAGE)
    return actual


def _canonical_request(claim: Claim, request: SignedRequest, payload_hash: str) -> str:
    if claim.amz_date[:8] != claim.scope.day:
        message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
        raise SignatureRefused(
            Fault.MISMATCH, f"{message}: '{claim.scope.day}' != '{claim.amz_date[:8]}', from '{claim.amz_date}'."
        )
    headers = request.headers
    path = s3_path(request.raw_path) if claim.scope.is_s3 else canonical_path(request.raw_path)
    lines = [request.method, path, canonical_query(claim.query)]
    lines += [f"{name}:{header_value(headers.get(name, ''))}" for name in claim.signed_headers]
    lines += ("", ";".join(claim.signed_headers), payload_hash)
    return "\n".join(lines)


def _string_to_sign(canonical: str, amz_date: str, scope: Scope) -> bytes:
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    return f"{scope.algorithm}\n{amz_date}\n{scope.text}\n{digest}".encode("latin-1")


def _signature(text: bytes, scope: Scope, secret: str) -> str:
    return hmac.digest(signing_key(secret, scope.day, scope.regions[0], scope.service), text, "sha256").hex()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256
