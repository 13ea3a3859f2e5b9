"""No table grows for ever: docs/limits.md says of each what bounds it."""

from __future__ import annotations

import re

from hatobin.app.schema import schema
from tests.tidy.source import ROOT, complaint

_MADE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")
_ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)
# Tables of the adapters: the version of the schema, and PostgreSQL's commit marks.
_ENGINES = ("adapters/migrations.py", "adapters/postgres/marks.py")


def _tables() -> set[str]:
    engines = [(ROOT / "src/hatobin" / path).read_text() for path in _ENGINES]
    return set(_MADE.findall("\n".join([schema(), *engines])))


def _bounds() -> dict[str, str]:
    page = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    return dict(_ROW.findall(page[page.index("## Tables") :]))


def test_every_table_says_what_bounds_it() -> None:
    silent = sorted(_tables() - _bounds().keys())
    assert not silent, complaint("a table without a bound in docs/limits.md", silent)


def test_no_bound_is_of_a_table_that_is_not_there() -> None:
    gone = sorted(_bounds().keys() - _tables())
    assert not gone, complaint("docs/limits.md tells of a table that is not there", gone)


def test_settings_that_bound_a_table_are_real() -> None:
    settings = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    named = {name for bound in _bounds().values() for name in re.findall(r"`([a-z]+\.[a-z0-9_]+)`", bound)}
    assert named, "retention has settings"
    missing = sorted(name for name in named if f"| `{name}` |" not in settings)
    assert not missing, complaint("a setting that docs/configuration.md does not know", missing)
