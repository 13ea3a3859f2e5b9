"""The blobs port over a folder of files.

A blob is written under a temporary name, synced, renamed into place, and its
folder synced: after a crash there is the old blob or the new one, never half
of either. A key is the path below the folder, so an operator finds a blob
with the usual tools.

Refs: rename(2), fsync(2) ("calling fsync() does not necessarily ensure that
the entry in the directory containing the file has also reached disk").
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import stat
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import partial
from pathlib import Path

from hatobin.adapters.threads import ThreadPool
from hatobin.ports.blobs import BlobMissing, BlobsUnavailable

BLOB_THREADS = 4
"""Files that are written or read at the same time; each spends its time waiting for the disk."""

MAX_KEY_CHARACTERS = 1024
MAX_NAME_CHARACTERS = 255
"""NAME_MAX of every usual Linux file system."""

PIECE_BYTES = 256 * 1024
"""What one turn of a thread reads where a blob is read in pieces."""

LISTED_AT_ONCE = 500
"""Files that one turn of a thread looks at when old blobs are listed."""

ORPHAN_AGE_S = 3600.0
"""Temporary files this old are left-overs of a crash and are removed when the store is opened."""

_KEY = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z")
_INCOMING = "~incoming"
"""The folder of temporary files; "~" is outside the alphabet of keys."""

_FILE_MODE = 0o600

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


def check_key(key: str) -> None:
    """Raise `ValueError` unless `key` is a relative path of [A-Za-z0-9._/-] that stays below its folder."""
    if len(key) > MAX_KEY_CHARACTERS or not _KEY.match(key):
        raise ValueError(f"{key!r} is not a blob key")
    for name in key.split("/"):
        if name in (".", "..") or len(name) > MAX_NAME_CHARACTERS:
            raise ValueError(f"{key!r} is not a blob key")


class FileBlobs:
    """Blobs in a folder, which several processes may share."""

    def __init__(self, folder: str | Path, threads: ThreadPool | None = None) -> None:
        """Use `folder`, made if it is missing, with threads of its own unless some are given."""
        self._folder = Path(folder)
        self._incoming = self._folder / _INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._threads = threads or ThreadPool(BLOB_THREADS, "hatobin-blobs")
        self._numbers = itertools.count(1)
        self._known_folders = {self._folder}
        self._remove_orphans()

    async def put(self, key: str, data: bytes) -> None:
        """Store `data` whole under `key`; durable when this returns.

        Raises `ValueError` for a bad key, or one that is a folder of other keys, and
        `BlobsUnavailable` when the disk does not take it; the former blob is kept then.
        """
        check_key(key)
        await self._threads.run(lambda: self._put(key, data))

    async def get(self, key: str) -> bytes:
        """Give the whole blob; raises `BlobMissing`."""
        check_key(key)
        return await self._threads.run(lambda: self._get(key))

    def writer(self, key: str) -> FileBlobWriter:
        """See `Blobs.writer`. Raises `ValueError` for a bad key."""
        check_key(key)
        return FileBlobWriter(self, key, self._temporary(), self._threads)

    async def pieces(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """See `Blobs.pieces`. A blob that is deleted or replaced meanwhile is read to its end."""
        check_key(key)
        descriptor = await self._threads.run(lambda: self._open(key))
        try:
            place = start
            while end is None or place < end:
                wanted = PIECE_BYTES if end is None else min(PIECE_BYTES, end - place)
                piece = await self._threads.run(partial(_read, descriptor, key, wanted, place))
                if not piece:
                    return
                place += len(piece)
                yield piece
        finally:
            os.close(descriptor)

    async def delete(self, key: str) -> None:
        """Remove the blob; a missing one is fine."""
        check_key(key)
        await self._threads.run(lambda: self._delete(key))

    async def stale(self, prefix: str, *, before: float) -> AsyncIterator[list[str]]:
        """Give the keys that begin with `prefix` and were last put before `before`, in batches.

        Looks at LISTED_AT_ONCE files in each turn of a thread, so other reads and writes come between.
        """
        folder = prefix.rpartition("/")[0]
        if folder:
            check_key(folder)
        files = _files(self._folder / folder, f"{folder}/" if folder else "")
        while looked_at := await self._threads.run(lambda: list(itertools.islice(files, LISTED_AT_ONCE))):
            keys = [key for key, changed_at in looked_at if changed_at < before and key.startswith(prefix)]
            if keys:
                yield keys

    async def close(self) -> None:
        """Finish what is queued and end the threads."""
        await self._threads.close()

    def _put(self, key: str, data: bytes) -> None:
        temporary = self._temporary()
        try:
            _write_synced(temporary, data)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise _unavailable("written", key, error) from error
            raise
        self.place(temporary, key)

    def place(self, temporary: Path, key: str) -> None:
        """Move a synced file to where its key says; it is gone when that fails. For a thread, from this module."""
        target = self._folder / key
        try:
            self._make_folder(target.parent)
            os.rename(temporary, target)
        except BaseException as error:
            temporary.unlink(missing_ok=True)
            if isinstance(error, IsADirectoryError | NotADirectoryError | FileExistsError):
                raise ValueError(f"{key!r} crosses another blob's key") from error
            if isinstance(error, OSError):
                raise _unavailable("written", key, error) from error
            raise
        _sync_folder(target.parent)

    def _temporary(self) -> Path:
        return self._incoming / f"{os.getpid()}-{id(self):x}-{next(self._numbers)}"

    def _open(self, key: str) -> int:
        try:
            descriptor = os.open(self._folder / key, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _ABSENT:
                raise BlobMissing(key) from None
            raise _unavailable("read", key, error) from error
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise BlobMissing(key)
        return descriptor

    def _get(self, key: str) -> bytes:
        try:
            return (self._folder / key).read_bytes()
        except OSError as error:
            if error.errno in _ABSENT:
                raise BlobMissing(key) from None
            raise _unavailable("read", key, error) from error

    def _delete(self, key: str) -> None:
        try:
            os.unlink(self._folder / key)
        except OSError as error:
            if error.errno not in _ABSENT:
                raise _unavailable("deleted", key, error) from error

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and its parents, each entry synced; folders are never removed."""
        if folder in self._known_folders:
            return
        self._make_folder(folder.parent)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            if not folder.is_dir():
                raise
        _sync_folder(folder.parent)
        self._known_folders.add(folder)

    def _remove_orphans(self) -> None:
        oldest = time.time() - ORPHAN_AGE_S
        for path in self._incoming.iterdir():
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except FileNotFoundError:
                continue  # Another process opened the store at the same moment.


