"""Under which Host a tracked address is answered (DEV-IS-37)."""

from __future__ import annotations

import pytest

from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tracking import LinkSeals, TrackedLink, Tracking
from hatobin.servers.tracking.hosts import TrackingHosts
from hatobin.words.settings import Service, Settings, Tls

SETTINGS = Settings(
    service=Service(
        domain="mail.example",
        public_http="http://public.example",
        public_https="https://public.example",
        tracking_http="http://r.{region}.track.example",
    ),
    tls=Tls(names=("own.example",)),
)
SEALS = LinkSeals({1: b"k" * 64}, SETTINGS)
KEY = MessageKey("123456789012", "us-east-1", "m")


def address(domain: str | None) -> TrackedLink:
    written = SEALS.of(KEY, Tracking("app", opens=True, clicks=False, domain=domain)).pixel()
    found = SEALS.read_pixel(written.split("/I0/")[1])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("host", "ours", "senders"),
    [
        ("public.example", True, True),
        ("public.example:8005", True, True),
        ("mail.example", True, True),
        ("r.us-east-1.mail.example", True, True),
        ("r.eu-west-1.track.example", True, True),
        ("own.example", True, True),
        ("localhost:8005", True, True),
        ("hatobin:8005", True, True),
        ("192.0.2.7", True, True),
        ("[2001:db8::1]:80", True, True),
        ("click.sender.example", False, True),
        ("CLICK.sender.example:443", False, True),
        ("other.sender.example", False, False),
        ("notmail.example", False, False),
        ("evil.example", False, False),
        ("evil.example/x", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_an_address_is_answered_under_its_own_host_and_under_ours(host: str | None, ours: bool, senders: bool) -> None:
    hosts = TrackingHosts(SETTINGS)
    assert hosts.serves(address(None), host) is ours
    assert hosts.serves(address("click.sender.example"), host) is senders
