"""Code on its way to children: whole in its folder, or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hatobin.adapters.processes import ChildProcesses
from hatobin.ports.processes import CodeFile, ProcessesUnavailable


async def test_paths_that_lead_out_are_refused(tmp_path: Path) -> None:
    processes = ChildProcesses(tmp_path / "functions")
    try:
        for path in (("..", "x"), ("a/b",), (), ("a", "")):
            with pytest.raises(ValueError, match="leads out"):
                await processes.unpack("code", [CodeFile(path, False, [b"x"])])
            assert not processes.has_code("code")
        await processes.unpack("code", [CodeFile(("a", "run"), True, [b"x", b"y"]), CodeFile(("b",), False, [])])
        whole = tmp_path / "functions" / "code" / "code"
        assert (whole / "a" / "run").read_bytes() == b"xy"
        assert (whole / "a" / "run").stat().st_mode & 0o111
        await processes.forget_code("code")
        assert not processes.has_code("code")
    finally:
        await processes.close()


async def test_what_fails_while_it_is_unpacked_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Any:
        yield b"x"
        raise OSError(28, "No space left on device")

    processes = ChildProcesses(tmp_path / "functions")
    try:
        with pytest.raises(ProcessesUnavailable, match="No space left"):
            await processes.unpack("code", [CodeFile(("a",), False, broken())])
        assert not processes.has_code("code")
    finally:
        await processes.close()
