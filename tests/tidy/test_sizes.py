"""One page, one thought: functions of at most 60 code lines, modules of at most 400 lines."""

from __future__ import annotations

import ast
import io
import tokenize

from tests.tidy.source import Module, complaint, modules
from tests.tidy.waivers import WAIVERS, waived

MAX_FUNCTION_LINES = 60
MAX_MODULE_LINES = 400

FOLDERS = ("src", "tests", "tools", "benchmarks", "scripts")

_SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_lines(module: Module) -> set[int]:
    """The lines that hold code: not blank, not only a comment, not of a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in _SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())) as text, *_]:
                    lines.difference_update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def function_sizes(module: Module) -> list[tuple[str, int, int]]:
    """Name, first line and code lines of every function, with everything defined inside it."""
    lines = code_lines(module)
    return [
        (node.name, node.lineno, sum(line in lines for line in range(node.lineno, (node.end_lineno or 0) + 1)))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_functions_fit_on_a_page() -> None:
    places = [
        f"{module.path}:{line} {name}: {size} code lines"
        for module in modules(*FOLDERS)
        if not waived(module.path, "function size")
        for name, line, size in function_sizes(module)
        if size > MAX_FUNCTION_LINES
    ]
    assert not places, complaint(f"a function holds more than {MAX_FUNCTION_LINES} code lines: split it", places)


def test_modules_hold_one_concept() -> None:
    places = [
        f"{module.path}: {size} lines"
        for module in modules(*FOLDERS)
        if (size := module.text.count("\n")) > MAX_MODULE_LINES and not waived(module.path, "module size")
    ]
    assert not places, complaint(f"a module has more than {MAX_MODULE_LINES} lines: split it by concept", places)


def test_every_waiver_is_used_and_says_why() -> None:
    known = [module.path for module in modules(*FOLDERS)]
    for pattern, rule, reason in WAIVERS:
        assert reason, f"{pattern} is waived from {rule} without a reason"
        assert any(waived(path, rule) for path in known), f"{pattern} matches nothing"


def test_docstrings_comments_and_blank_lines_are_not_counted() -> None:
    text = 'def f():\n    """One.\n\n    Two.\n    """\n    # why\n\n    x = """a\nb"""\n    return x\n'
    assert function_sizes(Module("x.py", "x", text)) == [("f", 1, 4)]
