"""The files of the repository as the tidy tests see them: listed once, parsed once."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "hatobin"

# What a checkout without git (an archive) is searched without.
_NOT_OURS = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".import_linter_cache", "node_modules"}


@dataclass(frozen=True)
class Module:
    """One Python file: `path` relative to the root, `name` dotted, as it is imported."""

    path: str
    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, filename=self.path)

    @property
    def is_package(self) -> bool:
        """Whether the file is the door of a package."""
        return self.path.endswith("/__init__.py")

    @property
    def parts(self) -> tuple[str, ...]:
        """The dotted name in pieces."""
        return tuple(self.name.split("."))


@dataclass(frozen=True)
class Import:
    """One import: what is imported in full (`os.path`), and which name here is bound to what (`os` to `os`)."""

    target: str
    local: str
    bound: str
    line: int


@cache
def files() -> tuple[str, ...]:
    """Every file that is or will be committed, relative to the root."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = {name for name in listed.stdout.decode().split("\0") if name}
    else:
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = {path.as_posix() for path in found if not _NOT_OURS & set(path.parts)}
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every Python file under these folders of the root."""
    found = []
    for path in files():
        if path.endswith(".py") and path.startswith(tuple(f"{folder}/" for folder in folders)):
            dotted = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            found.append(Module(path, dotted, (ROOT / path).read_text(encoding="utf-8")))
    return tuple(found)


def imports(module: Module) -> Iterator[Import]:
    """Every import of a module, also the late ones inside functions, relative ones resolved."""
    package = module.parts if module.is_package else module.parts[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                bound = name.name if name.asname else name.name.split(".")[0]
                yield Import(name.name, name.asname or bound, bound, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
            for name in node.names:
                target = f"{base}.{name.name}"
                yield Import(target, name.asname or name.name, target, node.lineno)


def complaint(rule: str, places: list[str]) -> str:
    """Give the text of a failure: the rule, then one place per line."""
    return "\n".join([f"{len(places)} × {rule}", *places])
