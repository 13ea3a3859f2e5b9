"""Presigned URLs of Signature Version 2: what boto3 and version 1 of the AWS CLI still make in the oldest regions.

Signed are the method, the path with the bucket, the time of expiry, every
`x-amz-` header, Content-Type, Content-MD5, and the parameters that change what
is done; host and other parameters are not. Only URLs are taken: an
`Authorization` header of this version is not.

Refs: Amazon S3 user guide, "Signing and authenticating REST requests (Signature
Version 2)", "Query string request authentication alternative".
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

from msgspec import Struct

from hatobin.protocols.aws.s3.addressing import bucket_of_host
from hatobin.protocols.aws.s3.errors import refusal
from hatobin.protocols.aws.s3.operations import read_query

MAX_EXPIRY_DIGITS = 12

_NAMES = """
    acl cors delete lifecycle location logging notification partNumber policy requestPayment restore tagging torrent
    uploadId uploads versionId versioning versions website accelerate defaultObjectAcl storageClass
    response-cache-control response-content-disposition response-content-encoding response-content-language
    response-content-type response-expires
"""
_SIGNED_PARAMETERS = frozenset(_NAMES.split())
_HOISTED = ("content-type", "content-md5")


class Presigned(Struct, frozen=True):
    """A URL of Version 2: whose key, until when (seconds since the epoch), and the headers that count."""

    access_key_id: str
    signature: str
    expires_at: int
    expires: str
    headers: Mapping[str, str]

    @property
    def session_token(self) -> str | None:
        """The token of temporary credentials."""
        return self.headers.get("x-amz-security-token")


def read_presigned(query: str, headers: Mapping[str, str]) -> Presigned | None:
    """Read a URL of Version 2; None where the query is none. Raises `S3Error` for one that is broken."""
    given = read_query(query)
    if "AWSAccessKeyId" not in given or "Signature" not in given:
        return None
    expires = given.get("Expires", "")
    if not (expires.isascii() and expires.isdigit()) or len(expires) > MAX_EXPIRY_DIGITS:
        raise refusal(
            "AccessDenied", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
        )
    hoisted = {
        name.lower(): value
        for name, value in given.items()
        if name.lower().startswith("x-amz-") or name.lower() in _HOISTED
    }
    return Presigned(given["AWSAccessKeyId"], given["Signature"], int(expires), expires, {**hoisted, **headers})


def is_signed(
    presigned: Presigned, secret: str, *, method: str, raw_path: str, query: str, own_names: frozenset[str]
) -> bool:
    """Say whether the signature is one of this request under `secret`; in constant time."""
    headers = presigned.headers
    lines = [method, headers.get("content-md5", ""), headers.get("content-type", ""), presigned.expires]
    lines += [f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers) if name.startswith("x-amz-")]
    bucket = bucket_of_host(headers.get("host", ""), own_names)
    resource = f"/{bucket}{raw_path}" if bucket is not None else raw_path
    parameters = sorted((name, value) for name, value in read_query(query).items() if name in _SIGNED_PARAMETERS)
    if parameters:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in parameters)
    text = "\n".join([*lines, resource])
    expected = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    return hmac.compare_digest(expected.encode(), presigned.signature.encode())
