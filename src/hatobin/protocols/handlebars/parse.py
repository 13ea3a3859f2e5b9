"""From pieces to the syntax tree: nesting, else branches, inline partials.

Raises TemplateSyntaxError for what can never be a template, LimitExceeded when
blocks nest deeper than allowed, so that the recursion here is bounded.
"""

from __future__ import annotations

from dataclasses import replace

from hatobin.protocols.handlebars.expression import Head, parse_close, parse_head, parse_partial_head
from hatobin.protocols.handlebars.lex import Piece, Tag, TagKind, Text
from hatobin.protocols.handlebars.limits import Bound, LimitExceeded, TemplateSyntaxError
from hatobin.protocols.handlebars.nodes import EMPTY, Block, Literal, Node, PartialCall, Program, TextNode, Variable

_ENDS = frozenset({TagKind.ELSE, TagKind.ELSE_CHAIN, TagKind.CLOSE})


def parse(pieces: list[Piece], max_depth: int) -> Program:
    """Parse a whole template whose white space is settled already."""
    parser = _Parser(pieces, max_depth)
    program = parser.program(0)
    stray = parser.next_tag()
    if stray is not None:
        raise TemplateSyntaxError("An else or closing tag belongs to no block", stray.line)
    return program


class _Parser:
    """A cursor over the pieces."""

    __slots__ = ("_max_depth", "_pieces", "_position")

    def __init__(self, pieces: list[Piece], max_depth: int) -> None:
        self._pieces = pieces
        self._max_depth = max_depth
        self._position = 0

    def next_tag(self) -> Tag | None:
        """Take the tag that ended a program; None at the end of the template."""
        if self._position == len(self._pieces):
            return None
        tag = self._pieces[self._position]
        assert isinstance(tag, Tag), "a program ends only at a tag"
        self._position += 1
        return tag

    def program(self, depth: int) -> Program:
        """Parse nodes up to an else tag, a closing tag or the end, which stays unread."""
        if depth > self._max_depth:
            raise LimitExceeded(Bound.DEPTH)
        nodes: list[Node] = []
        inlines: list[tuple[str, Program]] = []
        while self._position < len(self._pieces):
            piece = self._pieces[self._position]
            if isinstance(piece, Text):
                nodes.append(TextNode(piece.value))
                self._position += 1
                continue
            if piece.kind in _ENDS:
                break
            self._position += 1
            if piece.kind is TagKind.DECORATOR_BLOCK:
                inlines.append(self._inline(piece, depth))
            else:
                nodes.append(self._node(piece, depth))
        return Program(tuple(nodes), tuple(inlines))

    def _node(self, tag: Tag, depth: int) -> Node:
        match tag.kind:
            case TagKind.VARIABLE:
                head = parse_head(tag, self._max_depth)
                if head.parameters:
                    raise TemplateSyntaxError("Only a block takes block parameters", tag.line)
                return Variable(head.call)
            case TagKind.BLOCK | TagKind.INVERSE_BLOCK:
                return self._block(tag, depth)
            case TagKind.PARTIAL:
                return self._partial(tag, None)
            case TagKind.PARTIAL_BLOCK:
                return self._partial(tag, self._closed(tag, depth))
            case _:
                raise TemplateSyntaxError("The only decorator is the block '{{#*inline}}'", tag.line)

    def _block(self, tag: Tag, depth: int) -> Block:
        """Parse a block behind its opening tag, with any number of else branches."""
        inverted = tag.kind is TagKind.INVERSE_BLOCK
        first = parse_head(tag, self._max_depth)
        branches: list[tuple[Head, Program]] = []
        head = first
        while True:
            if depth + len(branches) >= self._max_depth:
                raise LimitExceeded(Bound.DEPTH)
            body = self.program(depth + 1 + len(branches))
            branches.append((head, replace(body, parameters=head.parameters)))
            end = self._end(tag)
            if end.kind is not TagKind.ELSE_CHAIN:
                break
            head = parse_head(end, self._max_depth)
        inverse = EMPTY
        if end.kind is TagKind.ELSE:
            inverse = self.program(depth + len(branches))
            end = self._end(tag)
        self._check_close(end, first.call.head.original)
        for head, body in reversed(branches[1:]):
            inverse = Program((Block(head.call, body, inverse),))
        body = branches[0][1]
        if inverted:
            # Nothing is there to be named by block parameters; handlebars.js takes them and binds nothing.
            body = replace(body, parameters=())
        return Block(first.call, inverse, body) if inverted else Block(first.call, body, inverse)

    def _inline(self, tag: Tag, depth: int) -> tuple[str, Program]:
        """Parse `{{#*inline "name"}} … {{/inline}}` behind its opening tag."""
        call, parameters = parse_head(tag, self._max_depth)
        if call.head.original != "inline":
            raise TemplateSyntaxError(f"Unknown decorator '{call.head.original}'", tag.line)
        if parameters or len(call.arguments) != 1 or not isinstance(name := call.arguments[0], Literal):
            raise TemplateSyntaxError("An inline partial takes one literal name", tag.line)
        body = self.program(depth + 1)
        self._check_close(self._end(tag), "inline")
        return name.original, body

    def _closed(self, tag: Tag, depth: int) -> Program:
        """Parse the content of a partial block up to and including its closing tag."""
        body = self.program(depth + 1)
        name, _ = parse_partial_head(tag, self._max_depth)
        if not isinstance(name, str):
            raise TemplateSyntaxError("A partial block wants a literal name", tag.line)
        self._check_close(self._end(tag), name)
        return body

    def _partial(self, tag: Tag, block: Program | None) -> PartialCall:
        name, call = parse_partial_head(tag, self._max_depth)
        if len(call.arguments) > 1:
            raise TemplateSyntaxError("A partial takes one context at most", tag.line)
        context = call.arguments[0] if call.arguments else None
        return PartialCall(name, context, call.named, tag.indent, block, tag.line)

    def _end(self, opening: Tag) -> Tag:
        tag = self.next_tag()
        if tag is None:
            raise TemplateSyntaxError("A block is not closed", opening.line)
        return tag

    def _check_close(self, tag: Tag, name: str) -> None:
        if tag.kind is not TagKind.CLOSE:
            raise TemplateSyntaxError(f"'{name}' cannot have this else branch", tag.line)
        closed = parse_close(tag, self._max_depth)
        if closed != name:
            raise TemplateSyntaxError(f"'{closed}' closes a block that '{name}' opened", tag.line)
