"""Figures as Prometheus reads them: its text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from hatobin.servers.local.measures import Family

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Given:
    """A collector of what is given."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Give one metric for each family."""
        return map(_metric, self._families)


def exposition(families: Sequence[Family]) -> bytes:
    """Write families in the text format."""
    registry = CollectorRegistry()
    registry.register(_Given(families))
    return generate_latest(registry)


def _metric(family: Family) -> Metric:
    made: CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
    if family.kind == "histogram":
        made = HistogramMetricFamily(family.name, family.meaning, labels=family.labels)
        for sample in family.samples:
            made.add_metric(sample.labels, list(sample.buckets), sample.value)
        return made
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    made = kind(family.name, family.meaning, labels=family.labels)
    for sample in family.samples:
        made.add_metric(sample.labels, sample.value)
    return made
