"""The repository as a whole: nothing in it is bound to one machine, and what one file promises another keeps."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib

import pytest

from tests.tidy.source import ROOT, complaint, files, modules

# Assembled, so that this file does not contain what it looks for.
_HOSTS = [
    "pypi" + r"\.org",
    "files\\.python" + "hosted",
    "registry\\.npm" + "js",
    "deb\\.deb" + "ian\\.org",
    "security\\.deb" + "ian\\.org",
    "proxy\\.go" + "lang",
    "index\\.crates" + "\\.io",
    "static\\.crates" + "\\.io",
    "repo\\.mav" + "en",
    "ruby" + "gems\\.org",
]
# Where a checkout lies on somebody's machine: a home folder, or the usual names of a work folder.
_PLACES = [
    r"(?<![\w.$}/-])/" + r"root/",
    r"(?<![\w.$}/-])/" + r"home/[a-z]\w*/",
    r"(?<![\w.$}/-])/" + r"Users/[A-Za-z]\w*/",
    r"(?<![\w.$}/-])/" + r"work/",
    r"(?<![\w.$}/-])/" + r"workspace/",
    r"(?<![\w.$}/-])/opt/" + r"(wheels|pypi)",
    r"(?<![\w.$}/-])/tmp/" + r"hb",
]
_FORBIDDEN = re.compile("|".join(_HOSTS + _PLACES).encode())


def _lock(name: str) -> dict[str, str]:
    pins = {}
    for line in (ROOT / name).read_text().splitlines():
        match = re.fullmatch(r"([a-z0-9]+(?:-[a-z0-9]+)*)==([A-Za-z0-9.+!]+)", line)
        assert match, f"{name}: {line!r} is not `name==version`"
        pins[match[1]] = match[2]
    assert list(pins) == sorted(pins), f"{name} is not sorted: make lock"
    return pins


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    places = []
    for path in files():
        for number, line in enumerate((ROOT / path).read_bytes().split(b"\n"), start=1):
            places += [f"{path}:{number} {match[0].decode()}" for match in _FORBIDDEN.finditer(line)]
    assert not places, complaint("a package registry's host or a path of one machine", places)


@pytest.mark.parametrize("text", ["see /" + "work/x", "https://pypi" + ".org/simple", '"/' + 'root/.cache"'])
def test_such_names_are_found(text: str) -> None:
    assert _FORBIDDEN.search(text.encode())


def test_paths_inside_the_checkout_are_no_finding() -> None:
    assert not _FORBIDDEN.search(b"/bench-work/ $HOME/work/ src/work/ https://example.com/home/")


def test_locks_pin_names_without_addresses_and_develop_contains_run() -> None:
    run, develop = _lock("requirements.lock"), _lock("requirements-dev.lock")
    assert run.items() <= develop.items(), "the development lock does not contain the other one: make lock"


def test_locks_answer_what_the_project_asks_for() -> None:
    requirements = pytest.importorskip("packaging.requirements")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [("requirements.lock", text) for text in project["project"]["dependencies"]]
    asked += [("requirements-dev.lock", text) for text in project["dependency-groups"]["dev"]]
    for lock, text in asked:
        wanted = requirements.Requirement(text)
        pinned = _lock(lock).get(re.sub(r"[-_.]+", "-", wanted.name).lower())
        assert pinned, f"{lock} does not pin {wanted.name}: make lock"
        assert wanted.specifier.contains(pinned, prereleases=True), f"{lock} pins {pinned}, asked: {text}: make lock"


def test_tests_ask_only_for_programs_that_are_installed_for_them() -> None:
    listed = subprocess.run([ROOT / "scripts/test-services", "--list"], capture_output=True, text=True, check=True)
    known = {line.split()[0] for line in listed.stdout.splitlines()}
    places = []
    for module in modules("tests"):
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(func=ast.Name(id="require_program"), args=[ast.Constant(value=str(name))]):
                    if name not in known:
                        places.append(f"{module.path}:{node.lineno} {name}")
    assert not places, complaint("a program that scripts/test-services does not install", places)


@pytest.mark.parametrize(
    "target", ["help", "run", "test", "check", "bench", "chaos", "clients", "fuzz", "models", "lock"]
)
def test_promised_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:.*## \w", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_scripts_are_executable_and_stop_at_errors() -> None:
    for path in (".ci/run", *(name for name in files() if name.startswith("scripts/") and "." not in name)):
        text = (ROOT / path).read_text()
        assert (ROOT / path).stat().st_mode & 0o111, f"{path} is not executable"
        if text.startswith("#!/usr/bin/env bash"):
            assert "set -euo pipefail" in text, f"{path} goes on after errors"


def test_ci_runs_what_developers_run() -> None:
    text = (ROOT / ".ci/run").read_text()
    assert "make check" in text
    assert "make test" in text
