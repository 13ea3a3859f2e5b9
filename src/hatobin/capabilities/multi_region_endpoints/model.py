"""Multi-region endpoints as values, and the rules about their regions. Pure.

Refs: API reference v2, CreateMultiRegionEndpoint ("exactly one route"); AWS
developer guide "global-endpoints" (the form of an id, the states).
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.capabilities.tags import TagPair
from hatobin.ports import Entropy

MAX_ENDPOINTS = 100
"""Per account and region. Deviates: the quota of SES is not published."""

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", re.ASCII)
_ALPHABET = string.ascii_lowercase + string.digits
_ID_PARTS = (8, 3)


class InvalidRoutes(ValueError):
    """The routes cannot be those of an endpoint; the message is for the caller."""


@dataclass(frozen=True, slots=True)
class MultiRegionEndpoint:
    """One endpoint: where its mail is sent from, the primary region first."""

    account_id: str
    name: str
    endpoint_id: str
    regions: tuple[str, str]
    created_at: float
    tags: tuple[TagPair, ...] = ()


def make_id(entropy: Entropy) -> str:
    """Make an id of the form that the guide shows, abcdef12.g3h."""
    parts = ("".join(_ALPHABET[entropy.below(len(_ALPHABET))] for _ in range(length)) for length in _ID_PARTS)
    return ".".join(parts)


def secondary_of(primary: str, routes: Sequence[str]) -> str:
    """Give the one other region that the routes name. Raises `InvalidRoutes`.

    >>> secondary_of("us-east-1", ["eu-west-1"])
    'eu-west-1'
    """
    if len(routes) != 1:
        raise InvalidRoutes("RoutesDetails must contain exactly one route.")
    [region] = routes
    if not _REGION.fullmatch(region):
        raise InvalidRoutes(f"Region <{region}> is invalid.")
    if region == primary:
        raise InvalidRoutes("The secondary region must not be the primary region.")
    return region
