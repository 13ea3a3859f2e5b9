"""What `/metrics` says of opens and clicks."""

from __future__ import annotations

from hatobin.flow.engagement import EngagementFigures
from hatobin.servers.local import Measure


def tracking_measures(figures: EngagementFigures) -> list[Measure]:
    """Give the figures of one worker."""
    return [
        Measure(
            "hatobin_engagements_total",
            "Opens and clicks, by what became of their events: lost where the store did not take them, over where "
            "the message is too old or has too many.",
            "counter",
            lambda: {"recorded": figures.recorded, "lost": figures.lost, "over": figures.over},
            "outcome",
        )
    ]
