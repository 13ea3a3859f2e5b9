"""Inserts of several rows in one statement."""

from __future__ import annotations

import pytest

from hatobin.adapters.sqlite.connection import SqliteSession, open_writer
from hatobin.adapters.sqlite.inserts import multi_row_insert


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 13, 32, 33, 77])
def test_every_row_goes_in_once_and_in_order(count: int) -> None:
    session = SqliteSession(open_writer(":memory:"))
    session.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB, c REAL)")
    rows = [{"a": f"a{number}", "b": bytes([number]), "c": None, "extra": 1} for number in range(count)]
    session.many("INSERT INTO t (a, b, c)\nVALUES (:a, :b, :c)", rows)
    assert session.execute("SELECT a, b, c FROM t ORDER BY id") == [(row["a"], row["b"], row["c"]) for row in rows]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET a = :a WHERE id = :id",
        "INSERT INTO t (a) SELECT :a",
        "INSERT INTO t (a, b) VALUES (:a, 1)",
        "INSERT INTO t (a, b) VALUES (:a, :b) ON CONFLICT DO NOTHING",
        "INSERT INTO t (a, b) VALUES (:a, :b) RETURNING id",
        "DELETE FROM t WHERE id = :id",
    ],
)
def test_other_statements_run_row_by_row(sql: str) -> None:
    assert multi_row_insert(sql) is None
