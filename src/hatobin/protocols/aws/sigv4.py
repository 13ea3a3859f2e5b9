"""Signature Version 4: who a request says it comes from, whether that is true, and how to sign our own.

A request is verified in two steps, because the secret comes from a store in
between: `read_claim` parses what the request says about its signature, then
`verify` recomputes it with the secret. Both take values only; the time is
given. Within the window of ±15 minutes equal requests are legitimate, as at
AWS: there is no replay cache.

Strings here are Latin-1: one character is one byte of the request, so that
what the client signed comes back byte for byte whatever its encoding was.

Refs: AWS General Reference, "Signature Version 4 signing process"; botocore's
rules for header white space, path normalization and double path encoding.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_tz
from enum import Enum
from functools import lru_cache
from time import gmtime, strftime
from urllib.parse import unquote_to_bytes

from hatobin.protocols.aws.canonical import canonical_path, canonical_query, header_value, s3_path

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

# How far the request's time may be from ours.
WINDOW_S = 15 * 60
# The longest life of a presigned request.
MAX_PRESIGNED_S = 7 * 24 * 3600
# Derived keys are kept for this many (secret, day, region, service) quadruples.
KEY_CACHE_SIZE = 1024
# An Authorization header, or a presigned query, signs at most this many headers.
MAX_SIGNED_HEADERS = 128

_AMZ_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\Z", re.ASCII)
_PARAMETER = re.compile(r"\s*(Credential|SignedHeaders|Signature)=([^\s,]+)\s*\Z")


class Fault(Enum):
    """What is wrong with a signature; the gateway names the error per protocol."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    UNKNOWN_KEY = "unknown key"
    MISMATCH = "mismatch"
    EXPIRED = "expired"


class SignatureRefused(Exception):
    """The request is not believed; the text is for the caller, in AWS's words."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message


MISMATCH_MESSAGE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Scope:
    """A credential scope: the day (YYYYMMDD), region and service that a key signs for."""

    day: str
    region: str
    service: str

    @property
    def text(self) -> str:
        """The scope as it stands in a string to sign."""
        return f"{self.day}/{self.region}/{self.service}/{TERMINATOR}"

    @property
    def is_s3(self) -> bool:
        """S3 encodes the path once, keeps dot segments, and may leave the payload unsigned."""
        return self.service == "s3"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its signature. `query` is the query that was signed."""

    access_key_id: str
    scope: Scope
    amz_date: str
    signed_headers: tuple[str, ...]
    signature: str
    session_token: str | None
    query: str
    is_presigned: bool


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that a signature covers; header names in lower case."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def read_claim(request: SignedRequest, *, now: float) -> Claim:
    """Parse the signature of a request, from its header or its query, and check its time.

    Raises `SignatureRefused` where it is absent, malformed, or older or newer
    than AWS accepts.
    """
    authorization = request.headers.get("authorization")
    if authorization is not None:
        claim = _header_claim(request, authorization)
        _check_window(claim.amz_date, now)
        return claim
    if "X-Amz-Signature=" in request.query or "X-Amz-Algorithm=" in request.query:
        return _query_claim(request, now)
    raise SignatureRefused(Fault.MISSING, "Missing Authentication Token")


def verify(claim: Claim, request: SignedRequest, secret: str) -> None:
    """Raise `SignatureRefused` unless `claim` is the signature of `request` under `secret`.

    The comparison takes the same time wherever the signatures differ. For S3
    the payload may be unsigned or signed in chunks: who decodes the chunks
    verifies them, with `signing_key` and `claim.signature` as the seed.
    """
    canonical = _canonical_request(claim, request, _payload_hash(claim, request))
    expected = _signature(canonical, claim.amz_date, claim.scope, secret)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
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
    scope = Scope(amz_date[:8], region, service)
    claim = Claim(access_key_id, scope, amz_date, names, "", session_token, request.query, is_presigned=False)
    whole = SignedRequest(request.method, request.raw_path, request.query, headers, request.body)
    canonical = _canonical_request(claim, whole, headers.get("x-amz-content-sha256") or _sha256(request.body))
    signature = _signature(canonical, amz_date, scope, secret)
    headers["authorization"] = (
        f"{ALGORITHM} Credential={access_key_id}/{scope.text}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return headers


@lru_cache(maxsize=KEY_CACHE_SIZE)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """Derive the key that signs for one day, region and service."""
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode("latin-1"), "sha256")
    return key


def parse_amz_date(text: str) -> int | None:
    """Read YYYYMMDDTHHMMSSZ as epoch seconds; None when it is not of that form."""
    match = _AMZ_DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    if not (year and 1 <= month <= 12 and 1 <= day <= 31 and hour <= 23 and minute <= 59 and second <= 60):
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def _header_claim(request: SignedRequest, authorization: str) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    matches = [_PARAMETER.match(part) for part in rest.split(",")]
    given = {match[1]: match[2] for match in matches if match is not None}
    amz_date = request.headers.get("x-amz-date") or _http_date(request.headers.get("date", ""))
    if algorithm != ALGORITHM:
        raise SignatureRefused(Fault.INCOMPLETE, f"Unsupported AWS 'algorithm': '{algorithm}'.")
    if len(given) != 3 or amz_date is None:
        raise SignatureRefused(Fault.INCOMPLETE, _authorization_complaint(given, amz_date))
    access_key_id, scope = _read_credential(given["Credential"])
    return Claim(
        access_key_id,
        scope,
        amz_date,
        _read_signed_headers(given["SignedHeaders"]),
        given["Signature"],
        request.headers.get("x-amz-security-token"),
        request.query,
        is_presigned=False,
    )


