"""Reports are read, and held against exclusions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients import page
from tests.clients.results import Outcome, Result, Verdict, compare, read_junit
from tests.clients.suites import FOLDER, Suite, read, read_all
from tests.running import ROOT

_REPORT = """<testsuites><testsuite>
<testcase classname="a.b" name="good"/>
<testcase classname="a.b" name="bad"><failure message="no">trace</failure></testcase>
<testcase classname="a.b" name="broken"><error message="down"/></testcase>
<testcase classname="a.b" name="left"><skipped message="why"/></testcase>
<testcase classname="a.b" name="twice"/><testcase classname="a.b" name="twice"><error message="teardown"/></testcase>
</testsuite></testsuites>"""

_SUITE = """
title = "A suite"
where = "a"
command = ["true"]

[[excluded]]
of = "a.b"
reason = "Not there yet."
tests = ["bad", "good", "gone"]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    path = tmp_path / "some.toml"
    path.write_text(_SUITE)
    return read(path)


def test_a_junit_file_is_read_and_the_worst_entry_of_a_test_counts(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(_REPORT)
    assert read_junit(path) == {
        "a.b::good": Result(Outcome.PASSED),
        "a.b::bad": Result(Outcome.FAILED, "no\ntrace"),
        "a.b::broken": Result(Outcome.FAILED, "down"),
        "a.b::left": Result(Outcome.SKIPPED, "why"),
        "a.b::twice": Result(Outcome.FAILED, "teardown"),
    }


def test_only_a_failure_that_is_not_excluded_counts_against_a_suite(suite: Suite) -> None:
    passed, failed = Result(Outcome.PASSED), Result(Outcome.FAILED, "said")
    verdict = compare(suite, {"a.b::good": passed, "a.b::bad": failed, "a.b::fine": passed})
    assert verdict == Verdict(
        passed=("a.b::fine",), excluded=("a.b::bad",), now_pass=("a.b::good",), unknown=("a.b::gone",)
    )
    assert verdict.ok
    worse = compare(suite, {"a.b::fine": passed, "a.b::other": failed})
    assert worse.failed == {"a.b::other": "said"}
    assert not worse.ok


def test_a_suite_of_which_nothing_passes_is_not_well(suite: Suite) -> None:
    assert not compare(suite, {"a.b::bad": Result(Outcome.FAILED)}).ok


def test_an_entry_with_an_unknown_key_or_a_test_excluded_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_text(f'unheard = "of"\n{_SUITE}')
    with pytest.raises(TypeError):
        read(path)
    path.write_text(_SUITE.replace('"gone"', '"bad"'))
    with pytest.raises(ValueError, match="twice"):
        read(path)


def test_a_row_is_replaced_where_its_suite_ran_and_kept_where_not(suite: Suite) -> None:
    table = page.results("", [suite], {"some": (Verdict(passed=("x",)), "abc123")})
    assert table.splitlines()[2:] == ["| `some` | A suite | abc123 | 1 | 0 | 0 |"]
    assert page.results(table, [suite], {}) == table


def test_the_page_has_a_row_for_each_suite_and_every_exclusion_with_its_reason() -> None:
    text = (ROOT / "docs" / "clients.md").read_text()
    assert page.section(text, page.EXCLUSIONS) == page.exclusions(read_all())
    assert page.results(page.section(text, page.RESULTS), read_all(), {}) == page.section(text, page.RESULTS)
    assert all(f"| `{path.stem}` |" in text for path in FOLDER.glob("*.toml"))
