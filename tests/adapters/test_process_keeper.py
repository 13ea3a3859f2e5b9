"""How the keeper of a child finds what the child has started."""

from __future__ import annotations

import os
import signal
import time

import pytest

from hatobin.adapters import process_keeper

_SLEEP_S = 60


def test_a_kernel_without_lists_of_children_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = os.fork()
    if pid == 0:
        time.sleep(_SLEEP_S)
        os._exit(0)
    try:
        monkeypatch.setattr(process_keeper, "_KERNEL_LISTS_CHILDREN", False)
        assert pid in process_keeper._children(os.getpid())
        monkeypatch.setattr(process_keeper, "_KERNEL_LISTS_CHILDREN", True)
        assert pid in process_keeper._children(os.getpid())
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
