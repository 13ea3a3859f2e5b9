"""docs/ses-differences.md says of every member of a set's options whether it has an effect."""

from __future__ import annotations

import re
import types
import typing

import msgspec

from hatobin.capabilities.configuration_sets.model import Options
from tests.tidy.source import ROOT

_ROW = re.compile(r"^\| `(\w+Options\.\w+)` \| (.+) \|$", re.MULTILINE)


def members() -> set[str]:
    """Give every member of every block by its name on the wire."""
    found = set()
    for block in typing.get_type_hints(Options).values():
        [model] = [kind for kind in typing.get_args(block) if kind is not types.NoneType]
        found |= {f"{model.__name__}.{field.encode_name}" for field in msgspec.structs.fields(model)}
    return found


def test_every_member_is_on_the_page_once() -> None:
    page = (ROOT / "docs/ses-differences.md").read_text(encoding="utf-8")
    rows = _ROW.findall(page)
    assert sorted(name for name, _ in rows) == sorted(members())
    assert all(effect.startswith(("holds", "none", "kept")) for _, effect in rows)
