"""The folder FROM: where each suite lies, and the environments that its packages are installed into."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clients.suites import Suite
from tests.programs import find_program

_INSTALL_TIMEOUT_S = 900.0


class MissingPlace(Exception):
    """FROM, or this machine, lacks something that a suite needs; the text says what."""


class Places:
    """What lies below FROM. Environments are made there too, and kept: in `.environments` and `node_modules`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, suite: Suite) -> Path:
        """Give the folder of a suite."""
        return self.root / suite.where

    def demand(self, suite: Suite) -> None:
        """Make sure that a suite can be started; raises `MissingPlace` where something is not there."""
        if suite.sdist and not self.folder(suite).exists():
            self._unpack(suite)
        for file in suite.files:
            if not (self.folder(suite) / file).exists():
                raise MissingPlace(f"{suite.where}/{file} is not there")
        self._install_python(suite)
        self._install_node(suite)

    def python(self, suite: Suite) -> Path:
        """Give the interpreter that has the packages of a suite; ours where it asks for none."""
        return self._environment(suite) / "bin" / "python" if suite.python else Path(sys.executable)

    def revision(self, suite: Suite) -> str:
        """Give the commit that the suite's folder is checked out at, or "" where it is no checkout."""
        if find_program("git") is None:
            return ""
        command = ["git", "-C", str(self.folder(suite)), "rev-parse", "--short=10", "HEAD"]
        # FROM itself may lie in a checkout of something else.
        environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(self.root)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
        return done.stdout.strip() if self.folder(suite) != self.root else ""

    def _unpack(self, suite: Suite) -> None:
        """Take the source package from the index into the suite's folder, as it is."""
        with tempfile.TemporaryDirectory() as scratch:
            _run(
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"),
                *("--dest", scratch, suite.sdist),
            )
            (archive,) = Path(scratch).iterdir()
            shutil.unpack_archive(archive, scratch)
            (unpacked,) = (path for path in Path(scratch).iterdir() if path.is_dir())
            shutil.move(unpacked, self.folder(suite))

    def _environment(self, suite: Suite) -> Path:
        return self.root / ".environments" / suite.name

    def _install_python(self, suite: Suite) -> None:
        if not suite.python:
            return
        environment = self._environment(suite)
        stamp = environment / "packages.txt"
        wanted = "\n".join(suite.python)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        interpreter = sys.executable
        if suite.interpreter:
            found = find_program(suite.interpreter)
            if found is None:
                raise MissingPlace(f"{suite.interpreter} is not installed")
            interpreter = str(found)
        _run(interpreter, "-m", "venv", "--clear", str(environment))
        _run(str(self.python(suite)), "-m", "pip", "install", "--quiet", *suite.python)
        stamp.write_text(wanted)

    def _install_node(self, suite: Suite) -> None:
        """Install into FROM/node_modules, which node finds from every folder below FROM."""
        if not suite.node:
            return
        if find_program("npm") is None:
            raise MissingPlace("npm is not installed")
        stamp = (
            self.root / "node_modules" / f".{suite.name}-{hashlib.sha256(repr(suite.node).encode()).hexdigest()[:12]}"
        )
        if stamp.exists():
            return
        packages = [
            f"file:{self.root / name.removeprefix('file:')}" if name.startswith("file:") else name
            for name in suite.node
        ]
        _run("npm", "install", "--prefix", str(self.root), "--no-audit", "--no-fund", "--silent", *packages)
        stamp.touch()


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_INSTALL_TIMEOUT_S
    )
    if done.returncode != 0:
        raise MissingPlace(f"{' '.join(command[:4])} … ended with {done.returncode}:\n{done.stdout[-2000:]}")
