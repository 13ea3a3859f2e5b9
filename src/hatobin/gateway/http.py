"""Requests and answers between a server and the gateway, as values."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping

from msgspec import Struct


class HttpRequest(Struct, frozen=True):
    """One HTTP request. Text is Latin-1, one character per byte, so that signatures can be checked.

    `raw_path` is the path as sent, percent-encoded, without query. `headers`
    have lower-case names, repeated ones joined with a comma (RFC 9110 §5.3).
    `tls_version` is None over plain HTTP. `is_vouched` says that `source_ip` is the
    client's own address: not where it came through a proxy that nobody trusts.
    """

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str
    tls_version: str | None = None
    is_vouched: bool = True


class HttpResponse(Struct, frozen=True):
    """One HTTP answer; the server adds what depends on the connection (length, date).

    With `pieces`, the body comes from there: whoever takes the answer reads them to the end or closes them.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    pieces: AsyncGenerator[bytes, None] | None = None


def joined_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give header pairs as one mapping, in the form that `HttpRequest` wants."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers
