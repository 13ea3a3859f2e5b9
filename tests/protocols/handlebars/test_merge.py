"""Default data of a bulk mail and the replacement of one entry (DEV-IS-10)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hatobin.protocols.handlebars import merge_data

_DEFAULT: dict[str, Any] = {"a": 1, "o": {"x": 1, "y": 2}, "l": [1, 2]}


@pytest.mark.parametrize(
    ("replacement", "merged"),
    [
        ({}, _DEFAULT),
        ({"o": {"y": 9}}, {"a": 1, "o": {"x": 1, "y": 9}, "l": [1, 2]}),
        ({"l": [3]}, {"a": 1, "o": {"x": 1, "y": 2}, "l": [3]}),
        ({"l": {"z": 1}, "o": [1]}, {"a": 1, "o": [1], "l": {"z": 1}}),
        ({"a": None, "b": 2}, {"a": None, "b": 2, "o": {"x": 1, "y": 2}, "l": [1, 2]}),
        ({"o": {"x": {"deep": 1}}}, {"a": 1, "o": {"x": {"deep": 1}, "y": 2}, "l": [1, 2]}),
    ],
)
def test_objects_merge_and_all_else_is_replaced(replacement: dict[str, Any], merged: dict[str, Any]) -> None:
    default = copy.deepcopy(_DEFAULT)
    given = copy.deepcopy(replacement)
    assert merge_data(default, given) == merged
    assert (default, given) == (_DEFAULT, replacement)


def test_changing_one_result_changes_no_other() -> None:
    default = copy.deepcopy(_DEFAULT)
    merged: dict[str, Any] = merge_data(default, {"o": {"y": 9}})
    merged["o"]["x"] = "changed"
    assert default == _DEFAULT


def test_objects_of_any_depth_merge() -> None:
    default: dict[str, Any] = {"end": 1}
    replacement: dict[str, Any] = {"end": 2}
    for _ in range(5_000):
        default, replacement = {"k": default, "d": 1}, {"k": replacement}
    merged: Any = merge_data(default, replacement)
    while "k" in merged:
        assert merged["d"] == 1
        merged = merged["k"]
    assert merged == {"end": 2}
