"""Delivery: choosing the next hop, speaking to it, and reading its answer.

`Sites` says where a domain leads; `SmtpSession` speaks SMTP over one
connection and gives an `Outcome` per recipient; `classify` reads replies;
`decide_next_attempt` spaces the retries; `simulate` plays the mailbox
simulator. Nothing here knows the queue: flow puts the pieces together.
"""

from __future__ import annotations

from hatobin.capabilities.delivery.classification import classify, expired, internal_failure, unconvertible, unreachable
from hatobin.capabilities.delivery.providers import OTHER, PROVIDERS, provider_of
from hatobin.capabilities.delivery.retry import Expired, Retry, RetrySchedule, decide_next_attempt
from hatobin.capabilities.delivery.routing import Route, Target, route_mx, route_relay
from hatobin.capabilities.delivery.session import ContentStream, SmtpSession, Transaction, open_session
from hatobin.capabilities.delivery.simulator import SIMULATOR_DOMAIN, Afterwards, Simulated, is_simulator, simulate
from hatobin.capabilities.delivery.sites import (
    MAILBOX_SITE,
    RELAY_SITE,
    SIMULATOR_SITE,
    Sites,
    site_name,
    split_host_port,
)

__all__ = [
    "MAILBOX_SITE",
    "OTHER",
    "PROVIDERS",
    "RELAY_SITE",
    "SIMULATOR_DOMAIN",
    "SIMULATOR_SITE",
    "Afterwards",
    "ContentStream",
    "Expired",
    "Retry",
    "RetrySchedule",
    "Route",
    "Simulated",
    "Sites",
    "SmtpSession",
    "Target",
    "Transaction",
    "classify",
    "decide_next_attempt",
    "expired",
    "internal_failure",
    "is_simulator",
    "open_session",
    "provider_of",
    "route_mx",
    "route_relay",
    "simulate",
    "site_name",
    "split_host_port",
    "unconvertible",
    "unreachable",
]
