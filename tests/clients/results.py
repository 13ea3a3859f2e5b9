"""What a suite did, test by test, and what that means beside its exclusions."""

from __future__ import annotations

import enum
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.suites import Suite


class Outcome(enum.Enum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """How one test ended, and what it said of a failure or a skip."""

    outcome: Outcome
    said: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A suite's results beside what was expected; the tests' ids, in the order they ran."""

    passed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """They fail, as their exclusion says."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """They fail and should not: what each said."""
    now_pass: tuple[str, ...] = ()
    """Excluded, and yet they pass: the exclusion can go."""
    unknown: tuple[str, ...] = ()
    """Excluded, and the suite has no such test."""

    @property
    def ok(self) -> bool:
        """Whether something passed and nothing failed that should not."""
        return bool(self.passed) and not self.failed


def read_junit(path: Path) -> dict[str, Result]:
    """Read a JUnit file into results by "classname::name"; a test that has several entries keeps its worst one."""
    results: dict[str, Result] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        test = f"{case.get('classname', '')}::{case.get('name', '')}"
        result = _result(case)
        if test not in results or result.outcome is Outcome.FAILED:
            results[test] = result
    return results


def _result(case: ElementTree.Element) -> Result:
    for tag, outcome in (("failure", Outcome.FAILED), ("error", Outcome.FAILED), ("skipped", Outcome.SKIPPED)):
        if (found := case.find(tag)) is not None:
            return Result(outcome, f"{found.get('message', '')}\n{found.text or ''}".strip())
    return Result(Outcome.PASSED)


def compare(suite: Suite, results: Mapping[str, Result]) -> Verdict:
    """Hold the results against the suite's exclusions."""

    def those(outcome: Outcome, *, excluded: bool) -> tuple[str, ...]:
        return tuple(
            test
            for test, result in results.items()
            if result.outcome is outcome and (test in suite.exclusions) is excluded
        )

    return Verdict(
        passed=those(Outcome.PASSED, excluded=False),
        skipped=those(Outcome.SKIPPED, excluded=False) + those(Outcome.SKIPPED, excluded=True),
        excluded=those(Outcome.FAILED, excluded=True),
        failed={test: results[test].said for test in those(Outcome.FAILED, excluded=False)},
        now_pass=those(Outcome.PASSED, excluded=True),
        unknown=tuple(test for test in suite.exclusions if test not in results),
    )
