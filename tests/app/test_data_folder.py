"""The data folder: keys and names that are made once, and locks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hatobin.app.data_folder import DataFolder, SlotTaken
from hatobin.app.master_key import KeyUnusable


def test_the_master_key_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    key = DataFolder(tmp_path).master_keys().current()[0]
    assert len(key) == 32
    assert DataFolder(tmp_path).master_keys().current()[0] == key
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


def test_a_key_in_the_environment_comes_first_and_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HATOBIN_MASTER_KEY", "ab" * 32)
    assert DataFolder(tmp_path).master_keys().current()[0] == b"\xab" * 32
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "abcd", "zz" * 32, "ab" * 33])
def test_a_damaged_key_file_is_not_replaced_but_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "master.key").write_text(text)
    with pytest.raises(KeyUnusable, match="64 hexadecimal digits"):
        DataFolder(tmp_path).master_keys().current()[0]
    assert (tmp_path / "master.key").read_text() == text


def test_a_node_keeps_its_name_and_folders_have_different_ones(tmp_path: Path) -> None:
    names = []
    for folder in ("one", "other", "one"):
        (tmp_path / folder).mkdir(exist_ok=True)
        names.append(DataFolder(tmp_path / folder).node())
    assert names[0] == names[2] != names[1]


def test_what_an_interrupted_start_left_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "master.key.4242").write_text("ab")
    assert len(DataFolder(tmp_path).master_keys().current()[0]) == 32


def test_a_worker_slot_is_held_by_one_process(tmp_path: Path) -> None:
    DataFolder(tmp_path).lock_slot(0)
    with pytest.raises(SlotTaken, match="worker 0"):
        DataFolder(tmp_path).lock_slot(0)
    DataFolder(tmp_path).lock_slot(1)


def test_a_disk_without_room_for_the_address_leaves_none_and_stops_nothing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert folder.announce({"http": "127.0.0.1:1"})
    assert json.loads(folder.address.read_text()) == {"http": "127.0.0.1:1", "pid": os.getpid()}
    folder.address.unlink()
    folder.address.symlink_to("/dev/full")
    assert not folder.announce({"http": "127.0.0.1:2"})
    assert not os.path.lexists(folder.address)
    folder.withdraw()
