"""The syntax tree of a template.

Frozen values without behaviour; `parse` makes them, `render` turns them into
closures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


class Undefined:
    """JavaScript's `undefined`: what a path that leads nowhere yields."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


@dataclass(frozen=True, slots=True)
class Path:
    """A path such as `a.b`, `../c`, `this`, `@index` or `[x y].z`.

    original: as written, brackets removed; names the path in messages.
    depth: how many contexts up it starts (`../`).
    explicit: it starts with `this`, `.` or `..` and so can mean no helper.
    """

    original: str
    parts: tuple[str, ...]
    depth: int = 0
    explicit: bool = False
    data: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, boolean, null or undefined; `original` is the name it means where a path is wanted."""

    value: str | int | float | bool | Undefined | None
    original: str


@dataclass(frozen=True, slots=True)
class Call:
    """A head with its arguments: the inside of a tag or of parentheses."""

    head: Path
    arguments: tuple[Expression, ...]
    named: tuple[tuple[str, Expression], ...]
    line: int


Expression: TypeAlias = Path | Literal | Call


def steps_of(*expressions: Expression | None) -> int:
    """Give the number of look-ups that evaluating some expressions takes at most."""
    steps = 0
    for expression in expressions:
        if isinstance(expression, Path):
            steps += 1 + len(expression.parts) // 8
        elif isinstance(expression, Call):
            steps += 1 + steps_of(*expression.arguments, *(value for _, value in expression.named))
    return steps


@dataclass(frozen=True, slots=True)
class TextNode:
    """Literal text."""

    value: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`{{path}}`, or a helper that prints: `{{lookup map key}}`."""

    call: Call


@dataclass(frozen=True, slots=True)
class Block:
    """`{{#head}} body {{else}} inverse {{/head}}`; an inverted block has only the inverse."""

    call: Call
    body: Program
    inverse: Program


@dataclass(frozen=True, slots=True)
class PartialCall:
    """`{{> name context key=value}}`; `block` is the content of `{{#> name}} … {{/name}}`."""

    name: str | Call
    context: Expression | None
    named: tuple[tuple[str, Expression], ...]
    indent: str
    block: Program | None
    line: int


Node: TypeAlias = TextNode | Variable | Block | PartialCall


@dataclass(frozen=True, slots=True)
class Program:
    """A run of nodes, the inline partials declared among them, and the names of its block parameters."""

    nodes: tuple[Node, ...] = ()
    inlines: tuple[tuple[str, Program], ...] = ()
    parameters: tuple[str, ...] = ()


EMPTY = Program()
