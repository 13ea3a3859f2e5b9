"""The file store on its disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hatobin.adapters.blobs import FileBlobs, check_key


async def test_blob_lies_under_its_key_and_only_for_us(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    await blobs.put("mail/1.eml", b"x")
    path = tmp_path / "mail" / "1.eml"
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "~incoming").iterdir()) == []
    await blobs.close()


async def test_blob_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    for name in ("fdatasync", "rename", "fsync"):
        real = getattr(os, name)

        def step(*arguments: object, name: str = name, real=real) -> object:  # type: ignore[no-untyped-def]
            steps.append(name)
            return real(*arguments)

        monkeypatch.setattr(os, name, step)
    blobs = FileBlobs(tmp_path)
    await blobs.put("a", b"x")
    assert steps == ["fdatasync", "rename", "fsync"]
    steps.clear()
    await blobs.put("new/folder/a", b"x")
    # Each new folder is an entry in its parent, which has to reach the disk as well.
    assert steps == ["fdatasync", "fsync", "fsync", "rename", "fsync"]
    await blobs.close()


async def test_failed_write_keeps_the_former_blob_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FileBlobs(tmp_path)
    await blobs.put("a", b"former")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(OSError, match="No space left"):
        await blobs.put("a", b"latter")
    assert await blobs.get("a") == b"former"
    assert list((tmp_path / "~incoming").iterdir()) == []
    await blobs.close()


async def test_key_that_crosses_another_is_refused(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    await blobs.put("a/b", b"x")
    with pytest.raises(ValueError, match="crosses"):
        await blobs.put("a", b"y")
    with pytest.raises(ValueError, match="crosses"):
        await blobs.put("a/b/c", b"y")
    assert await blobs.get("a/b") == b"x"
    await blobs.close()


async def test_old_left_overs_of_a_crash_are_removed_and_fresh_files_stay(tmp_path: Path) -> None:
    incoming = tmp_path / "~incoming"
    incoming.mkdir()
    old, fresh = incoming / "1", incoming / "2"
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    os.utime(old, (0, 0))
    await FileBlobs(tmp_path).close()
    assert list(incoming.iterdir()) == [fresh]


@pytest.mark.parametrize("key", ["a" * 256, "a/" * 512 + "a", "~incoming/x", "a\n", "a/b\n"])
def test_key_beyond_its_limits_is_refused(key: str) -> None:
    with pytest.raises(ValueError):
        check_key(key)


@pytest.mark.parametrize("key", ["a", ".hidden", "..a", "a/b.c_d-e", "a" * 255])
def test_usual_key_is_taken(key: str) -> None:
    check_key(key)
