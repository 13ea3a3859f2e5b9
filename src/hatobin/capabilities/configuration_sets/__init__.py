"""Configuration sets: named rules that a message is sent under, and where its events go.

A set belongs to an account and a region. `find` gives all that sending and
publishing need to know of one: whether it may send, its TLS policy, its
delivery time, its own suppression reasons, its tracking domain and its event
destinations.
"""

from __future__ import annotations

from hatobin.capabilities.configuration_sets import api_v1, api_v2, api_v2_destinations
from hatobin.capabilities.configuration_sets.model import (
    ConfigurationSet,
    DestinationKind,
    DomainOwnership,
    EventDestination,
    Options,
)
from hatobin.capabilities.configuration_sets.refusals import does_not_exist, sending_paused
from hatobin.capabilities.configuration_sets.store import exists, find, insert, insert_destination

__all__ = [
    "ConfigurationSet",
    "DestinationKind",
    "DomainOwnership",
    "EventDestination",
    "Options",
    "api_v1",
    "api_v2",
    "api_v2_destinations",
    "does_not_exist",
    "exists",
    "find",
    "insert",
    "insert_destination",
    "sending_paused",
]
