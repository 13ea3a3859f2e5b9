"""The block helpers SES templates use, as closures: if, unless, each, with, and blocks on a plain path.

Which values take the else branch is handlebars.js's rule
(https://handlebarsjs.com/guide/builtin-helpers.html).
"""

from __future__ import annotations

from hatobin.protocols.handlebars.nodes import UNDEFINED
from hatobin.protocols.handlebars.scope import Emit, Frame, Getter, Parameters, Part, Program, Scope
from hatobin.protocols.handlebars.values import is_empty, is_false


def conditional(get: Getter, zero_counts: Getter | None, body: Program, inverse: Program) -> Part:
    """`if`; with the branches exchanged, `unless`. Zero is false unless `includeZero` says otherwise."""
    run_body, run_inverse = body.run, inverse.run

    def run(scope: Scope, emit: Emit) -> None:
        value = get(scope)
        if value is True:
            chosen = run_body
        elif zero_counts is not None and not is_false(zero_counts(scope)):
            chosen = run_inverse if is_empty(value) else run_body
        else:
            chosen = run_inverse if is_false(value) else run_body
        chosen(scope, emit)

    return run


def switch(get: Getter, body: Program, inverse: Program) -> Part:
    """`with`: the body with the value as its context."""

    def run(scope: Scope, emit: Emit) -> None:
        value = get(scope)
        if is_empty(value):
            inverse.run(scope, emit)
        else:
            _inside(scope, value, body, emit)

    return run


def section(get: Getter, body: Program, inverse: Program) -> Part:
    """A block on a plain path: a loop for a list, a condition for true, false and null, `with` for all else."""
    loop = each(get, body, inverse)

    def run(scope: Scope, emit: Emit) -> None:
        value = get(scope)
        if value is None or value is False or value is UNDEFINED:
            inverse.run(scope, emit)
        elif isinstance(value, list):
            loop(scope, emit)
        else:
            _inside(scope, scope.context if value is True else value, body, emit)

    return run


def each(get: Getter, body: Program, inverse: Program) -> Part:
    """`each`: the body once per item of a list or dict; the else branch for all else, and where there is no item.

    Deviates: a dict is walked in the order of the data (JavaScript moves keys that are integers to the front), and
    every item is one level for `../` (handlebars.js: not one that equals the context around the loop).
    """

    def run(scope: Scope, emit: Emit) -> None:
        source = get(scope)
        if not source or not isinstance(source, (list, dict)):
            inverse.run(scope, emit)
            return
        scope.run.spend(len(source) * (body.weight + 1))
        frame = Frame(scope.frame, scope.frame.block)
        inner = Scope(None, scope, frame, scope.parameters, scope.run)
        execute = body.run
        final = len(source) - 1
        frame.first, frame.last = True, False
        items = source.items() if isinstance(source, dict) else enumerate(source)
        for index, (key, item) in enumerate(items):
            inner.context = item
            frame.index, frame.key = index, key
            if index == final:
                frame.last = True
            if body.parametric:
                inner.parameters = Parameters((item, key), scope.parameters)
            execute(inner, emit)
            frame.first = False

    return run


def _inside(scope: Scope, context: object, body: Program, emit: Emit) -> None:
    inner = scope.inner(context)
    if body.parametric:
        inner.parameters = Parameters((context,), scope.parameters)
    body.run(inner, emit)
