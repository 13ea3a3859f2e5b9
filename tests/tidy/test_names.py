"""The tree is the map: modules are named for what they hold."""

from __future__ import annotations

import ast
import re

from tests.tidy.source import complaint, files, modules
from tests.tidy.waivers import waived

# Names that say that a thing has no name. Whole words, so that "commonmark" is nobody's problem.
_EMPTY_WORDS = re.compile(r"(^|_)(utils?|utilities|helpers?|managers?|misc|common|stuff)(_|$)")


def test_no_module_is_named_for_nothing() -> None:
    places = []
    for path in files():
        if path.endswith((".py", ".pyi")) or path.startswith("src/"):
            pieces = re.sub(r"\.\w+$", "", path).split("/")
            places += [path for piece in pieces if _EMPTY_WORDS.search(piece)]
    assert not places, complaint("a name like utils, helper or manager: name the thing", places)


def test_no_class_is_a_helper_or_a_manager() -> None:
    places = [
        f"{module.path}:{node.lineno} {node.name}"
        for module in modules("src")
        if not waived(module.path, "docstring")  # The shapes of AWS are named by AWS.
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Util|Helper|Manager)s?$", node.name)
    ]
    assert not places, complaint("a class named for nothing", places)


def test_modules_say_what_lives_there() -> None:
    places = [
        module.path
        for module in modules("src", "tools", "benchmarks")
        if module.text.strip() and not ast.get_docstring(module.tree)
    ]
    assert not places, complaint("a module without a docstring", places)


def test_public_functions_and_classes_say_what_they_promise() -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    places = [
        f"{module.path}:{node.lineno} {node.name}"
        for module in modules("src")
        if not waived(module.path, "docstring")
        for node in module.tree.body
        if isinstance(node, kinds) and not node.name.startswith("_") and not ast.get_docstring(node)
        if not any(ast.unparse(mark).endswith("overload") for mark in node.decorator_list)
    ]
    assert not places, complaint("a public name without a docstring", places)


def test_annotations_are_lazy_everywhere() -> None:
    wanted = "from __future__ import annotations"
    places = [
        module.path
        for module in modules("src", "tests", "tools", "benchmarks", "scripts")
        if wanted not in module.text
        if any(isinstance(node, ast.AnnAssign | ast.arg) for node in ast.walk(module.tree))
    ]
    assert not places, complaint(f"a module without `{wanted}`", places)
