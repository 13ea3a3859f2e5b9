"""Who may see local pages: nobody but people and programs of this machine, and no web page in their browser.

Mail that was captured may hold passwords and links to log in, and these paths
ask for no password. So a request must come from loopback or from a trusted
network, must name this server in `Host` (a foreign name that resolves to
loopback is DNS rebinding), must not be made by another site's page, and must
not have passed a proxy, behind which everybody looks local.

Refs: RFC 9110 §7.2 (Host), RFC 6454 §7 (Origin), RFC 7239 (Forwarded), W3C "Fetch Metadata Request Headers".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import Scope

from hatobin.words.settings import Listeners, Settings

_LOOPBACK = ("127.0.0.0/8", "::1/128")
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?", re.ASCII | re.IGNORECASE)
_WILDCARDS = frozenset({"0.0.0.0", "[::]", ""})  # noqa: S104 - compared, never bound
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_PROXY_HEADERS = frozenset({b"forwarded", b"via", b"x-real-ip"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class LocalGuard:
    """Decides from a request's head alone; built once from the settings."""

    def __init__(self, settings: Settings) -> None:
        networks = (*_LOOPBACK, *settings.local.trusted_networks)
        self._networks = tuple(ipaddress.ip_network(text, strict=False) for text in networks)
        self._names = frozenset(own_names(settings))

    def refusal(self, scope: Scope, *, links_allowed: bool = False) -> str | None:
        """Say why a request is refused, or None.

        With `links_allowed` a person may follow a link from another site to a
        page: a navigation, which that site cannot read.
        """
        return self.peer_refusal(scope) or self._host_refusal(scope) or self._origin_refusal(scope, links_allowed)

    def peer_refusal(self, scope: Scope) -> str | None:
        """Say why a request's peer is not local, or None; what a machine that watches us must pass."""
        for name, _ in scope["headers"]:
            if name in _PROXY_HEADERS or name.startswith(b"x-forwarded-"):
                return (
                    f"This path is local and was asked through a proxy (header {name.decode('latin-1')}). "
                    "Ask the server itself, without the proxy."
                )
        client = scope.get("client")
        if client is None or not self._is_local(client[0]):
            peer = client[0] if client else "an unknown peer"
            return f"This path is local and {peer} is not: add its network to local.trusted_networks to allow it."
        return None

    def _is_local(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        candidate = address if mapped is None else mapped
        return any(candidate in network for network in self._networks)

    def _host_refusal(self, scope: Scope) -> str | None:
        host = _header(scope, b"host")
        name = None if host is None else host_name(host)
        if name is not None and (name in self._names or name.endswith(".localhost") or name == _server_name(scope)):
            return None
        return (
            f"This server does not answer to the name {(host or '')[:100]!r}. "
            "Use localhost or 127.0.0.1, or add the name to tls.names."
        )

    def _origin_refusal(self, scope: Scope, links_allowed: bool) -> str | None:
        origin = _header(scope, b"origin")
        if origin is not None and not is_own_origin(scope):
            return f"This path is local and a page of {origin[:100]!r} asked for it: other sites may not."
        site = _header(scope, b"sec-fetch-site")
        if site is None or site in ("same-origin", "none"):
            return None
        is_link = _header(scope, b"sec-fetch-mode") == "navigate" and _header(scope, b"sec-fetch-dest") == "document"
        if links_allowed and is_link and scope["method"] in _SAFE_METHODS:
            return None
        return "This path is local and a page of another site asked for it: other sites may not."


def is_own_origin(scope: Scope) -> bool:
    """Say whether a browser's page of this very server makes the request, as its `Origin` tells."""
    origin, host = _header(scope, b"origin"), _header(scope, b"host")
    if origin is None or host is None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in _DEFAULT_PORTS:
        return False
    return _with_port(parts.netloc, parts.scheme) == _with_port(host, parts.scheme)


def host_name(authority: str) -> str | None:
    """Give the lower-case host of "host:port", IPv6 in brackets; None for what is no authority.

    >>> host_name("LocalHost:8005"), host_name("[::1]:80"), host_name("a/b")
    ('localhost', '[::1]', None)
    """
    match = _AUTHORITY.fullmatch(authority)
    return None if match is None else match[1].lower().rstrip(".")


def _with_port(authority: str, scheme: str) -> tuple[str, str] | None:
    match = _AUTHORITY.fullmatch(authority)
    return None if match is None else (match[1].lower().rstrip("."), match[2] or _DEFAULT_PORTS[scheme])


def _header(scope: Scope, name: bytes) -> str | None:
    """Give a header; several of one name are joined, so that a doubled one never passes."""
    values = [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]
    return ",".join(values) if values else None


def _server_name(scope: Scope) -> str | None:
    """Give the address that the peer connected to, as a host."""
    server = scope.get("server")
    return _bracketed(server[0]) if server else None


def own_names(settings: Settings) -> Iterable[str]:
    """Give the hosts that this server answers to, lower-cased, IPv6 in brackets."""
    yield from ("localhost", "127.0.0.1", "[::1]")
    yield settings.service.domain.lower()
    for name in settings.tls.names:
        yield _bracketed(name.lower())
    for url in (settings.service.public_http, settings.service.public_https):
        if public := host_name(urlsplit(url).netloc):
            yield public
    for listeners in (settings.server.http, settings.server.https):
        for text in _texts(listeners):
            own = host_name(text)
            if own is not None and own not in _WILDCARDS:
                yield own


def _texts(listeners: Listeners) -> list[str]:
    return [listeners] if isinstance(listeners, str) else listeners


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
