"""The results file of the benchmark: what was measured is renewed, what was not stays."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.results import Figure, Result, Row, renew
from tests.tidy.source import ROOT

_MEMBERS = {"median", "min", "max", "runs", "unit"}


def _result(*rows: Row) -> Result:
    return Result(rows[0].case, "", 0, rows)


def _row(case: str, system: str, *values: float, problem: str = "") -> Row:
    return Row(case, system, Figure.of(values, "messages/s") if values else None, problem=problem)


def test_a_figure_is_the_median_and_the_range_of_its_runs(tmp_path: Path) -> None:
    path = tmp_path / "results" / "latest.json"
    renew(path, [_result(_row("smtp_delivered", "hatobin", 30.0, 10.0, 11.0))])
    assert json.loads(path.read_text()) == {
        "smtp_delivered": {"hatobin": {"median": 11.0, "min": 10.0, "max": 30.0, "runs": 3, "unit": "messages/s"}}
    }


def test_a_run_of_some_cases_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    renew(path, [_result(_row("a", "hatobin", 1.0), _row("a", "postfix", 2.0)), _result(_row("b", "hatobin", 3.0))])
    renew(path, [_result(_row("a", "hatobin", 5.0))])
    found = json.loads(path.read_text())
    assert found["b"]["hatobin"]["median"] == 3.0
    assert found["a"]["hatobin"]["median"] == 5.0
    assert found["a"]["postfix"]["median"] == 2.0, "a system that was not measured now"


def test_a_system_that_failed_now_has_no_old_figure(tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    renew(path, [_result(_row("a", "hatobin", 1.0), _row("a", "postfix", 2.0))])
    renew(path, [_result(_row("a", "hatobin", 1.0), _row("a", "postfix", 9.0, problem="lost one"))])
    renew(path, [_result(_row("b", "hatobin", problem="did not start"))])
    assert json.loads(path.read_text()) == {"a": {"hatobin": json.loads(path.read_text())["a"]["hatobin"]}}


def test_the_kept_results_have_the_shape_that_readers_rely_on() -> None:
    kept = json.loads((ROOT / "benchmarks/results/latest.json").read_text())
    figures = [figure for systems in kept.values() for figure in systems.values()]
    assert figures
    for figure in figures:
        assert figure.keys() == _MEMBERS
        assert figure["min"] <= figure["median"] <= figure["max"]
        assert figure["runs"] >= 1
