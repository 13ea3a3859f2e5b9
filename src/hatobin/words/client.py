"""What counts as one client where connections are limited: not quite an address."""

from __future__ import annotations

from ipaddress import IPv6Address

_NETWORK_BYTES = 8
"""Whoever has one IPv6 address usually has all of its /64 (RFC 6177 §2)."""


def client_of(ip: str) -> str:
    """Give an IPv4 address as it is, and the network of an IPv6 address.

    >>> client_of("192.0.2.9") == client_of("::ffff:192.0.2.9")
    True
    >>> client_of("2001:db8::1") == client_of("2001:db8::2") != client_of("2001:db8:0:1::1")
    True
    """
    if ":" not in ip:
        return ip
    address = IPv6Address(ip)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(address.packed[:_NETWORK_BYTES].ljust(16, b"\0")))
