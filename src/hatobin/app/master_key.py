"""Master keys: in two files of the data folder, or in the environment.

`master.key` holds a key a line: the first seals, the others are former ones
that still open. `master.key.next` holds a key that has been prepared and opens
already, so that nodes with folders of their own can learn it before anything
is sealed under it. Both are replaced whole; whoever reads them looks again when
they have changed, so a running server follows a rotation.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from hatobin.companions.kms import KEY_BYTES

MASTER_KEY_VARIABLE = "HATOBIN_MASTER_KEY"
MAX_MASTER_KEYS = 16

log = structlog.get_logger()

_Stamp = tuple[int, int, int] | None


class KeyUnusable(Exception):
    """The master key is not one, or cannot be changed here."""


class MasterKeyFiles:
    """The keys of one data folder, or those of HATOBIN_MASTER_KEY, which come before the files."""

    def __init__(self, root: Path) -> None:
        """Read the keys; `master.key` is there already. Raises `KeyUnusable`."""
        self._file, self._next = root / "master.key", root / "master.key.next"
        given = os.environ.get(MASTER_KEY_VARIABLE, "")
        self.in_environment = bool(given)
        self._stamps = self._look()
        if given:
            self._keys = _unique([read_key(text, MASTER_KEY_VARIABLE) for text in given.split(",")])
        else:
            self._keys = self._read()

    def current(self) -> tuple[bytes, ...]:
        """Give the keys, the sealing one first; looks at the files, and reads them when they have changed."""
        if self.in_environment or (stamps := self._look()) == self._stamps:
            return self._keys
        try:
            self._keys = self._read()
        except (OSError, KeyUnusable) as error:
            log.warning("master_key_not_read_again", error=str(error))
        self._stamps = stamps
        return self._keys

    def prepare(self) -> bytes:
        """Give the key that is to follow, made if there is none yet; it opens from now on, and seals nothing."""
        self._refuse_environment()
        with self._locked():
            return self._prepared()

    def rotate(self) -> bytes:
        """Let the prepared key seal, or a new one; those before open still. Gives it."""
        self._refuse_environment()
        with self._locked():
            former = _keys_in(self._file)
            if len(former) >= MAX_MASTER_KEYS:
                raise KeyUnusable(f"{self._file} holds {MAX_MASTER_KEYS} keys already: forget former ones first")
            new = self._prepared()
            _replace(self._file, [new, *(key for key in former if key != new)])
            self._next.unlink(missing_ok=True)
            sync_folder(self._file.parent)
        return new

    def forget_former(self) -> int:
        """Keep the sealing key alone; gives how many have gone."""
        self._refuse_environment()
        with self._locked():
            keys = _keys_in(self._file)
            if len(keys) > 1:
                _replace(self._file, keys[:1])
        return len(keys) - 1

    def _prepared(self) -> bytes:
        if not self._next.exists():
            _replace(self._next, [os.urandom(KEY_BYTES)])
        [key] = _keys_in(self._next)
        return key

    def _refuse_environment(self) -> None:
        if self.in_environment:
            raise KeyUnusable(f"{MASTER_KEY_VARIABLE} holds the keys: change them there, docs/access.md says how")

    def _read(self) -> tuple[bytes, ...]:
        keys = _keys_in(self._file)
        with suppress(FileNotFoundError):
            keys += _keys_in(self._next)
        return _unique(keys)

    def _look(self) -> tuple[_Stamp, _Stamp]:
        return _stamp(self._file), _stamp(self._next)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time change the files."""
        descriptor = os.open(self._file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def read_key(text: str, place: str) -> bytes:
    """Read one key from its digits. Raises `KeyUnusable`."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"{place} must hold {KEY_BYTES} bytes as {2 * KEY_BYTES} hexadecimal digits")
    return key


def _keys_in(path: Path) -> list[bytes]:
    return [read_key(line, str(path)) for line in path.read_text().splitlines() or [""]]


def _unique(keys: list[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(keys))


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _replace(path: Path, keys: list[bytes]) -> None:
    """Write a file whole: a crash leaves the one before or this one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{key.hex()}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
