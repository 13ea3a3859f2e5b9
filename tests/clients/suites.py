"""What there is to know about each client suite: one TOML file in `suites/`, read into a `Suite`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.running import REGION

FOLDER = Path(__file__).with_name("suites")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that prepares the server for a suite, as an operator would have prepared an AWS account."""

    service: str
    operation: str
    arguments: Mapping[str, Any]
    region: str = REGION


@dataclass(frozen=True, slots=True)
class Suite:
    """A client suite: where it lies, what it needs, how it is started, and which of its tests are excluded."""

    name: str
    title: str
    where: str
    """Folder below FROM."""
    files: tuple[str, ...]
    """What must lie in that folder."""
    sdist: str
    """The source package, by name and version, that is taken from the package index where the folder is not there."""
    work: str
    """The folder below it that the suite is started in."""
    command: tuple[str, ...]
    answers: str
    """What a script that asks is told, on its stdin."""
    report: str
    """What its results are read from: the JUnit file {report}, or, of a script without tests, this last line."""
    python: tuple[str, ...]
    """Packages for an environment of its own."""
    interpreter: str
    """The program that makes this environment; ours where it is empty."""
    node: tuple[str, ...]
    """Packages for FROM/node_modules; one that begins with "file:" lies below FROM."""
    programs: tuple[str, ...]
    front: bool
    """Whether it speaks to a front that answers moto's reset with a fresh server."""
    check: str
    """The check of what arrived, by its name in `checks`."""
    user: str
    """Whose keys it signs with: a user of this name, made for it; the first keys where it is empty."""
    settings: Mapping[str, str]
    environment: Mapping[str, str]
    calls: tuple[Call, ...]
    exclusions: Mapping[str, str]
    """Reasons by the id of a test."""


def read(path: Path) -> Suite:
    """Read one suite; raises `TypeError` for a key that no suite has, `ValueError` for a test excluded twice."""
    values = tomllib.loads(path.read_text())
    excluded = values.pop("excluded", ())
    exclusions = {f"{group['of']}::{test}": group["reason"] for group in excluded for test in group["tests"]}
    if len(exclusions) != sum(len(group["tests"]) for group in excluded):
        raise ValueError(f"{path.name} excludes a test twice")
    calls = tuple(Call(**call) for call in values.pop("calls", ()))
    texts = dict.fromkeys(("answers", "interpreter", "check", "sdist", "user"), "")
    defaults: dict[str, Any] = {"work": ".", "report": "junit", "front": False, **texts}
    lists = {name: tuple(values.pop(name, ())) for name in ("files", "command", "python", "node", "programs")}
    tables: dict[str, Any] = {"settings": {}, "environment": {}}
    return Suite(**(defaults | tables | values), **lists, name=path.stem, calls=calls, exclusions=exclusions)


def read_all() -> tuple[Suite, ...]:
    """Read every suite, in the order of their names."""
    return tuple(read(path) for path in sorted(FOLDER.glob("*.toml")))
