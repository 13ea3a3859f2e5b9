"""White space around tags: `~`, and tags that stand alone on their line.

A block, else, partial, inline or comment tag that has a line for itself takes
the whole line with it, indentation and line end included; a partial hands its
indentation on to every line it prints (https://handlebarsjs.com/guide/,
"Whitespace Control"; the rule is that of the Mustache specification).

Deviates: handlebars.js does not strip the indentation of the closing tag of an
if/else-if chain, and judges an inverted block with an else by the wrong branch.
Here every tag is judged by its own line.
"""

from __future__ import annotations

from dataclasses import replace

from hatobin.protocols.handlebars.lex import BLANKS, Piece, Tag, TagKind, Text

_INDENTATION = " \t"
# Tags that print something in place keep their line.
_NEVER_ALONE = frozenset({TagKind.VARIABLE, TagKind.DECORATOR})


def strip_whitespace(pieces: list[Piece]) -> list[Piece]:
    """Give the pieces with the white space removed that their tags ask to remove.

    Texts that become empty are dropped; comments, which have done their work, too.
    """
    alone = [_stands_alone(pieces, index) for index in range(len(pieces))]
    kept: list[Piece] = []
    for index, piece in enumerate(pieces):
        if isinstance(piece, Text):
            value = piece.value
            if index > 0:
                value = _trim_start(value, pieces[index - 1], alone[index - 1])
            if index + 1 < len(pieces):
                value = _trim_end(value, pieces[index + 1], alone[index + 1])
            if value:
                kept.append(Text(value))
        elif piece.kind is not TagKind.COMMENT:
            if alone[index] and piece.kind is TagKind.PARTIAL and not piece.trim_before:
                piece = replace(piece, indent=_indentation(pieces, index))
            kept.append(piece)
    return kept


def _stands_alone(pieces: list[Piece], index: int) -> bool:
    tag = pieces[index]
    if isinstance(tag, Text) or tag.kind in _NEVER_ALONE:
        return False
    return _line_is_blank_before(pieces, index) and _line_is_blank_after(pieces, index)


def _line_is_blank_before(pieces: list[Piece], index: int) -> bool:
    if index == 0:
        return True
    before = pieces[index - 1]
    if isinstance(before, Tag):
        return False
    line_start = before.value.rfind("\n") + 1
    if line_start == 0 and index > 1:
        return False
    return not before.value[line_start:].strip(BLANKS)


def _line_is_blank_after(pieces: list[Piece], index: int) -> bool:
    if index + 1 == len(pieces):
        return True
    after = pieces[index + 1]
    if isinstance(after, Tag):
        return False
    line_end = after.value.find("\n")
    if line_end < 0:
        return index + 2 == len(pieces) and not after.value.strip(BLANKS)
    return not after.value[:line_end].strip(BLANKS)


def _trim_start(value: str, before: Piece, before_alone: bool) -> str:
    if isinstance(before, Tag) and before.trim_after:
        return value.lstrip(BLANKS)
    if not before_alone:
        return value
    value = value.lstrip(_INDENTATION)
    if value.startswith("\r\n"):
        return value[2:]
    return value[1:] if value[:1] in ("\n", "\r") else value


def _trim_end(value: str, after: Piece, after_alone: bool) -> str:
    if isinstance(after, Tag) and after.trim_before:
        return value.rstrip(BLANKS)
    return value.rstrip(_INDENTATION) if after_alone else value


def _indentation(pieces: list[Piece], index: int) -> str:
    """Give what stands before a lone partial on its line, as far as it is tabs and blanks."""
    before = pieces[index - 1] if index else None
    if not isinstance(before, Text):
        return ""
    value = before.value
    if index > 1:
        earlier = pieces[index - 2]
        if isinstance(earlier, Tag) and earlier.trim_after:
            value = value.lstrip(BLANKS)
    return value[len(value.rstrip(_INDENTATION)) :]
