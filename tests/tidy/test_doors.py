"""A room is used only through its door: nobody outside `capabilities/x` imports `capabilities/x/store`."""

from __future__ import annotations

import ast
from functools import cache

from tests.tidy.source import Module, complaint, imports, modules

# Every package below one of these is a room, at any depth.
ROOTS = ("hatobin.capabilities", "hatobin.companions", "hatobin.servers", "hatobin.flow", "hatobin.adapters")
# Rooms among layers whose other modules are used one by one.
ROOMS = ("hatobin.protocols.handlebars",)


@cache
def _by_name() -> dict[str, Module]:
    return {module.name: module for module in modules("src")}


def _is_room(package: str) -> bool:
    return package in ROOMS or package.startswith(tuple(f"{root}." for root in (*ROOTS, *ROOMS)))


@cache
def _offered(package: str) -> frozenset[str]:
    """Names that a door binds to something else than its own submodule of that name."""
    door = _by_name()[package]
    names = {found.local for found in imports(door) if found.target != f"{package}.{found.local}"}
    names |= {node.name for node in door.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return frozenset(names)


def _imported_module(target: str) -> str | None:
    """The module of ours that a full name leads to: the longest prefix that is one."""
    parts = target.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in _by_name():
            parent, _, last = name.rpartition(".")
            return parent if length == len(parts) and parent in _by_name() and last in _offered(parent) else name
    return None


def bypassed_room(importer: str, target: str) -> str | None:
    """The room whose inside `importer` reaches into, if any.

    The composition root may import the modules of operations, which register themselves.
    """
    imported = _imported_module(target)
    if imported and importer.startswith("hatobin.app.") and imported.rpartition(".")[2].startswith("api"):
        return None
    while imported and "." in imported:
        package = imported.rpartition(".")[0]
        if _is_room(package) and not f"{importer}.".startswith(f"{package}."):
            return package
        imported = package
    return None


def test_rooms_are_entered_through_their_doors() -> None:
    places = [
        f"{module.path}:{found.line} imports {found.target} past the door of {room}"
        for module in modules("src")
        for found in imports(module)
        if found.target.startswith("hatobin.") and (room := bypassed_room(module.name, found.target))
    ]
    assert not places, complaint("a room is used past its door: export the name in its __init__.py", places)


def test_rooms_have_a_door_that_explains_them() -> None:
    places = [
        module.path
        for module in modules("src")
        if module.is_package and module.name.rpartition(".")[0] in ROOTS[:2]
        if module.text.strip() and not ast.get_docstring(module.tree)
    ]
    assert not places, complaint("a room whose door does not explain its concept", places)


def test_no_star_imports() -> None:
    places = [
        f"{module.path}:{found.line}"
        for module in modules("src", "tests", "tools", "benchmarks")
        for found in imports(module)
        if found.local == "*"
    ]
    assert not places, complaint("a star import", places)
