"""From the data of PutMetricData to measurements, checked. Pure.

Refs: API reference, PutMetricData, MetricDatum, StatisticSet; the texts name members as Query does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from hatobin.companions.cloudwatch.errors import invalid_combination, invalid_value, missing
from hatobin.companions.cloudwatch.model import DAY_S, HOUR_S, MINUTE_S, NO_UNIT, Amount, Metric, MetricKey
from hatobin.companions.cloudwatch.sketch import merged_texts, sketch_of, write_sketch
from hatobin.gateway.models import cloudwatch as models

MAX_DATA = 1000
"""Of one call."""
MAX_VALUES = 150
"""Different values of one datum."""
_LARGEST = 2.0**360
_PAST_S, _FUTURE_S = 14 * DAY_S, 2 * HOUR_S


def read_measurements(
    request: models.PutMetricDataInput, *, account_id: str, region: str, now: float
) -> dict[tuple[Metric, int], Amount]:
    """Give (metric, start of the minute) → amount. Raises `CallerError`."""
    if request.namespace.startswith("AWS/"):
        raise invalid_value(f"The value {request.namespace} for parameter Namespace is invalid.")
    data = [*(request.metric_data or ()), *_of_entities(request.entity_metric_data or ())]
    if not data:
        raise missing("The parameter MetricData is required.")
    if len(data) > MAX_DATA:
        raise invalid_value(f"The collection MetricData must not have a size greater than {MAX_DATA}.")
    found: dict[tuple[Metric, int], Amount] = {}
    for number, datum in enumerate(data, 1):
        place = f"MetricData.member.{number}"
        key = MetricKey(request.namespace, datum.metric_name, check_dimensions(datum.dimensions, place))
        metric = Metric(account_id, region, key, datum.unit or NO_UNIT)
        at = _minute(datum, place, now)
        amount = _amount(datum, place)
        known = found.get((metric, at))
        found[metric, at] = amount if known is None else _plus(known, amount)
    return found


def check_dimensions(given: Sequence[models.Dimension] | None, place: str) -> tuple[tuple[str, str], ...]:
    """Give dimensions in their order. Raises `CallerError`."""
    pairs = [(one.name, one.value) for one in given or ()]
    for name, value in pairs:
        if not name.strip() or not value.strip() or not (name + value).isascii() or name.startswith(":"):
            raise invalid_value(f"The value {value} for parameter {place}.Dimensions is invalid.")
    if len({name for name, _ in pairs}) < len(pairs):
        raise invalid_value("No Metric may specify the same dimension name twice.")
    return tuple(sorted(pairs))


def _of_entities(given: Iterable[models.EntityMetricData]) -> Iterable[models.MetricDatum]:
    """What an entity is makes no difference to its metrics."""
    for one in given:
        yield from one.metric_data or ()


def _minute(datum: models.MetricDatum, place: str, now: float) -> int:
    if datum.storage_resolution not in (None, 1, 60):
        raise invalid_value(f"The parameter {place}.StorageResolution must be 1 or 60.")
    at = now if datum.timestamp is None else datum.timestamp
    if at < now - _PAST_S:
        raise invalid_value(f"The parameter {place}.Timestamp must specify a time within the past two weeks.")
    if at > now + _FUTURE_S:
        raise invalid_value(
            f"The parameter {place}.Timestamp must specify a time no more than two hours in the future."
        )
    return int(at) // MINUTE_S * MINUTE_S


def _amount(datum: models.MetricDatum, place: str) -> Amount:
    given = {"Value": datum.value, "StatisticValues": datum.statistic_values, "Values": datum.values}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise invalid_combination(
            f"The parameters {place}.{names[0]} and {place}.{names[1]} are mutually exclusive"
            " and you have specified both."
        )
    if datum.statistic_values is not None:
        return _of_set(datum.statistic_values, place)
    if datum.values is not None:
        return _of_values(_counted(datum.values, datum.counts, place), place)
    if datum.value is None:
        raise missing(f"The parameter {place}.Value is required.")
    return _of_values([(datum.value, 1.0)], place)


def _counted(values: Sequence[float], counts: Sequence[float] | None, place: str) -> list[tuple[float, float]]:
    if not values or len(values) > MAX_VALUES:
        raise invalid_value(f"The collection {place}.Values must have a size between 1 and {MAX_VALUES}.")
    if counts is not None and len(counts) != len(values):
        raise invalid_value(f"The parameters {place}.Values and {place}.Counts must be of the same size.")
    pairs = list(zip(values, counts or [1.0] * len(values), strict=True))
    if any(not count > 0 for _, count in pairs):
        raise invalid_value(f"The values of parameter {place}.Counts must be greater than zero.")
    return pairs


def _of_values(pairs: Sequence[tuple[float, float]], place: str) -> Amount:
    _check_numbers([number for pair in pairs for number in pair], place)
    return Amount(
        samples=sum(count for _, count in pairs),
        total=sum(value * count for value, count in pairs),
        minimum=min(value for value, _ in pairs),
        maximum=max(value for value, _ in pairs),
        distribution=write_sketch(sketch_of(pairs)),
    )


def _of_set(given: models.StatisticSet, place: str) -> Amount:
    _check_numbers([given.sample_count, given.sum, given.minimum, given.maximum], place)
    if given.minimum > given.maximum:
        raise invalid_combination(
            f"The parameter {place}.StatisticValues.Maximum must be greater than {place}.StatisticValues.Minimum."
        )
    if not given.sample_count > 0:
        raise invalid_value(f"The parameter {place}.StatisticValues.SampleCount must be greater than zero.")
    # How the values of a set lie is known only where they are all alike.
    alike = [(given.minimum, given.sample_count)] if given.minimum == given.maximum else None
    sketch = None if alike is None else write_sketch(sketch_of(alike))
    return Amount(given.sample_count, given.sum, given.minimum, given.maximum, sketch)


def _check_numbers(numbers: Iterable[float], place: str) -> None:
    for number in numbers:
        if not math.isfinite(number) or abs(number) > _LARGEST:
            raise invalid_value(f"The value {number} for parameter {place}.Value is invalid.")


def _plus(one: Amount, other: Amount) -> Amount:
    whole = one.plus(other)
    sketch = merged_texts(one.distribution, other.distribution)
    return Amount(whole.samples, whole.total, whole.minimum, whole.maximum, sketch)
