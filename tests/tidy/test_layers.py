"""Imports only go down: the contracts of .importlinter hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.tidy.source import ROOT


def test_the_layers_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / ".importlinter"), cache_dir=str(tmp_path), no_logo=True)
    assert status == 0, capsys.readouterr().out
