"""From the syntax tree to closures, and the compiled template.

Nothing is generated or evaluated as Python: each node becomes one closure that
takes a scope and a function to print with.
"""

from __future__ import annotations

from collections.abc import Mapping

from hatobin.protocols.handlebars import blocks, nodes
from hatobin.protocols.handlebars.lex import tokenize
from hatobin.protocols.handlebars.limits import (
    DEFAULT_LIMITS,
    SES,
    Bound,
    Dialect,
    LimitExceeded,
    Limits,
    MissingAttribute,
    TemplateSyntaxError,
)
from hatobin.protocols.handlebars.lookup import constant, path_getter
from hatobin.protocols.handlebars.names import inline_names, root_names
from hatobin.protocols.handlebars.nodes import UNDEFINED
from hatobin.protocols.handlebars.parse import parse
from hatobin.protocols.handlebars.partials import PARTIAL_BLOCK, Call, with_inlines
from hatobin.protocols.handlebars.scope import Emit, Frame, Getter, Part, Program, Run, Scope
from hatobin.protocols.handlebars.values import is_false, list_index, member, printed
from hatobin.protocols.handlebars.whitespace import strip_whitespace

_BLOCK_HELPERS = frozenset({"if", "unless", "each", "with"})
_HELPERS = _BLOCK_HELPERS | {"lookup", "log"}
_Parameters = tuple[tuple[str, ...], ...]


class Template:
    """A compiled template; immutable, to be rendered any number of times."""

    __slots__ = ("_limits", "_program", "_tree")

    def __init__(self, tree: nodes.Program, program: Program, limits: Limits) -> None:
        self._tree = tree
        self._program = program
        self._limits = limits

    def render(self, data: Mapping[str, object]) -> str:
        """Give the text for JSON-like data. Values are inserted as they are: SES escapes no HTML.

        Raises MissingAttribute where a plain variable is absent or null, PartialNotFound, LimitExceeded.
        """
        root = data if type(data) is dict else dict(data)
        run = Run(root, self._limits)
        run.spend(self._program.weight)
        texts: list[str] = []
        try:
            self._program.run(Scope(root, None, Frame(), None, run), texts.append)
        except RecursionError:
            # The bounds keep far below Python's own limit, unless the caller is near it already.
            raise LimitExceeded(Bound.DEPTH) from None
        return _bounded(texts, self._limits.max_output_bytes)

    def names(self) -> frozenset[str]:
        """Give the names of the data's own members that the template mentions, guarded or not."""
        return root_names(self._tree)


def compile_template(source: str, limits: Limits = DEFAULT_LIMITS, dialect: Dialect = SES) -> Template:
    """Compile a template. Raises TemplateSyntaxError(message, line), LimitExceeded(which)."""
    if _size_exceeds(source, limits.max_template_bytes):
        raise LimitExceeded(Bound.TEMPLATE)
    try:
        tree = parse(strip_whitespace(tokenize(source)), limits.max_depth)
        program = _Compiler(dialect, inline_names(tree)).program(tree, (), 0)
    except RecursionError:
        raise LimitExceeded(Bound.DEPTH) from None
    return Template(tree, program, limits)


def _bounded(texts: list[str], max_bytes: int) -> str:
    """Join the output. The sum is checked first: one large value may be printed very often."""
    if sum(map(len, texts)) > max_bytes:
        raise LimitExceeded(Bound.OUTPUT)
    text = "".join(texts)
    if _size_exceeds(text, max_bytes):
        raise LimitExceeded(Bound.OUTPUT)
    return text


def _size_exceeds(text: str, max_bytes: int) -> bool:
    """Compare the size in UTF-8, encoding only where the number of characters leaves it open."""
    if len(text) > max_bytes:
        return True
    if len(text) * 4 <= max_bytes or text.isascii():
        return False
    return len(text.encode("utf-8", "surrogatepass")) > max_bytes


