"""How the tags of a configuration set are found by its ARN."""

from __future__ import annotations

from hatobin.capabilities.configuration_sets.names import InvalidSet, check_name
from hatobin.capabilities.tags import TaggedKind, no_such
from hatobin.words.errors import CallerError


def _missing(name: str) -> CallerError:
    try:
        check_name(name)
    except InvalidSet:
        return CallerError("ValidationException", None)  # Observed: no text at all.
    return no_such("ConfigurationSet", name)


TAGGED = TaggedKind("configuration-set", "configuration_sets", _missing)
