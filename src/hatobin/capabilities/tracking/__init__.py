"""Tracking: what of a message is tracked, the addresses that tell of it, and who asks for them.

`wanted` says what a message's configuration set and its send want.
`TrackingLinks` writes the addresses that take the place of links and pixel,
and reads them back; nothing is stored for one. `agent_class` tells people from
machines. Rewriting and counting are flow's.
"""

from __future__ import annotations

from hatobin.capabilities.tracking.agents import agent_class
from hatobin.capabilities.tracking.key_store import SEALED
from hatobin.capabilities.tracking.links import (
    LINK_PATH,
    PIXEL_PATH,
    LinkSeals,
    MessageLinks,
    TrackedLink,
    TrackingLinks,
)
from hatobin.capabilities.tracking.model import COLLECTED_S, MAX_LINKS, Overrides, Tracking, wanted

__all__ = [
    "COLLECTED_S",
    "LINK_PATH",
    "MAX_LINKS",
    "PIXEL_PATH",
    "SEALED",
    "LinkSeals",
    "MessageLinks",
    "Overrides",
    "TrackedLink",
    "Tracking",
    "TrackingLinks",
    "agent_class",
    "wanted",
]
