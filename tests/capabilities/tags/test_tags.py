"""The rules for tags, in SES's order and words."""

from __future__ import annotations

import pytest

from hatobin.capabilities import tags
from hatobin.gateway.models.sesv2 import Tag
from hatobin.words.errors import CallerError

CHARACTERS = "Tags can only contain letters, numbers, spaces, and the following special characters: _ . : / = + - @"


def tag(key: str, value: str = "v") -> Tag:
    return Tag(key=key, value=value)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([tag(f"k{number}") for number in range(51)], "Maximum of 50 user tags are allowed per resource, "
         "consider reducing the number of tags in the request"),
        ([tag("a", "no!")], CHARACTERS),
        ([tag("no!")], CHARACTERS),
        ([tag("AWS:x")], "Caller is an end user and not allowed to mutate system tags"),
        ([tag("k" * 129, "v" * 257)], "2 validation errors detected: Value at 'tags.1.member.value' failed to satisfy "
         "constraint: Member must have length less than or equal to 256; Value at 'tags.1.member.key' failed to "
         "satisfy constraint: Member must have length less than or equal to 128"),
        ([tag("a"), tag("b"), tag("a")], "Cannot provide multiple tags with the same key"),
        ([tag("")], None),
    ],
)  # fmt: skip
def test_bad_tags_are_refused(given: list[Tag], text: str | None) -> None:
    with pytest.raises(CallerError) as caught:
        tags.validate(given)
    assert (caught.value.code, caught.value.message) == ("BadRequestException", text)


def test_good_tags_keep_their_order() -> None:
    given = [tag("b", ""), tag("a", "aws:fine"), tag("鳩", "便 \u00a0_.:/=+-@")]
    pairs = tags.validate(given)
    assert pairs == (("b", ""), ("a", "aws:fine"), ("鳩", "便 \u00a0_.:/=+-@"))
    assert tags.decode(tags.encode(pairs)) == pairs
    assert tags.validate(None) == ()
