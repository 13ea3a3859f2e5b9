"""A reply keeps the words and reads the code."""

from __future__ import annotations

import pytest

from hatobin.words.reply import Reply, enhanced_code


@pytest.mark.parametrize(
    ("code", "line", "enhanced"),
    [
        (550, "5.1.1 no such user", "5.1.1"),
        (550, "5.7.26", "5.7.26"),
        (250, "2.0.0 Ok", "2.0.0"),
        (550, "4.1.1 of another class", None),
        (550, "5.1.1, followed by a comma", None),
        (550, "5.1.1234 too long", None),
        (354, "3.0.0 no such class", None),
        (550, "no such user 5.1.1", None),
    ],
)
def test_enhanced_code_is_read_from_the_head(code: int, line: str, enhanced: str | None) -> None:
    assert enhanced_code(code, line) == enhanced
    assert Reply.of(code, line).enhanced == enhanced


def test_reply_is_written_as_it_was_said() -> None:
    reply = Reply.of(550, "5.1.1 The account", "5.1.1 does not exist")
    assert str(reply) == "550 5.1.1 The account 5.1.1 does not exist"
    assert reply.lines == ("5.1.1 The account", "5.1.1 does not exist")
    assert str(Reply.of(250)) == "250"


@pytest.mark.parametrize(
    ("code", "kind"), [(250, "is_positive"), (354, "is_intermediate"), (451, "is_transient"), (550, "is_permanent")]
)
def test_first_digit_says_what_kind(code: int, kind: str) -> None:
    kinds = ("is_positive", "is_intermediate", "is_transient", "is_permanent")
    assert [name for name in kinds if getattr(Reply.of(code, "x"), name)] == [kind]
