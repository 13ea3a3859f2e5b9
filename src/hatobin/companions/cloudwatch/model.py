"""Metrics and what is kept of them. Pure.

Refs: CloudWatch user guide, "Metrics concepts" (retention, statistics) and "CloudWatch service quotas".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from msgspec import Struct

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400

MINUTES_KEPT_S = 15 * DAY_S
HOURS_KEPT_S = 63 * DAY_S
DAYS_KEPT_S = 455 * DAY_S
"""How long a measurement is known to the minute, to the hour, and to the day."""

LISTED_S = 14 * DAY_S
"""ListMetrics shows what was measured in the last two weeks."""

MAX_METRICS = 10_000
"""Of an account and region; CloudWatch has no such limit, and a table must have one."""

MAX_DIMENSIONS = 30

NO_UNIT = "None"
COUNT = "Count"

Dimensions = tuple[tuple[str, str], ...]
"""Names and values, in the order of the names."""

_encode = msgspec.json.Encoder().encode
_pairs = msgspec.json.Decoder(Dimensions)


class MetricKey(Struct, frozen=True):
    """A metric: its whole set of dimensions is part of its name."""

    namespace: str
    name: str
    dimensions: Dimensions = ()

    def with_dimensions(self, pairs: Iterable[tuple[str, str]]) -> MetricKey:
        """Give the metric of the same name with these dimensions."""
        return MetricKey(self.namespace, self.name, tuple(sorted(pairs)))


class Metric(Struct, frozen=True):
    """A metric with one unit, of one account and region."""

    account_id: str
    region: str
    key: MetricKey
    unit: str = NO_UNIT


class Amount(Struct, frozen=True):
    """What was measured: how often, and the sum, the least and the largest of the values."""

    samples: float
    total: float
    minimum: float
    maximum: float
    distribution: str | None = None
    """A `Sketch` as text; None where all values were alike or it is not known how they lie."""

    def plus(self, other: Amount) -> Amount:
        """Put two together; without a distribution."""
        return Amount(
            self.samples + other.samples,
            self.total + other.total,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )


def times(count: int) -> Amount:
    """Give what counting `count` events comes to: each is a value of one."""
    return Amount(count, count, 1.0, 1.0)


@lru_cache(maxsize=4096)
def series_of(key: MetricKey, unit: str) -> int:
    """Give the number under which the points of a metric are kept: 63 bits of a hash, the same everywhere."""
    name = _encode((key.namespace, key.name, key.dimensions, unit))
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") >> 1


def dimensions_text(dimensions: Dimensions) -> str:
    """Write dimensions as the store keeps them."""
    return _encode(dimensions).decode()


def read_dimensions(text: str) -> Dimensions:
    """Read dimensions as the store keeps them."""
    return _pairs.decode(text)
