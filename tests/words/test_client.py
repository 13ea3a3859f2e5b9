"""What counts as one client."""

from __future__ import annotations

import pytest

from hatobin.words.client import client_of


@pytest.mark.parametrize(
    ("ip", "client"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("", ""),
    ],
)
def test_client_is_an_address_or_a_network(ip: str, client: str) -> None:
    assert client_of(ip) == client
