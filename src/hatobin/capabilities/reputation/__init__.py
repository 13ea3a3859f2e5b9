"""Reputation: what bounces and complaints mean for who sends.

`metrics` counts; this room publishes the rates as metrics
(`ReputationMetrics`), keeps what they say as findings, puts accounts under
review and pauses accounts, configuration sets and tenants (`ReputationWatch`).
Findings are what ListRecommendations shows, and the default bus is told of.
"""

from __future__ import annotations

from hatobin.capabilities.reputation import api_v2_entities, api_v2_recommendations
from hatobin.capabilities.reputation.advisor import Advisor
from hatobin.capabilities.reputation.block_lists import Listing, list_named, note_listing
from hatobin.capabilities.reputation.consequences import switch_tenant
from hatobin.capabilities.reputation.entities import find_entity
from hatobin.capabilities.reputation.figures import ReputationFigures, figures
from hatobin.capabilities.reputation.publishing import ReputationMetrics
from hatobin.capabilities.reputation.store import fixed_over, forget_fixed
from hatobin.capabilities.reputation.watch import ReputationWatch

__all__ = [
    "Advisor",
    "Listing",
    "ReputationFigures",
    "ReputationMetrics",
    "ReputationWatch",
    "api_v2_entities",
    "api_v2_recommendations",
    "figures",
    "find_entity",
    "fixed_over",
    "forget_fixed",
    "list_named",
    "note_listing",
    "switch_tenant",
]
