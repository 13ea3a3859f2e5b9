"""The outbound guard: which addresses this server may connect to.

A caller chooses MX records, webhook URLs and relay hosts, so without a guard
the server could be made to talk to the metadata service, to a neighbour's
database, or to itself (server-side request forgery, mail loops). The guard
judges the address that is then connected to, never a name.

The lists follow the IANA special-purpose registries (RFC 6890 and successors)
instead of the `ipaddress` module, whose lists differ between Python releases.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from hatobin.ports.network import AddressRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")
"""What delivery mode mailbox and relay allow by default."""

VERDICTS_CACHED = 4096

_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/32",  # Linux connects it to itself.
        "169.254.0.0/16",  # Link-local, with the cloud's metadata service.
        "224.0.0.0/4",  # Multicast.
        "255.255.255.255/32",
        "::/128",
        "fe80::/10",
        "ff00::/8",
    )
)
_NOT_GLOBAL: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # RFC 6598, shared address space.
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # RFC 7526, withdrawn 6to4 relays.
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
        "2001::/23",  # IETF protocol assignments, with Teredo, which hides an IPv4 address.
        "2001:db8::/32",
        "2002::/16",  # 6to4 hides an IPv4 address.
        "3fff::/20",
    )
)
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")  # RFC 4291 §2.4, all that IANA has ever assigned.
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: a gateway turns it into the IPv4 address at its end.


def canonical(ip: str) -> Address:
    """Give the address that a connection to `ip` really goes to.

    IPv4-mapped and NAT64 addresses are the IPv4 address inside; a zone
    ("%eth0") is dropped. Raises `ValueError` for anything but an address.
    """
    address = ip_address(ip)
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:  # RFC 4291 §2.5.5.2
        return address.ipv4_mapped
    if address.scope_id is not None:
        address = IPv6Address(int(address))
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def is_global(address: Address) -> bool:
    """Say whether a canonical address is reachable unicast in the public Internet."""
    if _within(address, _NEVER) or _within(address, _NOT_GLOBAL):
        return False
    return isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST_6


@lru_cache(maxsize=256)
def is_ours(ip: str) -> bool:
    """Say whether this machine has the address: only then can a socket be bound to it."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((ip, 0))
    except OSError:
        return False
    return True


class OutboundGuard:
    """Allows what is in the given networks or globally routable, and never our own listeners."""

    def __init__(self, allow_networks: Iterable[str], forbidden_listeners: Iterable[tuple[str, int]] = ()) -> None:
        """Take CIDR networks and bound (address, port) pairs; raises `ValueError` for a wrong network."""
        self._allowed: tuple[Network, ...] = tuple(ip_network(text) for text in allow_networks)
        self._listeners: dict[int, tuple[Address, ...]] = {}
        self._judge = lru_cache(maxsize=VERDICTS_CACHED)(self._judge_address)
        for ip, port in forbidden_listeners:
            self.forbid_listener(ip, port)

    def forbid_listener(self, ip: str, port: int) -> None:
        """Refuse connections to one of our own listeners, once it is bound and its port is known."""
        self._listeners[port] = (*self._listeners.get(port, ()), canonical(ip))

    def check(self, ip: str, port: int) -> None:
        """Raise `AddressRefused`, with the reason, unless we may connect to this address."""
        address, reason = self._judge(ip)
        if reason is None and port in self._listeners and self._is_own_listener(address, port):
            reason = "is a listener of this server"
        if reason is not None:
            raise AddressRefused(f"{ip} port {port} {reason}")

    def _judge_address(self, ip: str) -> tuple[Address | None, str | None]:
        try:
            address = canonical(ip)
        except ValueError:
            return None, "is not an address"
        if _within(address, _NEVER):
            return address, "is link-local, multicast or unspecified, which is never allowed"
        if not is_global(address) and not _within(address, self._allowed):
            return address, "is not a public address and in none of the allowed networks"
        return address, None

    def _is_own_listener(self, address: Address | None, port: int) -> bool:
        for listener in self._listeners[port]:
            if listener == address:
                return True
            # A listener on every interface is met at each address of this machine.
            if listener.is_unspecified and (_is_loopback(address) or is_ours(str(address))):
                return True
        return False


def _is_loopback(address: Address | None) -> bool:
    return address is not None and address.is_loopback
