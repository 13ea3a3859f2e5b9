"""Sites: where a recipient's domain leads, by the mode of delivery."""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities.delivery.routing import Route, RouteFailure, route_mx, route_relay
from hatobin.capabilities.delivery.simulator import SIMULATOR_DOMAIN
from hatobin.ports import Dns, Entropy
from hatobin.words.settings import Delivery

MAILBOX_SITE = "mailbox"
SIMULATOR_SITE = "simulator"
RELAY_SITE = "relay"
_SMTP_PORT = 25


def site_name(delivery: Delivery, domain: str) -> str:
    """Say where mail to a lower-case domain goes."""
    if domain == SIMULATOR_DOMAIN:
        return SIMULATOR_SITE
    match delivery.mode:
        case "mailbox":
            return MAILBOX_SITE
        case "relay":
            return RELAY_SITE
        case _:
            return domain


@dataclass(frozen=True, slots=True)
class Sites:
    """Names the site of a domain at once, and finds the way to it when a session is opened."""

    delivery: Delivery
    dns: Dns
    entropy: Entropy

    def name(self, domain: str) -> str:
        """Give the site of a lower-case domain. Messages of one site share its sessions."""
        return site_name(self.delivery, domain)

    async def route(self, site: str) -> Route | RouteFailure:
        """Find the addresses of a network site, in the order to try them."""
        if site == RELAY_SITE:
            host, port = split_host_port(self.delivery.relay, default_port=_SMTP_PORT)
            return await route_relay(host, port, self.dns)
        return await route_mx(site, self.delivery.port, self.dns, self.entropy)


def split_host_port(text: str, *, default_port: int) -> tuple[str, int]:
    """Split "host:port", "[v6]:port" or a bare host. Raises `ValueError` for a port that is no number.

    >>> split_host_port("[::1]:2525", default_port=25)
    ('::1', 2525)
    """
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest.removeprefix(":") or default_port)
    host, _, port = text.partition(":")
    return host, int(port or default_port)
