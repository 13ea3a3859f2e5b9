"""The names of configuration sets and of their destinations. Pure.

Refs: surface.md §1.5 (64 characters), appendix E (the texts).
"""

from __future__ import annotations

import re

MAX_NAME_LENGTH = 64

_NAME = re.compile(r"[A-Za-z0-9_\-]+", re.ASCII)


class InvalidSet(ValueError):
    """A set or destination cannot be like this; the message is SES's own text."""


def check_name(name: str) -> None:
    """Raises `InvalidSet`. The text follows the one for event destinations, which is probed."""
    if not name:
        raise InvalidSet("ConfigurationSetName is required.")
    if not _NAME.fullmatch(name):
        raise InvalidSet(
            f"Invalid configuration set name <{name}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
        )
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidSet(f"Configuration set name cannot exceed {MAX_NAME_LENGTH} characters.")


def check_destination_name(name: str) -> None:
    """Raises `InvalidSet` (appendix E)."""
    if not name.strip():
        raise InvalidSet("EventDestinationName is required.")
    if not _NAME.fullmatch(name):
        raise InvalidSet(
            f"Invalid event destination name <{name}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
        )
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidSet(f"Event destination name cannot exceed {MAX_NAME_LENGTH} characters.")
