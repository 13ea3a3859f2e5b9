"""What a syntax tree mentions: inline partials, and members of the data."""

from __future__ import annotations

from collections.abc import Iterator

from hatobin.protocols.handlebars.nodes import Block, Call, Expression, PartialCall, Path, Program, Variable

_CONTEXT_KEPT = frozenset({"if", "unless"})
_HELPERS = _CONTEXT_KEPT | {"each", "with", "lookup", "log"}
_Hidden = frozenset[str]


def inline_names(program: Program) -> frozenset[str]:
    """Give the names of all inline partials declared anywhere in a program."""
    names = {name for name, _ in program.inlines}
    for inner in _programs(program):
        names |= inline_names(inner)
    return frozenset(names)


def _programs(program: Program) -> Iterator[Program]:
    for _, inline in program.inlines:
        yield inline
    for node in program.nodes:
        if isinstance(node, Block):
            yield node.body
            yield node.inverse
        elif isinstance(node, PartialCall) and node.block is not None:
            yield node.block


def root_names(program: Program) -> frozenset[str]:
    """Give the names that paths look up in the data itself.

    Inline partials are taken as called with the data for context.
    """
    return frozenset(_names(program, 0, frozenset()))


def _names(program: Program, level: int, hidden: _Hidden) -> Iterator[str]:
    """Walk a program whose context is `level` contexts below the data; `hidden` are block parameters."""
    hidden |= frozenset(program.parameters)
    for _, inline in program.inlines:
        yield from _names(inline, 0, hidden)
    for node in program.nodes:
        match node:
            case Variable(call):
                yield from _of_call(call, level, hidden)
            case Block(call, body, inverse):
                yield from _of_call(call, level, hidden)
                kept = call.head.original in _CONTEXT_KEPT
                yield from _names(body, level if kept else level + 1, hidden)
                yield from _names(inverse, level, hidden)
            case PartialCall():
                if isinstance(node.name, Call):
                    yield from _of_call(node.name, level, hidden)
                for argument in (node.context, *(value for _, value in node.named)):
                    if argument is not None:
                        yield from _of_expression(argument, level, hidden)
                if node.block is not None:
                    yield from _names(node.block, level, hidden)


def _of_call(call: Call, level: int, hidden: _Hidden) -> Iterator[str]:
    if call.head.original not in _HELPERS or call.head.original in hidden:
        yield from _of_expression(call.head, level, hidden)
    for argument in (*call.arguments, *(value for _, value in call.named)):
        yield from _of_expression(argument, level, hidden)


def _of_expression(expression: Expression, level: int, hidden: _Hidden) -> Iterator[str]:
    if isinstance(expression, Call):
        yield from _of_call(expression, level, hidden)
    elif isinstance(expression, Path):
        if expression.data:
            if expression.parts[:1] == ("root",):
                yield from expression.parts[1:2]
        elif expression.depth == level and (expression.explicit or hidden.isdisjoint(expression.parts[:1])):
            yield from expression.parts[:1]
