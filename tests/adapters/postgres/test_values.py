"""Values on the wire to PostgreSQL. No server is needed."""

from __future__ import annotations

import enum

import pytest

from hatobin.adapters.postgres.values import bind


class Colour(enum.StrEnum):
    RED = "red"


class State(enum.IntEnum):
    DONE = 2


def test_values_go_in_the_order_of_the_statement() -> None:
    values, formats = bind(("b", "a", "c"), {"a": 1, "b": "x", "c": None, "more": 5})
    assert (values, formats) == ([b"x", b"1", None], None)


def test_bytes_are_sent_as_they_are() -> None:
    values, formats = bind(("a", "b", "c"), {"a": 1, "b": b"\x00\xff", "c": "z"})
    assert (values, formats) == ([b"1", b"\x00\xff", b"z"], [0, 1, 0])


@pytest.mark.parametrize("number", [0.1, 1e300, -2.5e-308, 1_767_225_600.123456, float("inf")])
def test_floats_keep_every_bit(number: float) -> None:
    ((text,), _) = bind(("a",), {"a": number})
    assert text is not None
    assert float(text) == number


@pytest.mark.parametrize(
    ("value", "text"), [(True, b"1"), (Colour.RED, b"red"), (State.DONE, b"2"), (2**63 - 1, b"9223372036854775807")]
)
def test_kinds_of_texts_and_numbers_are_texts_and_numbers(value: int | str, text: bytes) -> None:
    assert bind(("a",), {"a": value})[0] == [text]


def test_text_with_a_nul_is_kept_with_a_replacement_character() -> None:
    assert bind(("a",), {"a": "a\0b\0"})[0] == ["a\ufffdb\ufffd".encode()]


def test_what_is_missing_or_no_value_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        bind(("a", "b"), {"a": 1})
    with pytest.raises(TypeError, match="b is a list"):
        bind(("a", "b"), {"a": 1, "b": []})  # type: ignore[dict-item]
