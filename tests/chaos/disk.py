"""A file system of its own that can be filled, and emptied again."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STEPS = (16 * 1024 * 1024, 1024 * 1024, 4096, 1)


class MayNotMount(Exception):
    """This machine does not let us mount; the text says what `mount` said."""


class SmallDisk:
    """A mounted folder, and the junk that takes its room."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._junk = folder / "junk"

    def fill(self) -> None:
        """Take all the room there is; again, where some has become free meanwhile."""
        with self._junk.open("ab", buffering=0) as file:
            for size in _STEPS:
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def clear(self) -> None:
        """Give the room back."""
        self._junk.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """Mount a tmpfs on a folder. Raises `MayNotMount`."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "hatobin-test", folder]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode != 0:
        raise MayNotMount(mounted.stderr.strip())
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
