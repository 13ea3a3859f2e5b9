"""Which requests are for S3.

Signed ones say so in their credential scope. Unsigned ones are recognized by
a host name that is S3's, or else by headers that only SDKs send; they are
refused, but in S3's words.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from hatobin.protocols.aws.s3.addressing import is_s3_host

_SCOPE_END = b"/s3/aws4_request"
_QUERY_SCOPE_ENDS = (b"%2Fs3%2Faws4_request", b"%2fs3%2faws4_request", b"/s3/aws4_request")


def is_s3_request(scope: MutableMapping[str, Any]) -> bool:
    """Say whether a request is for S3: by its signature, or unsigned by its host."""
    query = scope["query_string"]
    if b"X-Amz-Credential=" in query and any(end in query for end in _QUERY_SCOPE_ENDS):
        return True
    if b"AWSAccessKeyId=" in query and b"Signature=" in query and b"Action=" not in query:
        return True  # A URL of Signature Version 2; the Query services have an action.
    host = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return _SCOPE_END in value
        if name == b"host":
            host = value
    return b"s3" in host and is_s3_host(host.decode("latin-1"))


def is_from_sdk(scope: MutableMapping[str, Any]) -> bool:
    """Say whether a request that is unsigned, and for nothing else that is known, comes from an AWS SDK.

    Then it is for S3, whose paths have no form of their own.
    """
    return any(name.startswith((b"x-amz-", b"amz-sdk-")) for name, _ in scope["headers"])
