"""Inline partials and their calls, as closures.

Every call is measured before it is made: the levels around it plus the height
of what it prints must fit, so recursion ends in LimitExceeded.

Deviates from handlebars.js where that is merely a by-product of its closures:
`../` in an inline partial leads out of the context of the call, not of the
definition, and inline partials given to a partial block are in force in an
inline partial, too.
"""

from __future__ import annotations

from hatobin.protocols.handlebars.limits import Bound, Dialect, LimitExceeded, PartialNotFound
from hatobin.protocols.handlebars.scope import Body, Emit, Getter, Inlines, Part, Program, Run, Scope
from hatobin.protocols.handlebars.values import printed

PARTIAL_BLOCK = "@partial-block"

Named = tuple[tuple[str, Getter], ...]


def with_inlines(part: Part, inlines: Inlines) -> Part:
    """Run a part with inline partials in force that are declared anywhere in it."""
    if not inlines:
        return part

    def run(scope: Scope, emit: Emit) -> None:
        state = scope.run
        before = state.partials
        state.partials = _declared(inlines, scope, before)
        part(scope, emit)
        state.partials = before

    return run


def _declared(inlines: Inlines, scope: Scope, known: dict[str, Body]) -> dict[str, Body]:
    scope.run.spend(len(known) + len(inlines))
    return known | {name: Body(program, scope.parameters) for name, program in inlines}


class Call:
    """One `{{> …}}`: how to find the partial, its context, and how to print it.

    level: levels of blocks around the call, within the partial or template it stands in.
    block: the content of a partial block; the inline partials declared in it are in force in the partial.
    """

    __slots__ = ("block", "context", "dialect", "indent", "level", "name", "named")

    def __init__(
        self,
        name: str | Getter,
        context: Getter | None,
        named: Named,
        indent: str,
        block: Program | None,
        level: int,
        dialect: Dialect,
    ) -> None:
        self.name = name
        self.context = context
        self.named = named
        self.indent = indent
        self.block = block
        self.level = level
        self.dialect = dialect

    def __call__(self, scope: Scope, emit: Emit) -> None:
        """Print the partial. Raises PartialNotFound, LimitExceeded, and whatever its parts raise."""
        run = scope.run
        content = Body(self.block, scope.parameters, scope, scope.frame.block) if self.block is not None else None
        body = self._find(scope) or content
        if body is None:
            raise PartialNotFound(self._name_text(scope))
        depth, partials = run.depth, run.partials
        program = body.program
        run.depth = depth + self.level + 1
        if run.depth + program.height > run.limits.max_depth:
            raise LimitExceeded(Bound.DEPTH)
        run.spend(program.weight + 1)
        inner = self._scope(scope, body)
        if content is not None:
            inner.frame = inner.frame.copy(content)
            run.partials = _declared(content.program.inlines, scope, partials)
        if body.home is not None:
            inner.frame = inner.frame.copy(body.block)
        if self.indent:
            _indented(self.indent, program, inner, emit)
        else:
            program.run(inner, emit)
        run.depth, run.partials = depth, partials

    def _find(self, scope: Scope) -> Body | None:
        if self.name == PARTIAL_BLOCK:
            return scope.frame.block
        return scope.run.partials.get(self._name_text(scope))

    def _name_text(self, scope: Scope) -> str:
        return self.name if isinstance(self.name, str) else printed(self.name(scope), scope.run, self.dialect)

    def _scope(self, scope: Scope, body: Body) -> Scope:
        context = scope.context if self.context is None else self.context(scope)
        if self.named:
            context = self._extended(context, scope)
        inner = (body.home or scope).inner(context)
        inner.frame = scope.frame
        inner.parameters = body.parameters
        return inner

    def _extended(self, context: object, scope: Scope) -> dict[str, object]:
        """Give the context with the named arguments added; what is no dict contributes nothing."""
        extended: dict[str, object] = {}
        if isinstance(context, dict):
            scope.run.spend(len(context))
            extended.update(context)
        for name, get in self.named:
            extended[name] = get(scope)
        return extended


def _indented(indent: str, program: Program, scope: Scope, emit: Emit) -> None:
    """Print a partial with every line indented; the empty text behind a final line end is no line."""
    lines = captured(program.run, scope, scope.run).split("\n")
    scope.run.occupy(len(lines) * len(indent))
    last = lines.pop()
    for line in lines:
        emit(f"{indent}{line}\n")
    if last:
        emit(indent + last)


def captured(part: Part, scope: Scope, run: Run) -> str:
    """Give what a part prints instead of printing it. Raises LimitExceeded."""
    texts: list[str] = []
    part(scope, texts.append)
    run.occupy(sum(map(len, texts)))
    return "".join(texts)