def _query_claim(request: SignedRequest, now: float) -> Claim:
    parts = request.query.split("&")
    given = {name: unquote_to_bytes(value).decode("latin-1") for name, _, value in (p.partition("=") for p in parts)}
    required = (
        *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date"),
        *("X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"),
    )
    missing = [name for name in required if not given.get(name)]
    if missing:
        complaint = " ".join(f"AWS query-string parameters must include '{name}'." for name in missing)
        raise SignatureRefused(Fault.INCOMPLETE, f"{complaint} Re-examine the query-string parameters.")
    if given["X-Amz-Algorithm"] != ALGORITHM:
        raise SignatureRefused(Fault.INCOMPLETE, f"Unsupported AWS 'algorithm': '{given['X-Amz-Algorithm']}'.")
    access_key_id, scope = _read_credential(given["X-Amz-Credential"])
    _check_expiry(given["X-Amz-Date"], given["X-Amz-Expires"], now)
    unsigned = "&".join(part for part in parts if not part.startswith("X-Amz-Signature="))
    return Claim(
        access_key_id,
        scope,
        given["X-Amz-Date"],
        _read_signed_headers(given["X-Amz-SignedHeaders"]),
        given["X-Amz-Signature"],
        given.get("X-Amz-Security-Token"),
        unsigned,
        is_presigned=True,
    )


def _read_credential(credential: str) -> tuple[str, Scope]:
    parts = credential.split("/")
    if len(parts) != 5:
        message = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
        raise SignatureRefused(Fault.INCOMPLETE, f"{message}, got: '{credential}'")
    access_key_id, day, region, service, terminator = parts
    if terminator != TERMINATOR:
        message = f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        raise SignatureRefused(Fault.MISMATCH, message)
    return access_key_id, Scope(day, region, service)


def _read_signed_headers(text: str) -> tuple[str, ...]:
    names = tuple(text.lower().split(";"))
    if "host" not in names or len(names) > MAX_SIGNED_HEADERS:
        raise SignatureRefused(
            Fault.MISMATCH, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        )
    return names


def _authorization_complaint(given: Mapping[str, str], amz_date: str | None) -> str:
    # Deviates: AWS appends a digest of the header; nobody reads it.
    missing = [
        f"Authorization header requires '{part}' parameter."
        for part in ("Credential", "Signature", "SignedHeaders")
        if part not in given
    ]
    if amz_date is None:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    return " ".join(missing)


def _http_date(text: str) -> str | None:
    """Give a `Date` header in the form of `X-Amz-Date`, for clients that send only that."""
    if parse_amz_date(text) is not None:
        return text
    parsed = parsedate_tz(text)
    if parsed is None or parsed[9] not in (0, None):
        return None
    return strftime("%Y%m%dT%H%M%SZ", parsed[:9])


def _check_window(amz_date: str, now: float) -> None:
    at = parse_amz_date(amz_date)
    if at is None:
        raise SignatureRefused(Fault.INCOMPLETE, f"Date must be in ISO-8601 'basic format'. Got '{amz_date}'.")
    if at < now - WINDOW_S:
        limits = f"{_amz(now - WINDOW_S)} ({_amz(now)} - 15 min.)"
        raise SignatureRefused(Fault.EXPIRED, f"Signature expired: {amz_date} is now earlier than {limits}")
    if at > now + WINDOW_S:
        limits = f"{_amz(now + WINDOW_S)} ({_amz(now)} + 15 min.)"
        raise SignatureRefused(Fault.EXPIRED, f"Signature not yet current: {amz_date} is still later than {limits}")


def _check_expiry(amz_date: str, expires: str, now: float) -> None:
    at = parse_amz_date(amz_date)
    if at is None or not expires.isascii() or not expires.isdigit() or len(expires) > 7:
        message = "X-Amz-Date must be an ISO-8601 'basic format' date and X-Amz-Expires a number of seconds."
        raise SignatureRefused(Fault.INCOMPLETE, message)
    life_s = int(expires)
    if life_s > MAX_PRESIGNED_S:
        raise SignatureRefused(
            Fault.INCOMPLETE, f"X-Amz-Expires must be less than a week (in seconds) that is {MAX_PRESIGNED_S}"
        )
    if at > now + WINDOW_S:
        _check_window(amz_date, now)
    if at + life_s < now:
        limits = f"{_amz(now)} ({_amz(at)} + {life_s} s)"
        raise SignatureRefused(Fault.EXPIRED, f"Signature expired: {amz_date} is now earlier than {limits}")


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


def _signature(canonical: str, amz_date: str, scope: Scope, secret: str) -> str:
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    text = f"{ALGORITHM}\n{amz_date}\n{scope.text}\n{digest}".encode("latin-1")
    return hmac.digest(signing_key(secret, scope.day, scope.region, scope.service), text, "sha256").hex()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256


def _amz(at: float) -> str:
    return strftime("%Y%m%dT%H%M%SZ", gmtime(at))
