"""docs/clients.md: the table of results and the list of exclusions, between marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.clients.results import Verdict
from tests.clients.suites import Suite

RESULTS, EXCLUSIONS = "results", "exclusions"
_HEAD = "| suite | title | revision | passed | excluded | skipped |\n|---|---|---|---|---|---|\n"
_ROW = re.compile(r"^\| `(\w+)` \|.*\|$", re.MULTILINE)


def write(path: Path, suites: Iterable[Suite], verdicts: Mapping[str, tuple[Verdict, str]]) -> None:
    """Put new results into the page; a suite that did not run keeps its row."""
    known, text = tuple(suites), path.read_text()
    text = replaced(text, RESULTS, results(section(text, RESULTS), known, verdicts))
    path.write_text(replaced(text, EXCLUSIONS, exclusions(known)))


def results(old: str, suites: Iterable[Suite], verdicts: Mapping[str, tuple[Verdict, str]]) -> str:
    """Give the table: a new row for each verdict, the old one for the others."""
    kept = {row[1]: row[0] for row in _ROW.finditer(old)}
    rows = [
        _row(suite, *verdicts[suite.name]) if suite.name in verdicts else kept.get(suite.name, "") for suite in suites
    ]
    return _HEAD + "".join(f"{row}\n" for row in rows if row)


def exclusions(suites: Iterable[Suite]) -> str:
    """Give the list of what is excluded, by suite and reason."""
    parts: list[str] = []
    for suite in suites:
        if not suite.exclusions:
            continue
        by_reason: dict[str, list[str]] = {}
        for test, reason in suite.exclusions.items():
            by_reason.setdefault(reason, []).append(test.partition("::")[2])
        lines = [f"- {reason}\n  {', '.join(f'`{name}`' for name in names)}\n" for reason, names in by_reason.items()]
        parts.append(f"### {suite.name}\n\n{''.join(lines)}")
    return "\n".join(parts)


def section(text: str, name: str) -> str:
    """Give what stands between the marks of a section."""
    return text.partition(_begin(name))[2].partition(_end(name))[0]


def replaced(text: str, name: str, content: str) -> str:
    """Put other content between the marks; raises `ValueError` where they are missing."""
    before, begin, rest = text.partition(_begin(name))
    _, end, after = rest.partition(_end(name))
    if not (begin and end):
        raise ValueError(f"no marks of {name}")
    return f"{before}{begin}{content}{end}{after}"


def _row(suite: Suite, verdict: Verdict, revision: str) -> str:
    counts = (len(verdict.passed), len(verdict.excluded), len(verdict.skipped))
    shown = revision or suite.sdist.replace("==", " ") or "newest packages"
    return f"| `{suite.name}` | {suite.title} | {shown} | {' | '.join(str(count) for count in counts)} |"


def _begin(name: str) -> str:
    return f"<!-- {name}: written by make clients ARGS=--docs -->\n"


def _end(name: str) -> str:
    return f"<!-- end of {name} -->"
