"""The documentation keeps up: settings, operations, links and the two READMEs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from hatobin.words.settings import Settings
from tests.tidy.source import ROOT, complaint, files

CONFIGURATION = ROOT / "docs/configuration.md"
_ROW = re.compile(r"^\| `([a-z]\w*)\.([\w.]+)` \| (.*?) \| (.*?) \|(.*?)\|$", re.MULTILINE)


def _settings() -> dict[str, Any]:
    """Every key with its default: `{"server.http": "127.0.0.1:8005", …}`."""
    return dict(_keys(Settings, ""))


def _keys(section: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, Any]]:
    for key in msgspec.structs.fields(section):
        if isinstance(key.type, type) and issubclass(key.type, msgspec.Struct):
            yield from _keys(key.type, f"{prefix}{key.encode_name}.")
        elif (repeated := next((one for one in get_args(key.type) if _is_table(one)), None)) and not prefix:
            yield from _keys(repeated, f"{key.name}.")
        elif key.required:
            yield f"{prefix}{key.name}", None
        else:
            default = key.default if key.default is not msgspec.NODEFAULT else key.default_factory()  # type: ignore[operator]
            yield f"{prefix}{key.name}", default


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _rows() -> dict[str, tuple[str, str, str]]:
    """Every documented key with its default, meaning and unit, as written."""
    return {f"{row[1]}.{row[2]}": (row[3], row[4], row[5].strip()) for row in _ROW.finditer(CONFIGURATION.read_text())}


def _as_toml(value: Any) -> str:
    """Give a default as one writes it in the file; None cannot be written and is explained in words."""
    return f"`{json.dumps(value)}`"  # A tuple, too, is written as a list.


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented, known = set(_rows()), set(_settings())
    missing, invented = sorted(known - documented), sorted(documented - known)
    assert not missing, complaint("a setting without a row in docs/configuration.md", missing)
    assert not invented, complaint("a documented setting that does not exist", invented)


def test_documented_defaults_are_the_real_ones() -> None:
    rows = _rows()
    places = [
        f"{key}: the default is {_as_toml(value)}, documented {rows[key][0]}"
        for key, value in _settings().items()
        if key in rows
        if (rows[key][0].startswith("`") if value is None else rows[key][0] != _as_toml(value))
    ]
    assert not places, complaint("a documented default that is not the real one", places)


def test_every_documented_setting_says_what_it_means() -> None:
    places = [key for key, (_, meaning, _) in _rows().items() if len(meaning) < 10]
    assert not places, complaint("a documented setting without a meaning", places)


def test_settings_in_seconds_and_bytes_say_so() -> None:
    rows = _rows()
    for key in rows:
        if key.endswith("_s"):
            assert rows[key][2] == "seconds", key
        if key.endswith("_bytes"):
            assert rows[key][2] == "bytes", key


def test_both_readmes_have_the_same_shape() -> None:
    english, japanese = ROOT / "README.md", ROOT / "README.ja.md"
    if not english.exists() and not japanese.exists():
        pytest.skip("there is no README yet")
    shapes = []
    for page in (english, japanese):
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        shapes.append([len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)])
    assert shapes[0] == shapes[1], "the levels of the headings differ between README.md and README.ja.md"


def test_links_between_pages_lead_somewhere() -> None:
    places = []
    for path in files():
        if path.endswith(".md"):
            text = re.sub(r"```.*?```", "", (ROOT / path).read_text(encoding="utf-8"), flags=re.DOTALL)
            for link in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text):
                if not (ROOT / path).parent.joinpath(link).exists():
                    places.append(f"{path}: {link}")
    assert not places, complaint("a link to a file that is not there", places)
