"""How the tags of a template are found by its ARN."""

from __future__ import annotations

import re

from hatobin.capabilities.tags import TaggedKind, no_such
from hatobin.words.errors import CallerError

_NAME = re.compile(r"[A-Za-z0-9_\-]{1,128}", re.ASCII)


def _missing(name: str) -> CallerError:
    if not _NAME.fullmatch(name):
        # Observed, although a leading underscore passes.
        return CallerError(
            "BadRequestException",
            "Template name can contain alphanumeric characters, underscores(_) and hyphens(-). "
            "It can contain up to 128 characters and it should start with an alphanumeric character.",
        )
    return no_such("Template", name)


TAGGED = TaggedKind("template", "templates", _missing)
