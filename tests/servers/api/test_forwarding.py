"""Where a request comes from: whose word about that counts, and how far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatobin.servers.api.forwarding import MAX_HOPS, Origin, TrustedProxies

PROXIES = TrustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8:f::/48"])
PROXY, STRANGER = "10.0.0.1", "203.0.113.9"


def client(forwarded_for: str, peer: str = PROXY) -> tuple[str, bool]:
    origin = PROXIES.origin(peer, None, {"x-forwarded-for": forwarded_for})
    return origin.source_ip, origin.is_vouched


@pytest.mark.parametrize(
    ("forwarded_for", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7,10.0.0.2", "198.51.100.7"),
        ("198.51.100.7, 10.0.0.2, 192.0.2.1", "198.51.100.7"),
        # What a client writes itself stands before what the proxies add.
        ("127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.7, 127.0.0.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("unknown, 198.51.100.7", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7,2001:db8:f::1", "2001:db8::7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::1"),
        # The client is one of our own.
        ("10.0.0.9", "10.0.0.9"),
        ("10.0.0.9,10.0.0.8", "10.0.0.9"),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_client(forwarded_for: str, expected: str) -> None:
    assert client(forwarded_for) == (expected, True)


@pytest.mark.parametrize(
    ("forwarded_for", "hop"),
    [
        ("", PROXY),
        ("unknown", PROXY),
        ("198.51.100.7,", PROXY),
        ("198.51.100.7, _hidden, 10.0.0.2", "10.0.0.2"),
        ("198.51.100.7, 300.1.1.1", PROXY),
        ("198.51.100.7 10.0.0.2", PROXY),
        ("[2001:db8::7", "2001:db8::7"),
        ("127.1", PROXY),
    ],
)
def test_what_is_no_address_ends_the_search_at_the_hop_that_passed_it_on(forwarded_for: str, hop: str) -> None:
    found, is_vouched = client(forwarded_for)
    assert found == hop
    assert is_vouched == (hop not in (PROXY, "10.0.0.2"))


@pytest.mark.parametrize("peer", [STRANGER, "127.0.0.1", "::1", "2001:db8::1", "", "nothing"])
def test_the_word_of_another_peer_does_not_count(peer: str) -> None:
    headers = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
    assert PROXIES.origin(peer, None, headers) == Origin(peer, None, is_vouched=False)
    assert PROXIES.origin(peer, "TLSv1.3", {}) == Origin(peer, "TLSv1.3")


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"])
def test_without_trusted_proxies_a_forwarded_request_is_nobodys(name: str) -> None:
    assert TrustedProxies([]).origin("127.0.0.1", None, {name: "127.0.0.1"}) == Origin("127.0.0.1", None, False)
    assert TrustedProxies([]).origin("127.0.0.1", None, {"host": "a"}) == Origin("127.0.0.1", None)


def test_a_proxy_that_does_not_say_for_whom_it_speaks_vouches_for_nobody() -> None:
    assert PROXIES.origin(PROXY, None, {"via": "1.1 proxy"}) == Origin(PROXY, None, is_vouched=False)
    # A program beside the proxy, on its own account.
    assert PROXIES.origin(PROXY, None, {}) == Origin(PROXY, None)


@pytest.mark.parametrize(
    ("hop", "proto", "expected"),
    [
        (None, None, None),
        ("TLSv1.3", None, "TLSv1.3"),
        (None, "https", "TLS"),
        ("TLSv1.3", "HTTPS", "TLS"),
        ("TLSv1.3", "http", None),
        (None, "https, https", "TLS"),
        (None, "https,http", None),
        (None, "http, https", None),
        ("TLSv1.3", "", None),
        (None, "wss", None),
    ],
)
def test_a_connection_is_secure_if_every_hop_was(hop: str | None, proto: str | None, expected: str | None) -> None:
    headers = {} if proto is None else {"x-forwarded-proto": proto}
    assert PROXIES.origin(PROXY, hop, headers).tls_version == expected


def test_a_chain_without_end_is_not_followed() -> None:
    endless = ",".join(["198.51.100.7", *["10.0.0.2"] * 10_000])
    assert client(endless) == ("10.0.0.2", True)
    assert client(",".join(["198.51.100.7", *["10.0.0.2"] * (MAX_HOPS - 1)])) == ("198.51.100.7", True)


@given(st.text(alphabet="0123456789abcdef.:,[]% x", max_size=60))
def test_whatever_a_client_writes_before_its_own_address_changes_nothing(written: str) -> None:
    assert client(f"{written},198.51.100.7") == ("198.51.100.7", True)


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_header_breaks_it(forwarded_for: str, proto: str) -> None:
    headers = {"x-forwarded-for": forwarded_for, "x-forwarded-proto": proto}
    assert PROXIES.origin(PROXY, None, headers).source_ip
