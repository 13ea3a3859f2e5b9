"""The files of master keys: which key seals, which open, and what a crash leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatobin.adapters.entropy import OsEntropy
from hatobin.app import master_key
from hatobin.app.data_folder import DataFolder
from hatobin.app.master_key import MAX_MASTER_KEYS, KeyUnusable
from hatobin.companions.kms import SealBroken, Vault


def test_a_rotation_is_seen_by_who_reads_the_keys_already(tmp_path: Path) -> None:
    server, command = DataFolder(tmp_path).master_keys(), DataFolder(tmp_path).master_keys()
    [first] = server.current()
    assert server.current() is server.current()
    vault = Vault(server, OsEntropy())
    before = vault.seal(b"secret", context="c")
    assert vault.is_current(before)
    new = command.rotate()
    assert server.current() == (new, first)
    assert not vault.is_current(before)
    assert vault.open(before, context="c") == b"secret"
    after = vault.seal(b"secret", context="c")
    assert Vault(new, OsEntropy()).open(after, context="c") == b"secret"
    with pytest.raises(SealBroken):
        Vault(first, OsEntropy()).open(after, context="c")
    assert command.forget_former() == 1
    assert server.current() == (new,)
    with pytest.raises(SealBroken):
        vault.open(before, context="c")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_prepared_key_opens_and_does_not_seal(tmp_path: Path) -> None:
    files = DataFolder(tmp_path).master_keys()
    [first] = files.current()
    prepared = files.prepare()
    assert files.prepare() == prepared
    assert files.current() == (first, prepared)
    assert files.rotate() == prepared
    assert files.current() == (prepared, first)
    assert not (tmp_path / "master.key.next").exists()


@pytest.mark.parametrize("step", ["before it is renamed", "before the prepared one goes"])
def test_a_crash_during_a_rotation_loses_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    files = DataFolder(tmp_path).master_keys()
    [first] = files.current()
    prepared = files.prepare()

    def crash(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace" if step == "before it is renamed" else "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            files.rotate()
    assert set(DataFolder(tmp_path).master_keys().current()) == {first, prepared}
    assert files.rotate() == prepared
    assert DataFolder(tmp_path).master_keys().current() == (prepared, first)


def test_keys_in_the_environment_are_changed_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATOBIN_MASTER_KEY", f"{'ab' * 32},{'cd' * 32}")
    files = DataFolder(tmp_path).master_keys()
    assert files.current() == (b"\xab" * 32, b"\xcd" * 32)
    for change in (files.prepare, files.rotate, files.forget_former):
        with pytest.raises(KeyUnusable, match="HATOBIN_MASTER_KEY"):
            change()
    assert not list(tmp_path.iterdir())


def test_former_keys_are_so_many_at_most(tmp_path: Path) -> None:
    files = DataFolder(tmp_path).master_keys()
    for _ in range(MAX_MASTER_KEYS - 1):
        files.rotate()
    with pytest.raises(KeyUnusable, match="forget former ones"):
        files.rotate()
    assert files.forget_former() == MAX_MASTER_KEYS - 1


def test_a_file_that_is_damaged_while_a_server_runs_changes_nothing_for_it(tmp_path: Path) -> None:
    files = DataFolder(tmp_path).master_keys()
    keys = files.current()
    (tmp_path / "master.key").write_text("damaged")
    assert files.current() == keys
    with pytest.raises(KeyUnusable):
        DataFolder(tmp_path).master_keys()
    assert master_key.read_key(keys[0].hex(), "x") == keys[0]
