"""The data folder: where one server keeps its state, its keys and its locks."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

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
    def tls(self) -> Path:
        """The local CA and the certificates made by it."""
        return self.root / "tls"

    @property
    def address(self) -> Path:
        """Where a running server says how it can be reached (one JSON line)."""
        return self.root / "serving.json"

    def master_key(self) -> bytes:
        """Read the key that seals the stored secrets; make it at first use (mode 0600)."""
        path = self.root / "master.key"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = bytes.fromhex(path.read_text().strip())
            if len(key) != KEY_BYTES:
                raise ValueError(f"{path.name} does not hold a {KEY_BYTES}-byte key") from None
            return key
        key = os.urandom(KEY_BYTES)
        with os.fdopen(descriptor, "w") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return key

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
