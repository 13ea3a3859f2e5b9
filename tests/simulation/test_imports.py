"""Import jobs in a simulated world: a crash at every commit, and two workers who want the same job."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from hatobin.app.outbound import Outbound
from hatobin.capabilities import jobs
from hatobin.capabilities.jobs import ImportOrder, JobKey, store
from hatobin.capabilities.queue import Lease
from hatobin.companions import s3
from hatobin.companions.s3.model import Bucket
from hatobin.companions.s3.store import insert_bucket
from hatobin.flow import imports
from hatobin.flow.imports import LEASE_S, Imports
from hatobin.ports import Session
from tests.simulation.server import ACCOUNT, REGION, CrashPlan, Killed, World

KEY = JobKey(ACCOUNT, REGION, "job")
ORDER = ImportOrder("SUPPRESSION_LIST", "", "PUT", "s3://lists/file", "CSV")
# Every third line fails, and one address comes again in another batch.
LINES = [f"a{number}@example.com,{'BOUNCE' if number % 3 else 'SPAM'}" for number in range(20)]
CONTENT = "\n".join([*LINES, "a1@example.com,COMPLAINT"]).encode()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH_RECORDS", 4)
    monkeypatch.setattr(imports, "REPORT_PARTS", 2)
    monkeypatch.setattr(imports, "FORGOTTEN_AT_ONCE", 2)


async def prepared() -> tuple[World, Outbound]:
    """Give a world with one job that nobody has begun."""
    world = World()
    outbound = await world.start()
    await world.database.write(lambda session: insert_bucket(session, Bucket(ACCOUNT, "lists", REGION, 0.0)))

    async def pieces() -> AsyncIterator[bytes]:
        yield CONTENT

    await outbound.services.get(s3.Buckets).objects.put("lists", "file", pieces())
    await world.database.write(lambda session: store.insert(session, KEY, ORDER, world.clock.now()))
    return world, outbound


async def work(world: World, outbound: Outbound) -> None:
    """Work until there is nothing to do, or the process is killed."""
    while await outbound.imports.once():
        pass


async def outcome(world: World, outbound: Outbound) -> dict[str, Any]:
    """Give everything that an import leaves, but for times."""

    def look(session: Session) -> dict[str, Any]:
        job = store.find(session, KEY)
        assert job is not None
        rows = session.execute("SELECT address, reason FROM suppressed_destinations ORDER BY address")
        return {
            "job": replace(job, created_at=0.0, completed_at=None if job.completed_at is None else 0.0),
            "listed": rows,
            "kept": session.execute("SELECT position FROM import_failures"),
        }

    found = await world.database.read(look)
    opened = await outbound.services.get(s3.Buckets).objects.open("lists", found["job"].report_key)
    return found | {"report": b"".join([piece async for piece in opened.pieces])}


async def undisturbed() -> tuple[dict[str, Any], int]:
    """Import without any crash; give what is left, and how many commits that took."""
    world, outbound = await prepared()
    before = world.crash.commits
    await work(world, outbound)
    found, commits = await outcome(world, outbound), world.crash.commits - before
    await world.kill(outbound)
    return found, commits


async def test_an_import_takes_its_records_once() -> None:
    found, _ = await undisturbed()
    job = found["job"]
    assert (job.status, job.processed, job.failed) == ("COMPLETED", 21, 7)
    assert len(found["listed"]) == 13
    assert ("a1@example.com", "COMPLAINT") in found["listed"]
    assert found["report"].count(b"\n") == 7
    assert found["kept"] == []


async def test_a_crash_at_any_commit_changes_nothing_of_what_is_left() -> None:
    wanted, commits = await undisturbed()
    assert commits > 8
    for number, after in itertools.product(range(1, commits + 1), (False, True)):
        world, outbound = await prepared()
        world.crash = CrashPlan(at_commit=number, after=after)
        with pytest.raises(Killed):
            await work(world, outbound)
        await world.kill(outbound)
        outbound = await world.start()
        await work(world, outbound)
        found = await outcome(world, outbound)
        # What was to be forgotten after the end, retention forgets with the job.
        assert found["kept"] == [] or found["job"].completed_at is not None
        assert found | {"kept": []} == wanted, (number, after)
        await world.kill(outbound)


async def test_what_a_crash_left_of_a_report_goes_with_its_job() -> None:
    world, outbound = await prepared()
    await work(world, outbound)
    await world.database.write(lambda session: store.keep_failures(session, KEY, 0, [b"left"]))
    assert await world.database.read(lambda session: store.find_ended(session, world.clock.now() + 1, 10)) == [KEY]
    await world.database.write(lambda session: store.forget(session, [KEY]))
    assert world.count("SELECT COUNT(*) FROM import_failures") == 0
    assert world.count("SELECT COUNT(*) FROM import_jobs") == 0
    await world.kill(outbound)


async def test_a_job_that_another_worker_took_over_is_not_touched_any_more() -> None:
    wanted, _ = await undisturbed()
    world, outbound = await prepared()
    second = Imports(world.ports, world.settings, outbound.services, Lease(1, 7))
    objects = outbound.services.get(s3.Buckets).objects
    whole = objects.open
    is_first = True

    async def overtaken(*place: Any, **options: Any) -> Any:
        """Let the lease run out while the object is opened, and the second worker do everything."""
        nonlocal is_first
        if is_first:
            is_first = False
            assert not await second.once()
            world.clock.elapsed_s += LEASE_S
            assert await second.once()
        return await whole(*place, **options)

    objects.open = overtaken  # type: ignore[method-assign]
    assert await outbound.imports.once()
    found = await outcome(world, outbound)
    assert found == wanted
    await world.kill(outbound)


async def test_jobs_take_turns() -> None:
    world, outbound = await prepared()
    other = JobKey(ACCOUNT, REGION, "other")
    await world.database.write(lambda session: store.insert(session, other, ORDER, world.clock.now() + 1))
    world.clock.elapsed_s += 2
    database = world.database
    write = database.write

    async def slow(*arguments: Any, **options: Any) -> Any:
        world.clock.elapsed_s += 6
        return await write(*arguments, **options)

    database.write = slow  # type: ignore[method-assign]
    for _ in range(2):
        turn = asyncio.ensure_future(outbound.imports.once())
        assert await world.run(turn.done)  # It rests, so time must go on.
    database.write = write  # type: ignore[method-assign]
    both = [await database.read(lambda session, key=key: store.find(session, key)) for key in (KEY, other)]
    assert all(job is not None and job.completed_at is None and job.processed for job in both)
    await world.kill(outbound)


async def test_a_job_whose_object_was_replaced_fails() -> None:
    world, outbound = await prepared()
    hold = store.Hold(1, 1, world.clock.now())
    job = await world.database.write(lambda session: jobs.claim(session, hold, world.clock.now()))
    assert job is not None
    nothing = jobs.Batch(0, 0)
    await world.database.write(
        lambda session: jobs.take_step(session, jobs.Step(job, nothing, "another", hold), now=world.clock.now())
    )
    await work(world, outbound)
    found = await world.database.read(lambda session: store.find(session, KEY))
    assert found is not None
    assert (found.status, found.error) == ("FAILED", "The object was replaced while it was imported.")
    await world.kill(outbound)


async def test_a_job_that_is_cancelled_ends_where_it_is() -> None:
    world, outbound = await prepared()
    objects = outbound.services.get(s3.Buckets).objects
    whole = objects.open
    opened = 0

    async def cancelled(*place: Any, **options: Any) -> Any:
        """Cancel when the records are about to be read."""
        nonlocal opened
        opened += 1
        if opened == 2:
            now = world.clock.now()
            ended = await world.database.write(lambda session: jobs.cancel(session, KEY.job_id, now))
            assert ended is not None
        return await whole(*place, **options)

    objects.open = cancelled  # type: ignore[method-assign]
    await work(world, outbound)
    found = await world.database.read(lambda session: store.find(session, KEY))
    assert found is not None
    assert (found.status, found.processed) == ("CANCELLED", 0)
    assert found.completed_at is not None
    assert world.count("SELECT COUNT(*) FROM suppressed_destinations") == 0
    assert await world.database.write(lambda session: jobs.cancel(session, KEY.job_id, 0.0)) is None
    assert await world.database.read(lambda session: jobs.latest(session, 10)) == [found]
    await world.kill(outbound)
