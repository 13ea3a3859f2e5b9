"""Paths and literals as closures that fetch a value from a scope."""

from __future__ import annotations

from hatobin.protocols.handlebars.nodes import UNDEFINED, Path
from hatobin.protocols.handlebars.scope import Frame, Getter, Scope
from hatobin.protocols.handlebars.values import list_index, member

_Steps = tuple[tuple[str, int | None], ...]


def constant(value: object) -> Getter:
    """Fetch always the same value."""
    return lambda scope: value


def path_getter(path: Path, parameters: tuple[tuple[str, ...], ...]) -> Getter:
    """Fetch what a path leads to, UNDEFINED where it leads nowhere.

    parameters: the names of the block parameters in force, outermost first.
    """
    steps = tuple((part, list_index(part)) for part in path.parts)
    if path.data:
        return _data_getter(path, steps)
    if not path.explicit and steps:
        for level, names in enumerate(reversed(parameters)):
            if steps[0][0] in names:
                return _walk(_parameter_getter(level, names.index(steps[0][0])), steps[1:])
    if path.depth:
        return _walk(_outer_getter(path.depth), steps)
    if len(steps) == 1:
        return _member_getter(*steps[0])
    return _walk(_context, steps)


def _context(scope: Scope) -> object:
    return scope.context


def _member_getter(key: str, index: int | None) -> Getter:
    def get(scope: Scope) -> object:
        context = scope.context
        if type(context) is dict:
            return context.get(key, UNDEFINED)
        return member(context, key, index)

    return get


def _walk(start: Getter, steps: _Steps) -> Getter:
    """Fetch what `start` fetches and follow the remaining parts from there."""
    if not steps:
        return start

    def get(scope: Scope) -> object:
        value = start(scope)
        for key, index in steps:
            value = value.get(key, UNDEFINED) if type(value) is dict else member(value, key, index)
            if value is UNDEFINED:
                break
        return value

    return get


def _outer_getter(depth: int) -> Getter:
    def get(scope: Scope) -> object:
        outer: Scope | None = scope
        for _ in range(depth):
            outer = outer and outer.up
        return UNDEFINED if outer is None else outer.context

    return get


def _parameter_getter(level: int, position: int) -> Getter:
    def get(scope: Scope) -> object:
        parameters = scope.parameters
        for _ in range(level):
            parameters = parameters and parameters.outer
        if parameters is None or position >= len(parameters.values):
            return UNDEFINED
        return parameters.values[position]

    return get


def _data_getter(path: Path, steps: _Steps) -> Getter:
    """Fetch an `@` variable: `@root`, or one of a loop; any other leads nowhere."""
    name = path.parts[0] if path.parts else ""
    if name == "root":
        return _walk(lambda scope: scope.run.root, steps[1:])
    return _walk(_frame_getter(name, path.depth), steps[1:])


def _frame_getter(name: str, depth: int) -> Getter:
    def get(scope: Scope) -> object:
        frame: Frame | None = scope.frame
        for _ in range(depth):
            frame = frame and frame.parent
        if frame is None:
            return UNDEFINED
        match name:
            case "index":
                return frame.index
            case "key":
                return frame.key
            case "first":
                return frame.first
            case "last":
                return frame.last
            case _:
                return UNDEFINED

    return get
