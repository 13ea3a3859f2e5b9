"""The data folder: where one server keeps its state, its keys and its locks."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatobin.app.master_key import MASTER_KEY_VARIABLE, MasterKeyFiles, sync_folder
from hatobin.companions.kms import KEY_BYTES


class SlotTaken(Exception):
    """Another process serves this worker slot on the same data folder."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths below one folder; made with mode 0700."""

    root: Path

    def prepare(self) -> None:
        """Create the folders that are missing."""
        for folder in (self.root, self.blobs, self.tls):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "hatobin.sqlite"

    @property
    def blobs(self) -> Path:
        """Large bodies."""
        return self.root / "blobs"

    @property
    def functions(self) -> Path:
        """The unpacked code of functions, and their temporary files; nothing in it outlives its worker."""
        return self.root / "functions"

    @property
    def tls(self) -> Path:
        """The local CA and the certificates made by it."""
        return self.root / "tls"

    @property
    def address(self) -> Path:
        """Where a running server says how it can be reached (one JSON line)."""
        return self.root / "serving.json"

    def announce(self, addresses: Mapping[str, Any]) -> bool:
        """Write how this process can be reached; False where there is no room, and then nothing stale stays either."""
        try:
            self.address.write_text(json.dumps({**addresses, "pid": os.getpid()}) + "\n")
        except OSError:
            self.withdraw()
            return False
        return True

    def withdraw(self) -> None:
        """Take that back."""
        with suppress(OSError):
            self.address.unlink(missing_ok=True)

    def master_keys(self) -> MasterKeyFiles:
        """Give the keys that seal the stored secrets; the first is made at first use (mode 0600).

        HATOBIN_MASTER_KEY, if it is set, comes before the file. Raises `KeyUnusable`.
        """
        if not os.environ.get(MASTER_KEY_VARIABLE, ""):
            self._kept("master.key", lambda: os.urandom(KEY_BYTES).hex())
        return MasterKeyFiles(self.root)

    def node(self) -> str:
        """Give the name of this data folder's node among those that share a store; made at first use."""
        return self._kept("node", lambda: os.urandom(16).hex())

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        """Read a line that is made once and then stays."""
        path = self.root / name
        temporary = self.root / f"{name}.{os.getpid()}"
        while True:
            try:
                return path.read_text().strip()
            except FileNotFoundError:
                pass
            # Whole under its name or not there: a crash in between leaves no half of a key.
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(make() + "\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # Another worker of this folder was first.
                os.link(temporary, path)
            temporary.unlink()
            sync_folder(self.root)

    def lock_slot(self, worker: int) -> int:
        """Hold a worker slot for the life of this process; raises `SlotTaken`."""
        descriptor = os.open(self.root / f"worker-{worker}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise SlotTaken(
                f"worker {worker} of this data folder is already running; choose another --data folder"
            ) from None
        return descriptor
