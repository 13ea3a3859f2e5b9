"""Where a request comes from: the peer of its connection, or whoever a trusted proxy says it speaks for.

Anybody can write X-Forwarded-For, so it counts only where the peer is one of
`server.trusted_proxies`, and of it only what trusted hops have added: read
from its end, the first address that is no proxy of ours is the client. The
rest is the client's own word. Nothing here looks at the environment.

From any other peer a request comes from that peer. If it says all the same
that it passed a proxy, we do not know whose it is: `is_vouched` is false, and
what is open to this machine alone stays shut.

Refs: RFC 7239 §5 (what the header fields mean; `Forwarded` itself is not read), §8.1 (they can be forged).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from msgspec import Struct

MAX_HOPS = 32
"""Addresses of X-Forwarded-For that are looked at, from its end; more proxies in a row there are not."""

_FOR, _PROTO = "x-forwarded-for", "x-forwarded-proto"
_FORWARDING = (_FOR, _PROTO, "x-forwarded-host", "x-real-ip", "forwarded", "via")
_UNKNOWN_TLS = "TLS"
"""The version where only a proxy knows it."""


class Origin(Struct, frozen=True):
    """Where a request comes from. `tls_version` is None where the client's own connection is not encrypted.

    `is_vouched` is false where a proxy stands between that nobody trusts, or that does not say for whom it speaks.
    """

    source_ip: str
    tls_version: str | None
    is_vouched: bool = True


class TrustedProxies:
    """Whose word about others counts; built once from the settings."""

    def __init__(self, networks: Sequence[str]) -> None:
        """`networks` in CIDR notation. Raises `ValueError`."""
        self._networks = tuple(ip_network(text, strict=False) for text in networks)

    def origin(self, peer_ip: str, tls_version: str | None, headers: Mapping[str, str]) -> Origin:
        """Say where a request comes from; `headers` as `joined_headers` gives them."""
        if not self._networks or not self._is_trusted(_address(peer_ip)):
            return Origin(peer_ip, tls_version, not any(name in headers for name in _FORWARDING))
        tls_version = _tls_version(tls_version, headers.get(_PROTO))
        forwarded_for = headers.get(_FOR)
        if forwarded_for is None:
            return Origin(peer_ip, tls_version, not any(name in headers for name in _FORWARDING))
        client, is_vouched = self._client(peer_ip, forwarded_for)
        return Origin(client, tls_version, is_vouched)

    def _client(self, peer_ip: str, forwarded_for: str) -> tuple[str, bool]:
        """Walk back over proxies of ours; what is no address ends the walk at the hop that passed it on.

        False where it ended so.
        """
        known = peer_ip
        for text in reversed(forwarded_for.rsplit(",", MAX_HOPS)[-MAX_HOPS:]):
            address = _address(text)
            if address is None:
                return known, False
            known = str(address)
            if not self._is_trusted(address):
                break
        return known, True

    def _is_trusted(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it: bare, with a port, IPv6 in brackets; None for what is none.

    >>> _address(" 192.0.2.9:4711"), _address("[2001:db8::1]:443"), _address("::ffff:192.0.2.9"), _address("unknown")
    (IPv4Address('192.0.2.9'), IPv6Address('2001:db8::1'), IPv4Address('192.0.2.9'), None)
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _tls_version(hop: str | None, forwarded_proto: str | None) -> str | None:
    """Say how the client's connection is encrypted. Of several hops, each must have been."""
    if forwarded_proto is None:
        return hop
    if all(word.strip().lower() == "https" for word in forwarded_proto.split(",")):
        return _UNKNOWN_TLS
    return None
