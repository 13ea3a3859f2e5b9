"""The local inbox: what is found, and what goes when it is full."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hatobin.capabilities import inbox, queue
from hatobin.ports import Database
from tests.capabilities.queue.test_store import finish, message
from tests.stores import open_store


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    store = open_store()
    yield store
    await store.close()


async def keep(database: Database, number: int, address: str, subject: str) -> None:
    new = message(number, address)
    await database.write(lambda s: queue.enqueue(s, new, None))
    await finish(database, new.key)
    captured = inbox.Captured(new.key, "", (address,), subject, float(number))
    await database.write(lambda s: inbox.keep(s, [captured]))


async def test_mail_is_found_by_whole_recipient_and_part_of_the_subject(database: Database) -> None:
    await keep(database, 1, "Ana@example.net", "ご注文確認 #1")
    await keep(database, 2, "ana@example.net.evil", "100% off_er")
    found = await database.read(lambda s: inbox.search(s, to="ana@example.net", limit=10))
    assert [entry.subject for entry in found] == ["ご注文確認 #1"]
    assert found[0].content == b"content"
    for part, count in (("注文", 1), ("100%", 1), ("0% off_", 1), ("%", 1), ("_", 1), ("nothing", 0)):
        assert len(await database.read(lambda s, p=part: inbox.search(s, subject=p, limit=10))) == count


async def test_the_newest_come_first_and_pages_go_on_before_an_id(database: Database) -> None:
    for number in range(1, 6):
        await keep(database, number, "a@x.org", f"s{number}")
    page = await database.read(lambda s: inbox.search(s, limit=2))
    assert [entry.subject for entry in page] == ["s5", "s4"]
    page = await database.read(lambda s: inbox.search(s, limit=2, before=page[-1].id))
    assert [entry.subject for entry in page] == ["s3", "s2"]


async def test_the_oldest_go_when_there_are_too_many_and_their_bodies_with_them(database: Database) -> None:
    for number in range(1, 6):
        await keep(database, number, "a@x.org", f"s{number}")
    await database.write(lambda s: inbox.trim(s, 2))
    assert [entry.subject for entry in await database.read(lambda s: inbox.search(s, limit=9))] == ["s5", "s4"]
    bodies = await database.read(lambda s: s.one("SELECT COUNT(*) FROM queue_body"))
    assert bodies == (2,)


async def test_clearing_takes_everything_or_one_message(database: Database) -> None:
    await keep(database, 1, "a@x.org", "one")
    await keep(database, 2, "a@x.org", "two")
    await database.write(lambda s: inbox.clear(s, message_id="id-0001"))
    assert [entry.subject for entry in await database.read(lambda s: inbox.search(s, limit=9))] == ["two"]
    await database.write(inbox.clear)
    assert await database.read(lambda s: inbox.search(s, limit=9)) == []
