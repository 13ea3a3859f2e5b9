"""JSON inside a text: what nests too deep is refused, however it does."""

from __future__ import annotations

import msgspec
import pytest

from hatobin.protocols.aws.json_text import MAX_DEPTH, read_json


def nested(levels: int) -> str:
    return '{"a":[' * (levels // 2) + "1" + "]}" * (levels // 2)


def test_up_to_its_depth_everything_is_read() -> None:
    assert read_json(nested(MAX_DEPTH)) == msgspec.json.decode(nested(MAX_DEPTH))
    assert read_json("[" + "[]," * 500 + "[]]") == [[]] * 501


@pytest.mark.parametrize("text", [nested(MAX_DEPTH + 2), "[" * 100_000, '{"a":' * 100_000, "[" * 400 + "]" * 400])
def test_what_nests_deeper_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_json(text)


def test_brackets_in_texts_are_no_levels() -> None:
    assert read_json('{"a":"' + "[{" * 500 + '"}') == {"a": "[{" * 500}
