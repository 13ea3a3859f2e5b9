"""What closures see while a template is rendered.

A rendering walks down once and never keeps a scope beyond its block, so loops
reuse one scope and one frame for all their items.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hatobin.protocols.handlebars.limits import Bound, LimitExceeded, Limits
from hatobin.protocols.handlebars.nodes import UNDEFINED

Emit: TypeAlias = Callable[[str], None]


class Run:
    """The state of one rendering: what it may still spend, and the inline partials in force.

    depth: levels of blocks and partials around the current partial.
    """

    __slots__ = ("depth", "limits", "partials", "room", "root", "steps")

    def __init__(self, root: object, limits: Limits) -> None:
        self.root = root
        self.limits = limits
        self.steps = limits.max_steps
        self.room = limits.max_output_bytes
        self.depth = 0
        self.partials: dict[str, Body] = {}

    def spend(self, steps: int) -> None:
        """Count work about to be done. Raises LimitExceeded."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitExceeded(Bound.STEPS)

    def occupy(self, characters: int) -> None:
        """Count text that is built besides the output itself. Raises LimitExceeded."""
        self.room -= characters
        if self.room < 0:
            raise LimitExceeded(Bound.OUTPUT)


class Frame:
    """The `@` variables of a loop; `block` is what `{{> @partial-block}}` calls there."""

    __slots__ = ("block", "first", "index", "key", "last", "parent")

    def __init__(self, parent: Frame | None = None, block: Body | None = None) -> None:
        self.parent = parent
        self.block = block
        self.index: object = UNDEFINED
        self.key: object = UNDEFINED
        self.first: object = UNDEFINED
        self.last: object = UNDEFINED

    def copy(self, block: Body | None) -> Frame:
        """Give a frame below this one with the same variables."""
        frame = Frame(self, block)
        frame.index, frame.key, frame.first, frame.last = self.index, self.key, self.first, self.last
        return frame


class Parameters:
    """The values of one block's parameters, and those of the blocks around it."""

    __slots__ = ("outer", "values")

    def __init__(self, values: tuple[object, ...], outer: Parameters | None) -> None:
        self.values = values
        self.outer = outer


class Scope:
    """A context and the way out of it: `up` answers `../`."""

    __slots__ = ("context", "frame", "parameters", "run", "up")

    def __init__(
        self, context: object, up: Scope | None, frame: Frame, parameters: Parameters | None, run: Run
    ) -> None:
        self.context = context
        self.up = up
        self.frame = frame
        self.parameters = parameters
        self.run = run

    def inner(self, context: object) -> Scope:
        """Give the scope of a block that changes the context.

        A block that moves to the value it is in already adds no level for `../`, as in handlebars.js, where
        strings and numbers are the same when they are equal.
        """
        same = context is self.context or (
            type(context) is type(self.context) and isinstance(context, (str, int, float)) and context == self.context
        )
        return Scope(context, self.up if same else self, self.frame, self.parameters, self.run)


Part: TypeAlias = Callable[[Scope, Emit], None]
Getter: TypeAlias = Callable[[Scope], object]


class Program:
    """A compiled run of nodes.

    weight: steps one execution costs, loops inside it and partials counted apart.
    height: levels of blocks and partial calls inside it.
    inlines: the inline partials declared in it; `run` puts them in force.
    parametric: it has block parameters, which whoever runs it must provide.
    """

    __slots__ = ("height", "inlines", "parametric", "run", "weight")

    def __init__(self, run: Part, weight: int, height: int, inlines: Inlines = (), *, parametric: bool = False) -> None:
        self.run = run
        self.weight = weight
        self.height = height
        self.inlines = inlines
        self.parametric = parametric


Inlines: TypeAlias = tuple[tuple[str, Program], ...]


class Body:
    """Something a partial call can print: an inline partial, or the content of a partial block.

    Both see the block parameters around their definition. The content of a partial block also keeps the
    contexts (`home`) around it, and the block that was in force there (`block`).
    """

    __slots__ = ("block", "home", "parameters", "program")

    def __init__(
        self, program: Program, parameters: Parameters | None, home: Scope | None = None, block: Body | None = None
    ) -> None:
        self.program = program
        self.parameters = parameters
        self.home = home
        self.block = block
