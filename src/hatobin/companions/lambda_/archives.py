"""The archive that a function's code comes in: checked before it is kept, read when it is unpacked. Pure.

Nothing of it may lead out of its folder, and it may not become larger than it
says: sizes are those of the directory, and the reader gives no octet more.

Refs: Lambda quotas ("Deployment package size"); .ZIP File Format Specification 4.4.4, 4.4.5.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator

from hatobin.companions.lambda_.errors import invalid
from hatobin.companions.lambda_.model import MAX_FILES, MAX_UNZIPPED_BYTES
from hatobin.ports.processes import CodeFile

PIECE_BYTES = 256 * 1024
_MAX_NAME_BYTES = 255
_MAX_DEPTH = 64
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = "Could not unzip uploaded file. Please check your file, then try to upload again."


def check(data: bytes) -> None:
    """Read an archive to its end, and raise InvalidParameterValueException for one that cannot be a function's."""
    entries = _entries(data)
    if not entries:
        raise invalid("Uploaded file must be a non-empty zip")
    if sum(entry.file_size for entry in entries.values()) > MAX_UNZIPPED_BYTES:
        raise invalid(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes")
    folders = {path[:depth] for path in entries for depth in range(1, len(path))}
    if clashing := folders & entries.keys():
        raise invalid(f"The archive has a file and a folder of the same name: {'/'.join(min(clashing))}")
    try:
        for file in files(data):
            for _ in file.pieces:
                pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise invalid(_BROKEN) from None


def files(data: bytes) -> Iterator[CodeFile]:
    """Give the files of an archive; each is read before the next one is asked for."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for path, entry in _entries(data).items():
            mode = entry.external_attr >> 16
            yield CodeFile(path, bool(mode & stat.S_IXUSR), _pieces(archive, entry))


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _entries(data: bytes) -> dict[tuple[str, ...], zipfile.ZipInfo]:
    """Give the files of an archive by their paths; of two with the same path the last."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, UnicodeDecodeError):
        raise invalid(_BROKEN) from None
    if len(entries) > MAX_FILES:
        raise invalid(f"The archive has more than {MAX_FILES} files.")
    return {_path(entry): entry for entry in entries if not entry.is_dir()}


def _path(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    """Give the path of a file. Raises InvalidParameterValueException for one that this server does not unpack."""
    name = entry.filename
    path = tuple(part for part in name.split("/") if part != ".")
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise invalid(f"The archive has something else than files and folders, a symbolic link perhaps: {name}")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise invalid(f"The archive has a file that is encrypted, or compressed otherwise than by deflate: {name}")
    if not path or len(path) > _MAX_DEPTH or any(not _is_plain(part) for part in path):
        raise invalid(f"The archive has a file whose name leads out of its folder, or is none: {name}")
    return path


def _is_plain(part: str) -> bool:
    return part not in ("", "..") and "\0" not in part and len(part.encode("utf-8", "replace")) <= _MAX_NAME_BYTES
