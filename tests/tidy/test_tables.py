"""A table belongs to one room: its SQL is written there and nowhere else, and its key begins with the account."""

from __future__ import annotations

import ast
import re
import sqlite3
from functools import cache

from tests.tidy.source import ROOT, Module, complaint, files, modules
from tests.tidy.waivers import KEYED_OTHERWISE

# The engines' own folders may name any table: they migrate all of them.
_ENGINES = ("src/hatobin/adapters/", "src/hatobin/app/")


@cache
def _schemas() -> dict[str, list[str]]:
    """Folder of a room to the tables that its schema.sql makes."""
    found = {}
    for path in files():
        if path.startswith("src/") and path.endswith("/schema.sql"):
            text = re.sub(r"--.*", "", (ROOT / path).read_text())
            tables = re.findall(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", text, re.IGNORECASE)
            found[path.removesuffix("schema.sql")] = tables
    return found


def _sql_texts(module: Module) -> list[tuple[int, str]]:
    """Strings of a module with their lines, without docstrings."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def test_a_table_is_made_by_one_room() -> None:
    tables = [table for names in _schemas().values() for table in names]
    assert len(tables) == len(set(tables)), sorted(table for table in tables if tables.count(table) > 1)


def test_only_its_room_speaks_sql_to_a_table() -> None:
    owner = {table: folder for folder, tables in _schemas().items() for table in tables}
    use = re.compile(rf"\b(?:FROM|INTO|UPDATE|JOIN)\s+({'|'.join(owner) or 'none'})\b", re.IGNORECASE)
    places = [
        f"{module.path}:{line} {table} of {owner[table]}"
        for module in modules("src")
        if not module.path.startswith(_ENGINES)
        for line, text in _sql_texts(module)
        for table in use.findall(text)
        if not module.path.startswith(owner[table])
    ]
    assert not places, complaint("a table is used by another room than its own", places)


def test_keys_begin_with_the_account() -> None:
    places = []
    for folder, tables in _schemas().items():
        with sqlite3.connect(":memory:") as database:
            database.executescript((ROOT / folder / "schema.sql").read_text())
            for table in tables:
                columns = database.execute("SELECT name, pk FROM pragma_table_info(?)", (table,)).fetchall()
                first = [name for name, position in columns if position == 1]
                if first != ["account_id"] and table not in KEYED_OTHERWISE:
                    places.append(f"{folder}schema.sql {table}: {first or 'no key'}")
        database.close()
    assert not places, complaint("a table whose key does not begin with account_id (waive it with a reason)", places)


def test_every_keyed_otherwise_waiver_is_used() -> None:
    tables = {table for names in _schemas().values() for table in names}
    assert KEYED_OTHERWISE.keys() <= tables, sorted(KEYED_OTHERWISE.keys() - tables)
