"""Policy variables: `${aws:username}` in a Resource or in the value of a condition.

Only policies of version 2012-10-17 have them; in an older one `${…}` is
plain text. A variable whose key the request does not have, without a default,
lets its pattern fit nothing.

Refs: IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from hatobin.protocols.aws.policy.pattern import Pattern, of_pieces, read_pattern

Context = Mapping[str, tuple[str, ...]]
"""What a request tells policies: key in lower case → its values."""

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"([^,]+),\s*'([^']*)'\s*\Z")
_THEMSELVES = ("*", "?", "$")


class Variable(Struct, frozen=True):
    """One `${key}` or `${key, 'default'}`; the key in lower case."""

    key: str
    default: str | None


class Template(Struct, frozen=True):
    """A pattern that depends on the request: texts and variables in turn."""

    pieces: tuple[str | tuple[str] | Variable, ...]

    @property
    def keys(self) -> frozenset[str]:
        """The context keys that it needs."""
        return frozenset(piece.key for piece in self.pieces if isinstance(piece, Variable))

    def pattern(self, context: Context) -> Pattern | None:
        """Give the pattern for a request; None where a variable has no single value there."""
        filled = self._filled(context)
        return None if filled is None else of_pieces(filled)

    def text(self, context: Context) -> str | None:
        """Give the text for a request, where `*` and `?` mean nothing; None as `pattern` does."""
        filled = self._filled(context)
        return None if filled is None else "".join(piece if isinstance(piece, str) else piece[0] for piece in filled)

    def _filled(self, context: Context) -> list[str | tuple[str]] | None:
        filled: list[str | tuple[str]] = []
        for piece in self.pieces:
            if not isinstance(piece, Variable):
                filled.append(piece)
                continue
            values = context.get(piece.key, ())
            value = values[0] if len(values) == 1 else piece.default if not values else None
            if value is None:
                return None
            filled.append((value,))  # Taken as it stands: a user called `*` is not everybody.
        return filled


def read_template(text: str, *, has_variables: bool) -> Pattern | Template:
    """Read a text of a policy; a `Template` where it has variables or `${*}`, `${?}`, `${$}`.

    >>> read_template("home/${aws:username}", has_variables=True).pattern({"aws:username": ("ann",)}).literal
    'home/ann'
    """
    if not has_variables or "${" not in text:
        return read_pattern(text)
    pieces: list[str | tuple[str] | Variable] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        name = found[1].strip()
        if name in _THEMSELVES:
            pieces.append((name,))
            continue
        with_default = _DEFAULT.match(name)
        key, default = (with_default[1], with_default[2]) if with_default else (name, None)
        pieces.append(Variable(key.strip().lower(), default))
    pieces.append(text[end:])
    return Template(tuple(pieces)) if end else read_pattern(text)
