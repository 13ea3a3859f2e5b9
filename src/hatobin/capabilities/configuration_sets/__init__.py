"""Configuration sets: named rules that a message is sent under, and where its events go.

A set belongs to an account and a region. `find` gives all that sending and
publishing need to know of one: whether it may send, its TLS policy, its
delivery time, its own suppression reasons, its tracking domain and its event
destinations.
"""

from __future__ import annotations

from hatobin.capabilities.configuration_sets import (
    api_v1,
    api_v1_destinations,
    api_v1_options,
    api_v2,
    api_v2_destinations,
    api_v2_options,
)
from hatobin.capabilities.configuration_sets.destinations import (
    CloudWatchTarget,
    Dimension,
    EventDestination,
    PinpointTarget,
    SnsTarget,
)
from hatobin.capabilities.configuration_sets.model import (
    ConfigurationSet,
    DomainOwnership,
    Options,
)
from hatobin.capabilities.configuration_sets.refusals import does_not_exist, sending_paused
from hatobin.capabilities.configuration_sets.store import exists, find, find_once, insert, insert_destination, pause
from hatobin.capabilities.configuration_sets.tagging import TAGGED

__all__ = [
    "TAGGED",
    "CloudWatchTarget",
    "ConfigurationSet",
    "Dimension",
    "DomainOwnership",
    "EventDestination",
    "Options",
    "PinpointTarget",
    "SnsTarget",
    "api_v1",
    "api_v1_destinations",
    "api_v1_options",
    "api_v2",
    "api_v2_destinations",
    "api_v2_options",
    "does_not_exist",
    "exists",
    "find",
    "find_once",
    "insert",
    "insert_destination",
    "pause",
    "sending_paused",
]
