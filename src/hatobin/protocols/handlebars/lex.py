"""From template text to pieces: literal text, and tags split into words.

The lexical rules are those of the Handlebars language as handlebars.js 4
accepts it (https://handlebarsjs.com/guide/); SES documents no other. Nothing
here knows what a tag means beyond its opening characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from hatobin.protocols.handlebars.limits import TemplateSyntaxError

# What ECMAScript calls white space; Python's own idea of it differs (U+0085, U+001C, U+FEFF).
BLANKS = "\t\n\x0b\x0c\r \xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"


class TagKind(Enum):
    """What the opening characters of a tag announce."""

    VARIABLE = auto()
    BLOCK = auto()
    INVERSE_BLOCK = auto()
    DECORATOR = auto()
    DECORATOR_BLOCK = auto()
    PARTIAL = auto()
    PARTIAL_BLOCK = auto()
    ELSE = auto()
    ELSE_CHAIN = auto()
    CLOSE = auto()
    COMMENT = auto()


class WordKind(StrEnum):
    """Words inside a tag; the values are the group names of the word pattern."""

    OPEN = "open"
    SHUT = "shut"
    EQUALS = "equals"
    DOTS = "dots"
    DOT = "dot"
    SEPARATOR = "separator"
    STRING = "string"
    AT = "at"
    KEYWORD = "keyword"
    NUMBER = "number"
    PARAMS = "params"
    BAR = "bar"
    NAME = "name"
    SEGMENT = "segment"


class Word(NamedTuple):
    """One word of a tag; strings and segments come without their quotes and brackets."""

    kind: WordKind
    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text between two tags; never empty, never next to another text."""

    value: str


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag, the line it starts on, and which sides it asks to be trimmed (`~`)."""

    kind: TagKind
    words: tuple[Word, ...]
    line: int
    trim_before: bool = False
    trim_after: bool = False
    indent: str = ""


Piece = Text | Tag

_BLANK = f"[{BLANKS}]"
_NAME = rf"[^{BLANKS}!\"#%-,./;->@\[-\^`{{-~]+"
_AHEAD = rf"(?=[=~}}{BLANKS}/.)\]|])"
_LITERAL_AHEAD = rf"(?=[~}}{BLANKS})\]])"

_WORD = re.compile(
    rf"""{_BLANK}*(?:
    (?P<raw_end>\}}\}}\}}\}}) | (?P<triple_end>\}}~?\}}\}}) | (?P<end>~?\}}\}})
    | (?P<open>\() | (?P<shut>\)) | (?P<equals>=)
    | (?P<dots>\.\.) | (?P<dot>\.){_AHEAD} | (?P<separator>[/.])
    | "(?P<string>(?:\\"|[^"])*)" | '(?P<single>(?:\\'|[^'])*)'
    | (?P<at>@)
    | (?P<keyword>true|false|undefined|null){_LITERAL_AHEAD}
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?){_LITERAL_AHEAD}
    | (?P<params>as{_BLANK}+\|) | (?P<bar>\|)
    | (?P<name>{_NAME}){_AHEAD}
    | \[(?P<segment>(?:\\\]|[^\]])*)\]
    )""",
    re.VERBOSE,
)
_OPENING = re.compile(r"\{\{(?P<trim>~?)(?P<sigil>!|#>|#\*|[#>/^{&*])?")
_ELSE = re.compile(rf"\{{\{{(?P<before>~?)(?:\^|{_BLANK}*else){_BLANK}*(?P<after>~?)\}}\}}")
_ELSE_CHAIN = re.compile(rf"\{{\{{(?P<trim>~?){_BLANK}*else(?={_BLANK})")
_SEGMENT_ESCAPE = re.compile(r"\\([\\\]])")
_LONG_COMMENT_END = re.compile(r"--(?P<trim>~?)\}\}")
_RAW_EDGE = re.compile(rf"\{{\{{\{{\{{(?:/(?P<name>{_NAME})\}}\}}\}}\}}|(?!/))")

_KINDS = {
    None: TagKind.VARIABLE,
    "&": TagKind.VARIABLE,
    "{": TagKind.VARIABLE,
    "#": TagKind.BLOCK,
    "^": TagKind.INVERSE_BLOCK,
    "*": TagKind.DECORATOR,
    "#*": TagKind.DECORATOR_BLOCK,
    ">": TagKind.PARTIAL,
    "#>": TagKind.PARTIAL_BLOCK,
    "/": TagKind.CLOSE,
}


def tokenize(source: str) -> list[Piece]:
    """Split a template into pieces, in order.

    Raises TemplateSyntaxError with the line on which the offending tag starts.
    """
    pieces: list[Piece] = []
    text: list[str] = []
    position, line, counted = 0, 1, 0
    while (at := source.find("{{", position)) >= 0:
        before = source[position:at]
        if before.endswith("\\") and not before.endswith("\\\\"):
            # \{{ prints the braces; what follows is text up to the next pair of them.
            text.append(before[:-1] + "{{")
            position = at + 2
            continue
        text.append(before[:-1] if before.endswith("\\\\") else before)
        _flush(text, pieces)
        line += source.count("\n", counted, at)
        counted = at
        position = _tag(source, at, line, pieces)
    text.append(source[position:])
    _flush(text, pieces)
    return pieces


def _flush(text: list[str], pieces: list[Piece]) -> None:
    if joined := "".join(text):
        pieces.append(Text(joined))
    text.clear()


def _tag(source: str, at: int, line: int, pieces: list[Piece]) -> int:
    """Read the tag that starts at `at`, append it, and give the position behind it."""
    if source.startswith("{{{{", at):
        return _raw_block(source, at, line, pieces)
    if found := _ELSE.match(source, at):
        pieces.append(Tag(TagKind.ELSE, (), line, bool(found["before"]), bool(found["after"])))
        return found.end()
    if found := _ELSE_CHAIN.match(source, at):
        words, end, trim_after = _words(source, found.end(), line, "end")
        pieces.append(Tag(TagKind.ELSE_CHAIN, words, line, bool(found["trim"]), trim_after))
        return end
    found = _OPENING.match(source, at)
    assert found is not None, "the caller saw the braces"
    if found["sigil"] == "!":
        return _comment(source, found, line, pieces)
    closing = "triple_end" if found["sigil"] == "{" else "end"
    words, end, trim_after = _words(source, found.end(), line, closing)
    pieces.append(Tag(_KINDS[found["sigil"]], words, line, bool(found["trim"]), trim_after))
    return end


def _comment(source: str, opening: re.Match[str], line: int, pieces: list[Piece]) -> int:
    begin = opening.end()
    if source.startswith("--", begin):
        found = _LONG_COMMENT_END.search(source, begin)
        if found is None:
            raise TemplateSyntaxError("A comment is not closed with '--}}'", line)
        end, trim_after = found.end(), bool(found["trim"])
    else:
        end = source.find("}}", begin) + 2
        if end < 2:
            raise TemplateSyntaxError("A comment is not closed with '}}'", line)
        trim_after = source[end - 3] == "~"
    pieces.append(Tag(TagKind.COMMENT, (), line, bool(opening["trim"]), trim_after))
    return end


def _raw_block(source: str, at: int, line: int, pieces: list[Piece]) -> int:
    """Read `{{{{name}}}} … {{{{/name}}}}`: a block whose content is text and nothing else."""
    words, begin, _ = _words(source, at + 4, line, "raw_end")
    pieces.append(Tag(TagKind.BLOCK, words, line))
    level, position = 1, begin
    while found := _RAW_EDGE.search(source, position):
        level += -1 if found["name"] else 1
        position = found.end()
        if level == 0:
            if begin < found.start():
                pieces.append(Text(source[begin : found.start()]))
            pieces.append(Tag(TagKind.CLOSE, (Word(WordKind.NAME, found["name"]),), line))
            return position
    raise TemplateSyntaxError("A raw block is not closed", line)


def _words(source: str, position: int, line: int, closing: str) -> tuple[tuple[Word, ...], int, bool]:
    """Read words up to the closing braces: the words, the position behind, and whether `~` precedes the end."""
    words: list[Word] = []
    match = _WORD.match
    while found := match(source, position):
        group, position = found.lastgroup, found.end()
        assert group is not None, "every alternative is named"
        value = found[group]
        if group.endswith("end"):
            if group != closing:
                raise TemplateSyntaxError(f"A tag ends with '{value}', which does not fit its opening braces", line)
            return tuple(words), position, "~" in value
        if group == "string":
            words.append(Word(WordKind.STRING, value.replace('\\"', '"')))
        elif group == "single":
            words.append(Word(WordKind.STRING, value.replace("\\'", "'")))
        elif group == "segment":
            words.append(Word(WordKind.SEGMENT, _SEGMENT_ESCAPE.sub(r"\1", value)))
        else:
            words.append(Word(WordKind(group), value))
    if position >= len(source) or not source[position:].strip(BLANKS):
        raise TemplateSyntaxError("A tag is not closed", line)
    odd = source[position:].lstrip(BLANKS)[0]
    raise TemplateSyntaxError(f"The character {odd!r} has no meaning at this place in a tag", line)
