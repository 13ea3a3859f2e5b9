"""Requests as they leave: for another host, signed with the configured key. Pure.

Refs: RFC 9110 §7.6.1 (what concerns one connection only); AWS General Reference, "Signature Version 4".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from hatobin.gateway import HttpRequest
from hatobin.protocols.aws.claims import SignedRequest
from hatobin.protocols.aws.sigv4 import sign
from hatobin.words.settings import Remote

PASSED_ON = "x-hatobin-passed-on"
"""Marks a request that another hatobin passed on; one that bears it is not passed on again."""

# RFC 9110 §7.6.1, and what older proxies use.
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "transfer-encoding", "upgrade"),
    }
)
# What says who called us and from where, or is made anew.
_OURS = frozenset(
    {
        *("host", "authorization", "date", "content-length", "expect", "forwarded", "x-real-ip"),
        *("x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-region-set"),
    }
)
_PRESIGNED = ("X-Amz-Algorithm=", "X-Amz-Credential=", "X-Amz-Date=", "X-Amz-Expires=", "X-Amz-SignedHeaders=")
_PRESIGNED_MORE = ("X-Amz-Signature=", "X-Amz-Security-Token=", "X-Amz-Region-Set=")
# What of an answer is said anew for each connection.
_ANSWER_DROPPED = _HOP_BY_HOP | {"date", "server", "alt-svc", "strict-transport-security"}


def signed(
    request: HttpRequest, remote: Remote, service: str, region: str, *, now: float
) -> tuple[str, dict[str, str]]:
    """Give the URL and the headers of a request that is passed on; its body stays.

    Signed are the host, the type of the content and what AWS reads; the rest goes along unsigned.
    """
    there = urlsplit(remote.endpoint_url)
    path = there.path.rstrip("/") + (request.raw_path or "/")
    query = "&".join(
        part for part in request.query.split("&") if part and not part.startswith((*_PRESIGNED, *_PRESIGNED_MORE))
    )
    kept = {name: value for name, value in _kept(request.headers) if not name.startswith("x-forwarded-")}
    covered = {name: value for name, value in kept.items() if name.startswith("x-amz-") or name == "content-type"}
    signature = sign(
        SignedRequest(request.method, path, query, {"host": there.netloc, **covered}, request.body),
        access_key_id=remote.access_key_id,
        secret=remote.secret_access_key,
        region=remote.region or region,
        service=service,
        now=now,
        session_token=remote.session_token or None,
    )
    url = f"{there.scheme}://{there.netloc}{path}" + (f"?{query}" if query else "")
    return url, {**kept, **signature, PASSED_ON: "1"}


def answer_headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Give the headers of an answer that go back to the client."""
    listed = [(name.lower(), value) for name, value in pairs]
    named = _named_by_connection(dict(listed))
    return tuple((name, value) for name, value in listed if name not in _ANSWER_DROPPED and name not in named)


def _kept(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    named = _named_by_connection(headers)
    return [
        (name, value)
        for name, value in headers.items()
        if name not in _HOP_BY_HOP and name not in _OURS and name not in named
    ]


def _named_by_connection(headers: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in headers.get("connection", "").split(","))
