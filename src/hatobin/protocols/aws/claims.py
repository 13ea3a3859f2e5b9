"""What a request says about its own signature: the claim, parsed and within its time, not believed yet.

Versions 4 and 4A (several regions, `x-amz-region-set`) come in an
Authorization header or as a presigned query.

Strings here are Latin-1: one character is one byte of the request, so that
what the client signed comes back byte for byte whatever its encoding was.

Refs: AWS General Reference, "Signature Version 4 signing process"; IAM User
Guide, "AWS Signature Version 4 for API requests".
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from email.utils import parsedate_tz
from enum import Enum
from time import gmtime, strftime
from urllib.parse import unquote_to_bytes

from msgspec import Struct

ALGORITHM = "AWS4-HMAC-SHA256"
ALGORITHM_4A = "AWS4-ECDSA-P256-SHA256"
TERMINATOR = "aws4_request"

# How far the request's time may be from ours.
WINDOW_S = 15 * 60
# The longest life of a presigned request.
MAX_PRESIGNED_S = 7 * 24 * 3600
# An Authorization header, or a presigned query, signs at most this many headers.
MAX_SIGNED_HEADERS = 128
# A signature of Version 4A names at most this many regions.
MAX_REGIONS = 64

_AMZ_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\Z", re.ASCII)
_PARAMETER = re.compile(r"\s*(Credential|SignedHeaders|Signature)=([^\s,]+)\s*\Z")


class Fault(Enum):
    """What is wrong with a signature; the gateway names the error per protocol."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    UNKNOWN_KEY = "unknown key"
    MISMATCH = "mismatch"
    EXPIRED = "expired"
    EXPIRED_TOKEN = "expired token"  # noqa: S105 - a fault's name


class SignatureRefused(Exception):
    """The request is not believed; the text is for the caller, in AWS's words."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message


class Scope(Struct, frozen=True):
    """A credential scope: the day (YYYYMMDD), region and service that a key signs for.

    `regions` are those that a signature of Version 4A is good for (`*` is
    any); in Version 4 it is the one of the scope.
    """

    day: str
    regions: tuple[str, ...]
    service: str
    algorithm: str = ALGORITHM

    @property
    def text(self) -> str:
        """The scope as it stands in a string to sign; that of Version 4A names no region."""
        region = f"{self.regions[0]}/" if self.algorithm == ALGORITHM else ""
        return f"{self.day}/{region}{self.service}/{TERMINATOR}"

    @property
    def is_s3(self) -> bool:
        """S3 encodes the path once, keeps dot segments, and may leave the payload unsigned."""
        return self.service == "s3"


class Claim(Struct, frozen=True):
    """What a request says about its signature. `query` is the query that was signed."""

    access_key_id: str
    scope: Scope
    amz_date: str
    signed_headers: tuple[str, ...]
    signature: str
    session_token: str | None
    query: str
    is_presigned: bool


class SignedRequest(Struct, frozen=True):
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
    _check_algorithm(algorithm)
    # Of a repeated header, joined by a comma, neither is believed: whose would it be?
    if len(given) != 3 or len(matches) != 3 or amz_date is None:
        raise SignatureRefused(Fault.INCOMPLETE, _authorization_complaint(given, amz_date))
    names = _read_signed_headers(given["SignedHeaders"])
    region_set = request.headers.get("x-amz-region-set", "") if "x-amz-region-set" in names else ""
    access_key_id, scope = _read_credential(algorithm, given["Credential"], region_set)
    return Claim(
        access_key_id,
        scope,
        amz_date,
        names,
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
    algorithm = given["X-Amz-Algorithm"]
    _check_algorithm(algorithm)
    region_set = given.get("X-Amz-Region-Set", "")
    access_key_id, scope = _read_credential(algorithm, given["X-Amz-Credential"], region_set)
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


def _check_algorithm(algorithm: str) -> None:
    if algorithm not in (ALGORITHM, ALGORITHM_4A):
        raise SignatureRefused(Fault.INCOMPLETE, f"Unsupported AWS 'algorithm': '{algorithm}'.")


def _read_credential(algorithm: str, credential: str, region_set: str) -> tuple[str, Scope]:
    parts = credential.split("/")
    form = "keyid/date/region/service/term" if algorithm == ALGORITHM else "keyid/date/service/term"
    if len(parts) != form.count("/") + 1:
        message = f"Credential must have exactly {form.count('/') + 1} slash-delimited elements, e.g. {form}"
        raise SignatureRefused(Fault.INCOMPLETE, f"{message}, got: '{credential}'")
    access_key_id, day, *region, service, terminator = parts
    if terminator != TERMINATOR:
        message = f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
        raise SignatureRefused(Fault.MISMATCH, message)
    regions = tuple(region) or tuple(name.strip() for name in region_set.split(",")[:MAX_REGIONS])
    if not all(regions):
        raise SignatureRefused(Fault.MISMATCH, "Credential should be scoped to a valid region.")
    return access_key_id, Scope(day, regions, service, algorithm)


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


def _amz(at: float) -> str:
    return strftime("%Y%m%dT%H%M%SZ", gmtime(at))
