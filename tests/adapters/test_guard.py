"""Which addresses the outbound guard lets us connect to."""

from __future__ import annotations

import socket

import pytest

from hatobin.adapters.guard import LOOPBACK_NETWORKS, OutboundGuard
from hatobin.ports.network import AddressRefused


def allowed(guard: OutboundGuard, ip: str, port: int = 25) -> bool:
    try:
        guard.check(ip, port)
    except AddressRefused:
        return False
    return True


@pytest.mark.parametrize(
    "ip", ["8.8.8.8", "52.94.1.1", "2607:f8b0::1", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_address_is_allowed(ip: str) -> None:
    assert allowed(OutboundGuard([]), ip)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "0.1.2.3",
        "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "192.88.99.1",
        "::1", "fd00::1", "fc00::1", "fec0::1", "2001:db8::1", "2002:7f00:1::", "2001::1", "3fff::1", "100::1",
        "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "5f00::1", "4000::1",
    ],
)  # fmt: skip
def test_special_address_is_refused(ip: str) -> None:
    assert not allowed(OutboundGuard([]), ip)


@pytest.mark.parametrize(
    "ip",
    ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "fe80::1%eth0", "224.0.0.1",
     "ff02::1", "0.0.0.0", "::", "255.255.255.255"],
)  # fmt: skip
def test_link_local_and_its_like_are_refused_even_when_everything_is_allowed(ip: str) -> None:
    assert not allowed(OutboundGuard(["0.0.0.0/0", "::/0"]), ip)


@pytest.mark.parametrize(
    "text", ["localhost", "example.com", "", "1.2.3", "0x7f000001", "2130706433", "127.1", "1.2.3.4.5"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert not allowed(OutboundGuard(["0.0.0.0/0", "::/0"]), text)


def test_allowed_network_is_allowed_and_its_neighbour_is_not() -> None:
    guard = OutboundGuard(["10.1.0.0/16", "fd00:1::/32"])
    assert allowed(guard, "10.1.2.3")
    assert allowed(guard, "::ffff:10.1.2.3")
    assert allowed(guard, "fd00:1::5")
    assert not allowed(guard, "10.2.0.1")
    assert not allowed(guard, "fd00:2::5")


def test_loopback_default_is_loopback_only() -> None:
    guard = OutboundGuard(LOOPBACK_NETWORKS)
    assert allowed(guard, "127.0.0.1")
    assert allowed(guard, "::1")
    assert not allowed(guard, "192.168.0.1")


def test_own_listener_is_refused_and_its_neighbours_are_not() -> None:
    guard = OutboundGuard(LOOPBACK_NETWORKS, [("127.0.0.1", 2525)])
    guard.forbid_listener("::1", 2526)
    assert not allowed(guard, "127.0.0.1", 2525)
    assert not allowed(guard, "::ffff:127.0.0.1", 2525)
    assert not allowed(guard, "::1", 2526)
    assert allowed(guard, "127.0.0.1", 2526)
    assert allowed(guard, "127.0.0.1", 25)


@pytest.mark.parametrize("listener", ["0.0.0.0", "::"])
def test_listener_on_every_interface_is_refused_at_each_of_our_addresses(listener: str) -> None:
    guard = OutboundGuard([*LOOPBACK_NETWORKS, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], [(listener, 2525)])
    assert not allowed(guard, "127.0.0.1", 2525)
    assert not allowed(guard, "127.0.0.2", 2525)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Nothing is sent; the kernel only chooses our address.
        except OSError:
            pytest.skip("this machine has no route")
        ours = probe.getsockname()[0]
    assert not allowed(guard, ours, 2525)
    assert allowed(guard, "8.8.8.8", 2525)


def test_reason_is_said() -> None:
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1 port 25 is not a public address"):
        OutboundGuard([]).check("10.0.0.1", 25)


def test_wrong_network_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError):
        OutboundGuard(["10.0.0.1/8"])
