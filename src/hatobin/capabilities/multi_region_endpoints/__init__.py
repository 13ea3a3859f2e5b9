"""Multi-region endpoints: names for a pair of regions that mail may be sent from.

An endpoint is made in its primary region and managed there; a send names it by
its id, from wherever (`find_by_id`). Which of the two regions a message takes
is decided by `flow/outbound/regions`.
"""

from __future__ import annotations

from hatobin.capabilities.multi_region_endpoints import api_v2
from hatobin.capabilities.multi_region_endpoints.model import MAX_ENDPOINTS, MultiRegionEndpoint
from hatobin.capabilities.multi_region_endpoints.store import find_by_id
from hatobin.capabilities.tags import TaggedKind, no_such

__all__ = ["MAX_ENDPOINTS", "TAGGED", "MultiRegionEndpoint", "api_v2", "find_by_id"]

TAGGED = TaggedKind(
    "multi-region-endpoint", "multi_region_endpoints", lambda name: no_such("MultiRegionEndpoint", name)
)