class FileBlobWriter:
    """A temporary file that `commit` syncs and moves into place. Made by `FileBlobs.writer`."""

    def __init__(self, blobs: FileBlobs, key: str, temporary: Path, threads: ThreadPool) -> None:
        self._blobs = blobs
        self._key = key
        self._temporary = temporary
        self._threads = threads
        self._descriptor: int | None = None

    async def write(self, data: bytes) -> None:
        """Append `data`. Raises `BlobsUnavailable`."""
        await self._threads.run(lambda: self._write(data))

    async def commit(self) -> None:
        """Sync, and let the blob stand under its key. Raises as `FileBlobs.put` does; nothing is left then."""
        await self._threads.run(self._commit)

    async def abort(self) -> None:
        """Close and remove the file; one that resists is removed as an orphan later."""
        await self._threads.run(self._abort)

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
        return self._descriptor

    def _write(self, data: bytes) -> None:
        try:
            _write_all(self._opened(), data)
        except OSError as error:
            raise _unavailable("written", self._key, error) from error

    def _commit(self) -> None:
        try:
            os.fdatasync(self._opened())
        except OSError as error:
            self._abort()
            raise _unavailable("written", self._key, error) from error
        self._close()
        self._blobs.place(self._temporary, self._key)

    def _abort(self) -> None:
        if self._descriptor is not None:
            self._close()
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def _unavailable(what: str, key: str, error: OSError) -> BlobsUnavailable:
    return BlobsUnavailable(f"the blob {key} cannot be {what}: {error.strerror or error}")


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, float]]:
    """Visit the blobs below a folder: their keys, and when they were written."""
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:
        return  # Nothing was ever put there.
    with entries:
        for entry in entries:
            if not _KEY.match(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files(folder / entry.name, f"{prefix}{entry.name}/")
                continue
            try:
                yield prefix + entry.name, entry.stat(follow_symlinks=False).st_mtime
            except FileNotFoundError:
                continue  # Deleted since the folder was read.


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
    try:
        _write_all(descriptor, data)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int, key: str, size: int, place: int) -> bytes:
    try:
        return os.pread(descriptor, size, place)
    except OSError as error:
        raise _unavailable("read", key, error) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
