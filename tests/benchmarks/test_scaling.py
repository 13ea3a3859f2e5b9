"""From what a message costs to what a volume needs: round figures, worked out by hand."""

from __future__ import annotations

import pytest

from benchmarks.scaling import Assumptions, Cost, need, one_database_per_s

COST = Cost(node_s=0.001, database_s=0.0005, commits=0.1, wal_bytes=10_000, stored_bytes=2_000)
GIVEN = Assumptions(
    peak_factor=4,
    busy=0.5,
    history_days=10,
    node_cores=4,
    node_price=40,
    database_cores=16,
    database_price=100,
    wal_mb_s=100,
)


def test_cores_and_machines_follow_from_the_peak() -> None:
    one = need(86_400 * 1_000, COST, GIVEN)
    assert one.peak_per_s == 4_000
    assert one.node_cores == pytest.approx(8)
    assert one.nodes == 3, "two, and one to spare"
    assert one.database_cores == pytest.approx(4)
    assert one.wal_mb_s == pytest.approx(40)
    assert one.history_gb == pytest.approx(1_728)
    assert one.databases == 1


def test_the_price_of_a_thousand_counts_the_standby() -> None:
    one = need(86_400 * 1_000, COST, GIVEN)
    assert one.price_per_thousand == pytest.approx((3 * 40 + 2 * 100) / (86_400 * 30))


def test_one_database_ends_at_its_cores_or_at_its_log() -> None:
    assert one_database_per_s(COST, GIVEN) == pytest.approx(10_000), "100 MB/s of log"
    assert need(86_400 * 10_000, COST, GIVEN).databases == 4
    costly = Cost(0.001, database_s=0.002, commits=0.1, wal_bytes=10_000, stored_bytes=0)
    assert one_database_per_s(costly, GIVEN) == pytest.approx(4_000), "16 cores, half busy"
