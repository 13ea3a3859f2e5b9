"""What was measured stays the same sum while it becomes coarser, and goes at last."""

from __future__ import annotations

import pytest

from hatobin.companions.cloudwatch import Metric, MetricKey, points, recording, series, times
from hatobin.companions.cloudwatch.model import DAY_S, HOUR_S, MAX_METRICS, Amount, series_of
from hatobin.companions.cloudwatch.sketch import sketch_of, write_sketch
from hatobin.companions.cloudwatch.statistics import Statistic
from hatobin.companions.cloudwatch.upkeep import MetricUpkeep
from hatobin.ports import Session
from hatobin.words.lane import Lane
from tests.companions.world import ACCOUNT, NOON, REGION, World

METRIC = Metric(ACCOUNT, REGION, MetricKey("AWS/SES", "Send"), "Count")
FIRST = int(NOON) // DAY_S * DAY_S


async def count(world: World, at: int, number: int, lane: Lane = Lane.ACCEPT, metric: Metric = METRIC) -> None:
    await world.database.write(
        lambda session: recording.record_counts(session, {(metric, at): times(number)}, {}, lane)
    )


async def found(world: World, period: int, start: int = FIRST, end: int = FIRST + 3 * DAY_S) -> dict[int, Amount]:
    units = {series_of(METRIC.key, METRIC.unit): METRIC.unit}
    buckets = await world.database.read(
        lambda session: points.read_buckets(session, ACCOUNT, REGION, units, start=start, end=end, period=period)
    )
    return {bucket.number: bucket.amount for bucket in buckets}


async def rows(world: World) -> dict[int, int]:
    counted = await world.database.read(
        lambda session: session.execute("SELECT period, COUNT(*) FROM cloudwatch_point GROUP BY period")
    )
    return dict(counted)


async def age_to(world: World, days: float) -> None:
    now = FIRST + days * DAY_S

    def work(session: Session) -> int:
        return points.age(session, now)

    while await world.database.write(work):
        pass


async def test_counts_of_one_minute_are_one_row_per_writer(world: World) -> None:
    for number in (1, 2, 3):
        await count(world, FIRST, number)
    await count(world, FIRST, 4, Lane.SETTLE)
    assert await rows(world) == {60: 2}
    assert (await found(world, 60))[0] == Amount(10, 10, 1, 1)


async def test_minutes_become_hours_and_days_and_go(world: World) -> None:
    for minute in range(0, DAY_S, 1800):
        await count(world, FIRST + minute, 2)
    whole = await found(world, DAY_S)
    assert whole == {0: Amount(96, 96, 1, 1)}
    await age_to(world, 15.5)
    assert set(await rows(world)) == {60, HOUR_S}, "half of them are old enough"
    assert await found(world, DAY_S) == whole
    assert len(await found(world, HOUR_S)) == 24
    await age_to(world, 17)
    assert await rows(world) == {HOUR_S: 24}
    assert await found(world, DAY_S) == whole
    await age_to(world, 65)
    assert await rows(world) == {DAY_S: 1}
    assert await found(world, DAY_S) == whole
    await count(world, FIRST + 60, 1)
    await age_to(world, 65)
    assert (await found(world, DAY_S))[0].total == 97, "what comes late is added"
    await age_to(world, 457)
    assert await rows(world) == {}


async def test_a_distribution_becomes_coarser_too(world: World) -> None:
    for minute, value in ((0, 1.0), (60, 5.0)):
        sketch = write_sketch(sketch_of([(value, 10)]))
        amounts = {(METRIC, FIRST + minute): Amount(10, 10 * value, value, value, sketch)}
        await world.database.write(lambda session, amounts=amounts: recording.record_values(session, amounts))
    await age_to(world, 17)
    units = {series_of(METRIC.key, METRIC.unit): METRIC.unit}
    [hour] = await world.database.read(
        lambda session: points.read_buckets(
            session, ACCOUNT, REGION, units, start=FIRST, end=FIRST + HOUR_S, period=HOUR_S, distributed=True
        )
    )
    assert Statistic("p25", 25.0).of(hour.amount) == 1.0
    assert Statistic("p75", 75.0).of(hour.amount) == pytest.approx(5.0, rel=0.01)


async def test_the_number_of_chosen_metrics_is_bounded(world: World) -> None:
    def fill(session: Session) -> None:
        session.execute(
            "INSERT INTO cloudwatch_total (account_id, region, metrics) VALUES (:account, :region, :number)",
            {"account": ACCOUNT, "region": REGION, "number": MAX_METRICS - 1},
        )

    await world.database.write(fill)
    keys = [METRIC.key.with_dimensions([("campaign", name)]) for name in ("a", "b")]
    for key in keys:
        chosen = {(Metric(ACCOUNT, REGION, key, "Count"), FIRST): times(1)}
        for _ in range(2):
            await world.database.write(
                lambda session, chosen=chosen: recording.record_counts(session, {}, chosen, Lane.ACCEPT)
            )
    known = [
        await world.database.read(lambda session, key=key: series.units_of(session, ACCOUNT, REGION, key))
        for key in keys
    ]
    assert [len(units) for units in known] == [1, 0]
    await count(world, FIRST, 1)
    assert (await found(world, 60))[0].total == 1, "what every account has is counted all the same"


async def test_upkeep_removes_metrics_that_are_long_gone_and_makes_room(world: World) -> None:
    chosen = {(Metric(ACCOUNT, REGION, METRIC.key.with_dimensions([("a", "b")])), FIRST - 460 * DAY_S): times(1)}
    await world.database.write(lambda session: recording.record_counts(session, {}, chosen, Lane.ACCEPT))
    await count(world, FIRST, 1)
    assert await MetricUpkeep(world.ports).once() == 3, "a minute becomes an hour, a day, and nothing"
    left = await world.database.read(
        lambda session: session.execute("SELECT namespace, dimensions FROM cloudwatch_metric")
    )
    assert left == [("AWS/SES", "[]")]
    assert await world.database.read(lambda s: s.one("SELECT metrics FROM cloudwatch_total")) == (0,)
