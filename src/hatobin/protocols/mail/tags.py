"""Message tags: what a name and a value may look like, with the texts SES answers.

The same rules hold for tags given in an API call and for those in the field
X-SES-MESSAGE-TAGS. The texts are as recorded from SES, the double blank in
the one about names included. Of the names with a colon, which are SES's own,
a sender may set two: the first fields of Feedback-ID (accepted as recorded).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from hatobin.protocols.mail.errors import TagError

MAX_TAG_LENGTH = 255

FEEDBACK_ID_TAGS = ("ses:feedback-id-a", "ses:feedback-id-b")
"""Tags whose values become the first two fields of Feedback-ID."""

_NAME = re.compile(r"[A-Za-z0-9_\-]+", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9_\-.@]+", re.ASCII)


class MessageTag(Struct, frozen=True):
    """One tag of a message; events carry it under `mail.tags`."""

    name: str
    value: str


def check_tag(name: str, value: str) -> MessageTag:
    """Give the tag, or refuse it. Raises `TagError`.

    The name is judged before the value, as SES does.
    """
    if not name:
        raise TagError("The tag name must be specified.")
    if not value:
        raise TagError("The tag value must be specified.")
    if len(name) > MAX_TAG_LENGTH:
        raise TagError(f"Tag name cannot exceed {MAX_TAG_LENGTH} characters.")
    if name not in FEEDBACK_ID_TAGS and not _NAME.fullmatch(name):
        raise TagError(f"Invalid tag name <{name}>: only alphanumeric ASCII characters, '_',  '-' are allowed.")
    if len(value) > MAX_TAG_LENGTH:
        raise TagError(f"Tag value cannot exceed {MAX_TAG_LENGTH} characters.")
    if not _VALUE.fullmatch(value):
        raise TagError(
            f"Invalid tag value <{value}>: only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed."
        )
    return MessageTag(name, value)


def check_tags(pairs: Iterable[tuple[str, str]]) -> tuple[MessageTag, ...]:
    """Check the tags of a call in order; the first bad one decides. Raises `TagError`."""
    return tuple([check_tag(name, value) for name, value in pairs])


def parse_tags(text: str) -> tuple[MessageTag, ...]:
    """Read the value of X-SES-MESSAGE-TAGS: `name=value, name2=value2`. Raises `TagError`."""
    pairs: list[tuple[str, str]] = []
    for element in text.split(","):
        if element.strip():
            name, _, value = element.partition("=")
            pairs.append((name.strip(), value.strip()))
    return check_tags(pairs)
