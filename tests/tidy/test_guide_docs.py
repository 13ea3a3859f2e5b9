"""docs/guide.md and docs/guide.ja.md say of each sample what its test says by its marks."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cache

import pytest

from tests.tidy.source import ROOT, complaint

SAMPLE_COUNT = 24

_ROW = re.compile(
    r"^\| (?P<number>\d+) \| (?P<subject>[^|]+) \| (?P<printed>[^|]+) \| (?P<state>[^|]+) "
    r"\| \[[^\]]+\]\(\.\./tests/guide/(?P<file>[^)]+)\) \|$",
    re.MULTILINE,
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """One of the two pages, and its words for the states."""

    name: str
    printed: dict[str, str]
    works: str
    waits: str
    works_in_part: str
    comma: str
    reasons: dict[str, str]
    """How a section begins its explanation, by the English word for the printed form."""

    @property
    def text(self) -> str:
        """The whole page."""
        return (ROOT / "docs" / self.name).read_text(encoding="utf-8")

    def state(self, sample: Sample) -> str:
        """Say the state of a sample as this page must."""
        names = self.comma.join(f"`{name}`" for name in sample.waits_for)
        if not sample.waits_for:
            return self.works
        return (self.works_in_part if sample.works else self.waits).format(names)

    def sections(self) -> dict[int, tuple[str, str]]:
        """Give subject and text of the section of each sample."""
        parts = re.split(r"^## (\d+)\. (.+)$", self.text, flags=re.MULTILINE)
        return {int(parts[at]): (parts[at + 1], parts[at + 2]) for at in range(1, len(parts), 3)}


@dataclass(frozen=True)
class Sample:
    """What the marks in a sample's file say."""

    number: int
    file: str
    printed: str
    waits_for: tuple[str, ...]
    works: bool
    """Whether a test of the corrected form waits for nothing."""


_ENGLISH = Page(
    name="guide.md",
    printed={word: word for word in ("works", "works in part", "cannot work", "no code")},
    works="works",
    waits="waits for {}",
    works_in_part="works in part, waits for {}",
    comma=", ",
    reasons={"works in part": "**As printed it works in part:**", "cannot work": "**As printed it cannot work:**"},
)
_JAPANESE = Page(
    name="guide.ja.md",
    printed={"works": "動く", "works in part": "一部だけ動く", "cannot work": "動かない", "no code": "コードなし"},
    works="動く",
    waits="{} 待ち",
    works_in_part="一部は動く、{} 待ち",
    comma="、",
    reasons={
        "works in part": "**印刷どおりでは一部だけ動きます。**",
        "cannot work": "**印刷どおりには動きません。**",
    },
)
_PAGES = pytest.mark.parametrize("page", [_ENGLISH, _JAPANESE], ids=["english", "japanese"])


@cache
def _samples() -> tuple[Sample, ...]:
    paths = sorted((ROOT / "tests/guide").glob("test_[0-9][0-9]_*.py"))
    return tuple(_sample(path.name, path.read_text(encoding="utf-8")) for path in paths)


def _sample(file: str, text: str) -> Sample:
    printed: set[str] = set()
    waited: dict[str, None] = {}
    works = False
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = _marks(node)
            printed.update(marks.get("printed_form", ()))
            waited.update(dict.fromkeys(marks.get("waits_for", ())))
            works = works or not marks
    assert len(printed) <= 1, f"{file} says different things of the printed form: {sorted(printed)}"
    return Sample(int(file[5:7]), file, next(iter(printed), "works"), tuple(waited), works)


def _marks(test: ast.FunctionDef) -> dict[str, list[str]]:
    """Give the marks of `tests/guide/marks.py` on a test, with their arguments."""
    found: dict[str, list[str]] = {}
    for mark in test.decorator_list:
        match mark:
            case ast.Call(func=ast.Name(id="waits_for" | "printed_form" as name), args=arguments):
                found.setdefault(name, []).extend(ast.literal_eval(argument) for argument in arguments)
    return found


def test_every_sample_has_one_file() -> None:
    assert [sample.number for sample in _samples()] == list(range(1, SAMPLE_COUNT + 1))


@_PAGES
def test_the_table_says_what_the_marks_say(page: Page) -> None:
    rows = [(int(row["number"]), row["file"], row["printed"], row["state"]) for row in _ROW.finditer(page.text)]
    marked = [(sample.number, sample.file, page.printed[sample.printed], page.state(sample)) for sample in _samples()]
    places = [f"docs/{page.name}: marks {one}, but the page {row}" for one, row in zip(marked, rows, strict=False)
              if one != row]  # fmt: skip
    assert not places, complaint("a row of the guide that its test contradicts", places)
    assert len(rows) == len(marked)


@_PAGES
def test_every_sample_has_a_section_with_its_subject_and_its_test(page: Page) -> None:
    sections = page.sections()
    subjects = {int(row["number"]): row["subject"] for row in _ROW.finditer(page.text)}
    assert {number: subject for number, (subject, _) in sections.items()} == subjects
    places = []
    for sample in _samples():
        text = sections[sample.number][1]
        if f"[{sample.file}](../tests/guide/{sample.file})" not in text:
            places.append(f"{sample.number}: no link to {sample.file}")
        if (sample.printed == "no code") == bool(_BLOCK.search(text)):
            places.append(f"{sample.number}: a call that works belongs into the section of every sample with code")
        for printed, reason in page.reasons.items():
            if (reason in text) != (sample.printed == printed):
                places.append(f"{sample.number}: {reason!r} and the marks of the test do not agree")
    assert not places, complaint(f"a section of docs/{page.name} that is not complete", places)


def test_both_pages_show_the_same_code() -> None:
    assert _BLOCK.findall(_ENGLISH.text) == _BLOCK.findall(_JAPANESE.text)


def test_code_of_the_pages_can_be_read() -> None:
    for language, code in _BLOCK.findall(_ENGLISH.text):
        if language == "python":
            compile(code, "docs/guide.md", "exec")
        if language == "json":
            json.loads(code)


def test_marks_of_a_file_are_read() -> None:
    text = (
        '@waits_for("a", "b")\ndef test_one(): ...\n'
        '@printed_form("cannot work")\ndef test_two(): ...\n'
        'def test_three(): ...\n@waits_for("b", "c")\n@printed_form("cannot work")\ndef test_four(): ...\n'
    )
    sample = _sample("test_07_x.py", text)
    assert sample == Sample(7, "test_07_x.py", "cannot work", ("a", "b", "c"), True)
    assert _ENGLISH.state(sample) == "works in part, waits for `a`, `b`, `c`"
    assert _JAPANESE.state(sample) == "一部は動く、`a`、`b`、`c` 待ち"
