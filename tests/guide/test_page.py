"""The commands and programs of docs/guide.md run as they stand there, in their order.

Samples that wait for a capability are left out; the Japanese page has the same
code, which `tests/tidy` checks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guide.reader import TOKYO
from tests.running import RunningServer

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "guide.md"
_WAITING_ROW = re.compile(r"^\| (\d+) \| .* \| waits for ", re.MULTILINE)
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_RUNNERS = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-c")}


def _blocks() -> Iterator[tuple[str, str, str]]:
    """Give heading, language and code of what is to run."""
    page = _PAGE.read_text(encoding="utf-8")
    waiting = {f"{number}." for number in _WAITING_ROW.findall(page)}
    for section in re.split(r"^#+ ", page, flags=re.MULTILINE):
        heading = section.partition("\n")[0]
        if heading.split(" ")[0] not in waiting:
            for language, code in _BLOCK.findall(section):
                yield heading, language, code


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """What a reader's shell has after the first block: the programs, the server, and the AWS and SMTP variables."""
    with RunningServer() as server:
        printed = server.command("env", "--region", TOKYO)
        here = {**server.environment(), **printed, "HATOBIN_DATA": str(server.data), "HOME": str(server.data)}
        here["PATH"] = f"{Path(sys.executable).parent}:{here['PATH']}"
        yield here


def test_every_block_that_works_here_runs(environment: dict[str, str], tmp_path: Path) -> None:
    blocks = list(_blocks())
    assert {language for _, language, _ in blocks} == set(_RUNNERS)
    for heading, language, code in blocks:
        done = subprocess.run(
            [*_RUNNERS[language], code], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{heading}: the {language} block ended with {done.returncode}:\n{done.stderr}"
