"""The inside of a tag: a head, arguments, named arguments, block parameters.

    head  argument…  key=argument…  as |name…|

An argument is a path, a literal, or another head with arguments in parentheses.
"""

from __future__ import annotations

from typing import NamedTuple

from hatobin.protocols.handlebars.lex import Tag, Word, WordKind
from hatobin.protocols.handlebars.limits import Bound, LimitExceeded, TemplateSyntaxError
from hatobin.protocols.handlebars.nodes import UNDEFINED, Call, Expression, Literal, Path, Undefined

_CONSTANTS: dict[str, bool | Undefined | None] = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_PATH_WORDS = frozenset({WordKind.NAME, WordKind.SEGMENT, WordKind.DOTS, WordKind.DOT})
_LITERALS = frozenset({WordKind.STRING, WordKind.NUMBER, WordKind.KEYWORD})
# What may follow a separator. Deviates: handlebars.js wants `a.[0]` and refuses `a.0`, `a.true`; here both are read.
_LATER_PATH_WORDS = _PATH_WORDS | {WordKind.NUMBER, WordKind.KEYWORD}

# No helper fills more than two; the rest stay undefined.
_MAX_PARAMETERS = 16


class Head(NamedTuple):
    """A parsed opening tag: its call and its block parameters."""

    call: Call
    parameters: tuple[str, ...]


def parse_head(tag: Tag, max_depth: int) -> Head:
    """Parse the words of a variable, block or else-chain tag. Raises TemplateSyntaxError, LimitExceeded."""
    words = _Words(tag, max_depth)
    head = words.call(0)
    parameters = words.block_parameters()
    words.expect_end()
    return Head(head, parameters)


def parse_partial_head(tag: Tag, max_depth: int) -> tuple[str | Call, Call]:
    """Parse the words of a partial tag: its name (or the call that yields it) and its arguments."""
    words = _Words(tag, max_depth)
    name: str | Call
    if words.take(WordKind.OPEN):
        name = words.parenthesised(1)
        call = words.arguments(Path("", ()), 0)
    else:
        call = words.call(0)
        name = call.head.original
    words.expect_end()
    return name, call


def parse_close(tag: Tag, max_depth: int) -> str:
    """Give the name in a closing tag, spelled as the opening tag must have spelled it."""
    words = _Words(tag, max_depth)
    name = words.head().original
    words.expect_end()
    return name


class _Words:
    """A cursor over the words of one tag."""

    __slots__ = ("_line", "_max_depth", "_position", "_words")

    def __init__(self, tag: Tag, max_depth: int) -> None:
        self._words = tag.words
        self._line = tag.line
        self._max_depth = max_depth
        self._position = 0

    def take(self, kind: WordKind) -> Word | None:
        word = self._peek()
        if word is None or word.kind is not kind:
            return None
        self._position += 1
        return word

    def expect_end(self) -> None:
        if self._peek() is not None:
            raise self._error()

    def call(self, depth: int) -> Call:
        return self.arguments(self.head(), depth)

    def head(self) -> Path:
        """Read what a tag starts with; a literal there is a name, as in `{{"first name"}}`."""
        word = self._peek()
        if word is not None and word.kind in _LITERALS:
            literal = self._literal()
            return Path(literal.original, (literal.original,))
        return self._path()

    def arguments(self, head: Path, depth: int) -> Call:
        positional: list[Expression] = []
        named: list[tuple[str, Expression]] = []
        while (word := self._peek()) is not None:
            if word.kind in (WordKind.SHUT, WordKind.PARAMS):
                break
            if self._at_key():
                self._position += 2
                named.append((word.value, self._argument(depth)))
            elif named:
                raise self._error()
            else:
                positional.append(self._argument(depth))
        return Call(head, tuple(positional), tuple(named), self._line)

    def parenthesised(self, depth: int) -> Call:
        """Read a call up to its closing parenthesis; the opening one is read already."""
        if depth > self._max_depth:
            raise LimitExceeded(Bound.DEPTH)
        call = self.call(depth)
        if not self.take(WordKind.SHUT):
            raise self._error()
        return call

    def block_parameters(self) -> tuple[str, ...]:
        if not self.take(WordKind.PARAMS):
            return ()
        names: list[str] = []
        while word := self.take(WordKind.NAME):
            names.append(word.value)
        if not names or not self.take(WordKind.BAR):
            raise self._error()
        if len(names) > _MAX_PARAMETERS:
            raise TemplateSyntaxError(f"A block has more than {_MAX_PARAMETERS} block parameters", self._line)
        return tuple(names)

    def _argument(self, depth: int) -> Expression:
        if self.take(WordKind.OPEN):
            return self.parenthesised(depth + 1)
        word = self._peek()
        if word is not None and word.kind in _LITERALS:
            return self._literal()
        return self._path()

    def _literal(self) -> Literal:
        kind, value = self._words[self._position]
        self._position += 1
        if kind is WordKind.STRING:
            return Literal(value, value)
        if kind is WordKind.KEYWORD:
            return Literal(_CONSTANTS[value], value)
        # JavaScript has one kind of number, and a number used as a name is printed first: {{1.0}} means the key "1".
        number = float(value)
        if number.is_integer() and abs(number) < 2**53:
            return Literal(int(number), str(int(number)))
        return Literal(number, value)

    def _path(self) -> Path:
        data = self.take(WordKind.AT) is not None
        parts: list[str] = []
        original = "@" if data else ""
        depth, explicit, allowed = 0, False, _PATH_WORDS
        while True:
            word = self._peek()
            if word is None or word.kind not in allowed:
                raise self._error()
            self._position += 1
            original += word.value
            if word.kind is WordKind.SEGMENT or word.value not in ("..", ".", "this"):
                parts.append(word.value)
            elif parts:
                raise TemplateSyntaxError(f"The path '{original}' goes back after a name", self._line)
            else:
                explicit = True
                depth += word.value == ".."
            separator = self.take(WordKind.SEPARATOR)
            if separator is None:
                if len(parts) + depth > self._max_depth:
                    raise LimitExceeded(Bound.DEPTH)
                return Path(original, tuple(parts), depth, explicit, data)
            original += separator.value
            allowed = _LATER_PATH_WORDS

    def _peek(self) -> Word | None:
        return self._words[self._position] if self._position < len(self._words) else None

    def _at_key(self) -> bool:
        following = self._words[self._position : self._position + 2]
        return len(following) == 2 and following[0].kind is WordKind.NAME and following[1].kind is WordKind.EQUALS

    def _error(self) -> TemplateSyntaxError:
        word = self._peek()
        if word is None:
            return TemplateSyntaxError("A tag ends where a name or value is expected", self._line)
        return TemplateSyntaxError(f"Unexpected '{word.value}' in a tag", self._line)
