"""Counting events as CloudWatch metrics: SES's own, and those of CloudWatch destinations.

A tally gathers the events of one transaction and writes one row per metric
and minute, whatever their number. Each counts as many as it has recipients.

Refs: SES developer guide, "Amazon SES metrics and dimensions" and "Setting up a CloudWatch event destination".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hatobin.capabilities.configuration_sets import CloudWatchTarget
from hatobin.capabilities.metrics.dimensions import EventFacts, dimension_sets
from hatobin.companions import cloudwatch, outward
from hatobin.companions.cloudwatch import COUNT, Dimensions, Metric, MetricKey
from hatobin.ports import Session
from hatobin.words.event import EventKind
from hatobin.words.lane import Lane

NAMESPACE = "AWS/SES"

# Counted for every account; a change of subscriptions is none of SES's own metrics.
_METRIC_NAMES = {kind: kind.value.replace(" ", "") for kind in EventKind}
_KEYS = {kind: MetricKey(NAMESPACE, name) for kind, name in _METRIC_NAMES.items() if kind is not EventKind.SUBSCRIPTION}

_Place = tuple[str, str, EventKind, int]


class Tally:
    """The events of one transaction, counted."""

    def __init__(self) -> None:
        self._builtin: dict[_Place, int] = {}
        self._chosen: Counter[tuple[_Place, Dimensions]] = Counter()

    def add(self, account_id: str, region: str, kind: EventKind, minute: int, count: int) -> None:
        """Count events of one minute, given by its begin, for their account."""
        place = (account_id, region, kind, minute)
        self._builtin[place] = self._builtin.get(place, 0) + count

    def add_chosen(
        self,
        account_id: str,
        region: str,
        kind: EventKind,
        target: CloudWatchTarget,
        counts: Mapping[tuple[int, EventFacts], int],
    ) -> None:
        """Count events, by minute and facts, for a CloudWatch destination of their configuration set."""
        for (minute, facts), count in counts.items():
            place = (account_id, region, kind, minute)
            for dimensions in dimension_sets(target, facts):
                self._chosen[place, dimensions] += count

    def chosen(self) -> list[tuple[str, str, outward.Datum]]:
        """Give what CloudWatch destinations counted: account, region and measurement."""
        return [
            (account_id, region, outward.Datum(_METRIC_NAMES[kind], named, minute, count))
            for ((account_id, region, kind, minute), named), count in self._chosen.items()
            if count
        ]

    def record(self, session: Session, lane: Lane) -> None:
        """Write the counts, in the transaction of the events."""
        builtin = {
            (Metric(account_id, region, _KEYS[kind], COUNT), minute): cloudwatch.times(count)
            for (account_id, region, kind, minute), count in self._builtin.items()
            if count and kind in _KEYS
        }
        chosen = {
            (Metric(account_id, region, MetricKey(NAMESPACE, _METRIC_NAMES[kind], named), COUNT), minute): (
                cloudwatch.times(count)
            )
            for ((account_id, region, kind, minute), named), count in self._chosen.items()
            if count
        }
        if builtin or chosen:
            cloudwatch.record_counts(session, builtin, chosen, lane)
