"""Opening the configured store: what is refused, and with which words."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hatobin.adapters.blobs import FileBlobs
from hatobin.app import store as store_module
from hatobin.app.data_folder import DataFolder
from hatobin.app.store import StoreError, clock_skew_s, on_postgres, open_blobs, open_store
from hatobin.words.settings import Settings, Store
from tests.stores import open_store as open_test_store


def settings(**store: str) -> Settings:
    return msgspec.structs.replace(Settings(), store=Store(**store))  # type: ignore[arg-type]


async def test_the_default_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    database = open_store(settings(), DataFolder(tmp_path))
    await database.close()
    assert (tmp_path / "hatobin.sqlite").exists()


async def test_a_path_may_be_given_and_the_schema_is_remembered(tmp_path: Path) -> None:
    wanted = settings(url=f"sqlite:{tmp_path}/own.db")
    for _ in range(2):
        database = open_store(wanted, DataFolder(tmp_path))
        rows = await database.read(lambda s: s.execute("SELECT version FROM schema_version ORDER BY version"))
        assert rows == [(1,)]
        await database.close()


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    database = open_store(settings(), DataFolder(tmp_path))
    await database.write(lambda s: s.execute("INSERT INTO schema_version (version, name) VALUES (99, 'x')"))
    await database.close()
    with pytest.raises(StoreError, match="schema 99"):
        open_store(settings(), DataFolder(tmp_path))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/name", "postgresql://"),
        ("sqlite:/nowhere/at/all.db", "cannot be opened"),
        ("postgresql://host/name?no_such_option=1", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        open_store(settings(url=url), DataFolder(tmp_path))


@pytest.mark.parametrize("url", ["gs://bucket", "s3://", "s3://bucket?wrong=1"])
def test_blobs_that_cannot_be_used_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError, match=r"store\.blobs"):
        open_blobs(settings(blobs=url), DataFolder(tmp_path))


async def test_blobs_lie_in_the_data_folder_or_where_it_says(tmp_path: Path) -> None:
    for url, folder in (("", tmp_path / "blobs"), (f"file:{tmp_path}/elsewhere", tmp_path / "elsewhere")):
        blobs = open_blobs(settings(blobs=url), DataFolder(tmp_path))
        assert isinstance(blobs, FileBlobs)
        await blobs.put("messages/1", b"x")
        await blobs.close()
        assert (folder / "messages" / "1").read_bytes() == b"x"


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"hatobin\[postgres\]"):
        open_store(settings(url="postgresql://host/name"), DataFolder(tmp_path))
    with pytest.raises(StoreError, match=r"hatobin\[s3\]"):
        open_blobs(settings(blobs="s3://bucket"), DataFolder(tmp_path))


def test_which_stores_several_nodes_may_share() -> None:
    assert on_postgres(settings(url="postgresql://host/name"))
    assert not on_postgres(settings(url="sqlite:x.db"))
    assert not on_postgres(settings())


async def test_the_clock_is_compared_with_that_of_a_database_server() -> None:
    database = open_test_store()
    ahead_s = await clock_skew_s(database)
    on_server = await database.read(lambda session: session.dialect == "postgres")
    assert (abs(ahead_s) < 5) if on_server else ahead_s == 0
