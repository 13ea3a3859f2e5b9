"""Statistics of what was measured: the five plain ones, and percentiles. Pure.

Refs: API reference, GetMetricStatistics; user guide, "CloudWatch statistics definitions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hatobin.companions.cloudwatch.model import Amount
from hatobin.companions.cloudwatch.sketch import percentile, read_sketch

PLAIN = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{1,10})?)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic by its name; `percent` is that of a percentile."""

    name: str
    percent: float | None = None

    def of(self, amount: Amount) -> float | None:
        """Give the value; None for a percentile of values whose distribution is not known."""
        if self.percent is not None:
            return self._percentile(amount, self.percent)
        match self.name:
            case "SampleCount":
                return amount.samples
            case "Sum":
                return amount.total
            case "Average":
                return amount.total / amount.samples if amount.samples else 0.0
            case "Minimum":
                return amount.minimum
            case _:
                return amount.maximum

    def _percentile(self, amount: Amount, percent: float) -> float | None:
        if amount.minimum == amount.maximum:
            return amount.minimum
        if amount.distribution is None:
            return None
        sketch = read_sketch(amount.distribution)
        return percentile(sketch, percent, minimum=amount.minimum, maximum=amount.maximum)


def read_statistic(name: str) -> Statistic | None:
    """Read "Sum", "p99.9" and the like; None for what is no statistic, or one that is not kept (trimmed means).

    >>> read_statistic("p99.9"), read_statistic("tm90")
    (Statistic(name='p99.9', percent=99.9), None)
    """
    if name in PLAIN:
        return Statistic(name)
    match = _PERCENTILE.match(name)
    return None if match is None else Statistic(name, float(match[1]))