class _Compiler:
    """Turns nodes into closures.

    parameters: the block parameters in force, outermost first. level: how many blocks are around the node,
    within the partial or template it stands in.
    """

    __slots__ = ("_dialect", "_inlines")

    def __init__(self, dialect: Dialect, inlines: frozenset[str]) -> None:
        self._dialect = dialect
        self._inlines = inlines

    def program(self, tree: nodes.Program, parameters: _Parameters, level: int) -> Program:
        if tree.parameters:
            parameters = (*parameters, tree.parameters)
        compiled = [self._node(node, parameters, level) for node in tree.nodes]
        inlines = tuple((name, self.program(inline, parameters, 0)) for name, inline in tree.inlines)
        part = with_inlines(_sequence(tuple(program.run for program in compiled)), inlines)
        weight = sum(program.weight for program in compiled)
        height = max((program.height for program in compiled), default=0)
        return Program(part, weight, height, inlines, parametric=bool(tree.parameters))

    def _node(self, node: nodes.Node, parameters: _Parameters, level: int) -> Program:
        match node:
            case nodes.TextNode(value):
                return Program(_text(value), 1, 0)
            case nodes.Variable(call):
                return Program(self._variable(call, parameters), nodes.steps_of(call.head, *call.arguments), 0)
            case nodes.Block():
                return self._block(node, parameters, level)
            case nodes.PartialCall():
                return self._partial(node, parameters, level)

    def _variable(self, call: nodes.Call, parameters: _Parameters) -> Part:
        path = call.head
        if self._is_helper_call(call, parameters):
            return _value(self._helper(call, parameters), None, self._dialect)
        get = path_getter(path, parameters)
        return _value(get, path.original, self._dialect)

    def _block(self, node: nodes.Block, parameters: _Parameters, level: int) -> Program:
        call, helper = node.call, ""
        if self._is_helper_call(call, parameters):
            helper = call.head.original
            if helper not in _BLOCK_HELPERS:
                raise TemplateSyntaxError(f"The helper '{helper}' has no block form", call.line)
            if len(call.arguments) != 1 and not (helper == "each" and call.arguments):
                raise TemplateSyntaxError(f"'{helper}' takes exactly one argument", call.line)
        if helper in ("if", "unless") and node.body.parameters:
            raise TemplateSyntaxError(f"'{helper}' has no block parameters", call.line)
        body = self.program(node.body, parameters, level + 1)
        inverse = self.program(node.inverse, parameters, level + 1)
        part = self._block_part(helper, call, parameters, body, inverse)
        # A loop pays for its body when it knows how often.
        branches = inverse.weight if helper == "each" else max(body.weight, inverse.weight)
        weight = branches + nodes.steps_of(call.head, *call.arguments, *(value for _, value in call.named))
        return Program(part, weight, 1 + max(body.height, inverse.height))

    def _block_part(
        self, helper: str, call: nodes.Call, parameters: _Parameters, body: Program, inverse: Program
    ) -> Part:
        if not helper:
            return blocks.section(path_getter(call.head, parameters), body, inverse)
        get = self._getter(call.arguments[0], parameters)
        match helper:
            case "each":
                return blocks.each(get, body, inverse)
            case "with":
                return blocks.switch(get, body, inverse)
        zero = dict(call.named).get("includeZero")
        zero_counts = None if zero is None else self._getter(zero, parameters)
        if helper == "unless":
            body, inverse = inverse, body
        return blocks.conditional(get, zero_counts, body, inverse)

    def _partial(self, node: nodes.PartialCall, parameters: _Parameters, level: int) -> Program:
        name: str | Getter
        if isinstance(node.name, str):
            name = node.name
            if node.block is None and name != PARTIAL_BLOCK and name not in self._inlines:
                raise TemplateSyntaxError(f"The template declares no partial '{name}'", node.line)
        else:
            name = self._helper(node.name, parameters)
        context = None if node.context is None else self._getter(node.context, parameters)
        named = tuple((key, self._getter(value, parameters)) for key, value in node.named)
        block = None if node.block is None else self.program(node.block, parameters, 0)
        call = Call(name, context, named, node.indent, block, level, self._dialect)
        arguments = (node.context, *(value for _, value in node.named))
        if isinstance(node.name, nodes.Call):
            arguments = (node.name, *arguments)
        return Program(call, 1 + len(named) + nodes.steps_of(*arguments), 1)

    def _getter(self, expression: nodes.Expression, parameters: _Parameters) -> Getter:
        match expression:
            case nodes.Path():
                return path_getter(expression, parameters)
            case nodes.Literal(value):
                return constant(value)
            case nodes.Call():
                return self._helper(expression, parameters)

    def _helper(self, call: nodes.Call, parameters: _Parameters) -> Getter:
        """Compile a helper that yields a value: `lookup`, or `log`, which yields nothing and writes no log here."""
        name = call.head.original
        if name == "log":
            return constant(UNDEFINED)
        if name in _BLOCK_HELPERS:
            raise TemplateSyntaxError(f"The helper '{name}' is used as a block only", call.line)
        if name != "lookup" or call.head.explicit or call.head.data:
            raise TemplateSyntaxError(f"Unknown helper '{name}'", call.line)
        if len(call.arguments) != 2:
            raise TemplateSyntaxError("'lookup' takes exactly two arguments", call.line)
        first, second = (self._getter(argument, parameters) for argument in call.arguments)
        return _looked_up(first, second, self._dialect)

    def _is_helper_call(self, call: nodes.Call, parameters: _Parameters) -> bool:
        """Tell a helper from a path. Raises TemplateSyntaxError for arguments given to what is no helper."""
        head = call.head
        plain = len(head.parts) == 1 and not (head.explicit or head.data)
        if plain and head.original in _HELPERS and not any(head.original in names for names in parameters):
            return True
        if call.arguments or call.named:
            raise TemplateSyntaxError(f"Unknown helper '{head.original}'", call.line)
        return False


def _sequence(parts: tuple[Part, ...]) -> Part:
    if len(parts) == 1:
        return parts[0]

    def run(scope: Scope, emit: Emit) -> None:
        for part in parts:
            part(scope, emit)

    return run


def _text(value: str) -> Part:
    def run(scope: Scope, emit: Emit) -> None:
        emit(value)

    return run


def _value(get: Getter, name: str | None, dialect: Dialect) -> Part:
    """Print a value; a plain variable has a name to complain with."""
    absent_fails = name is not None and dialect.absent_fails
    null_fails = name is not None and dialect.null_fails

    def run(scope: Scope, emit: Emit) -> None:
        value = get(scope)
        if type(value) is str:
            emit(value)
        elif (absent_fails and value is UNDEFINED) or (null_fails and value is None):
            raise MissingAttribute(name or "")
        else:
            emit(printed(value, scope.run, dialect))

    return run


def _looked_up(get_object: Getter, get_key: Getter, dialect: Dialect) -> Getter:
    def get(scope: Scope) -> object:
        value = get_object(scope)
        if is_false(value) and not isinstance(value, list):
            return value
        name = get_key(scope)
        if name is None or name is UNDEFINED:
            return UNDEFINED
        key = printed(name, scope.run, dialect)
        return member(value, key, list_index(key))

    return get
