"""Export jobs in a simulated world: a crash at every commit, a lost lease, a cancellation, a full blob store."""

from __future__ import annotations

import asyncio
import itertools

import msgspec
import pytest

from hatobin.app.outbound import Outbound
from hatobin.capabilities import jobs, queue
from hatobin.capabilities.insights import export_messages
from hatobin.capabilities.jobs import ExportJob, JobKey, export_store
from hatobin.capabilities.queue import Lease, MessageKey, NewMessage, NewRecipient
from hatobin.flow.exports import GIVE_UP_S, LEASE_S, RETRY_S, Exports
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session
from hatobin.ports.blobs import BlobsUnavailable, BlobWriter
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from tests.simulation.server import ACCOUNT, REGION, CrashPlan, Killed, World

KEY = JobKey(ACCOUNT, REGION, "job")
COUNT = 11


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_messages, "MESSAGES_AT_ONCE", 3)


async def prepared() -> tuple[World, Outbound]:
    """Give a world with messages, and a job that nobody has begun."""
    world = World()
    outbound = await world.start()
    now = world.clock.now()

    def put(session: Session) -> None:
        for number in range(COUNT):
            at = now - 100 + number
            key = MessageKey(ACCOUNT, REGION, message_id(REGION, at, f"{number:032x}"))
            recipient = NewRecipient(f"u{number}@example.net", "example.net", RecipientState.DELIVERED, "250 ok")
            message = NewMessage(
                key=key, accepted_at=at, expires_at=at, source="me@example.com", reverse_path="r", identity_arn="arn",
                configuration_set=None, tls_required=False, dkim=None, tags="", mail="", content=b"", blob_key=None,
                recipients=(recipient,),
            )  # fmt: skip
            queue.enqueue(session, message, None)
        window = model.MessageInsightsDataSource(start_date=now - 200, end_date=now)
        source = msgspec.json.encode(model.ExportDataSource(message_insights_data_source=window)).decode()
        export_store.insert_export(session, ExportJob(KEY, "MESSAGE_INSIGHTS", "CSV", source, "PROCESSING", now))

    await world.database.write(put)
    return world, outbound


async def once(world: World, exports: Exports) -> None:
    """Let a worker take a job to its end; it rests, so time must go on. Raises what stopped it."""
    turn = asyncio.ensure_future(exports.once())
    assert await world.run(turn.done)
    turn.result()


async def job_of(world: World) -> ExportJob:
    found = await world.database.read(lambda session: jobs.find_export(session, KEY))
    assert found is not None
    return found


async def assert_whole(world: World) -> None:
    """The job has ended once, with every message in its file once."""
    job = await job_of(world)
    assert (job.status, job.processed, job.exported, job.has_file) == ("COMPLETED", COUNT, COUNT, True)
    lines = (await world.blobs.get(job.blob_key)).decode().splitlines()
    assert len(lines) == 1 + COUNT
    assert len({line.partition(",")[0] for line in lines}) == 1 + COUNT


async def test_a_crash_at_any_commit_leaves_a_job_that_the_next_process_ends() -> None:
    world, outbound = await prepared()
    before = world.crash.commits
    await once(world, outbound.exports)
    commits = world.crash.commits - before
    await assert_whole(world)
    await world.kill(outbound)
    assert commits > 4
    for number, after in itertools.product(range(1, commits + 1), (False, True)):
        world, outbound = await prepared()
        world.crash = CrashPlan(at_commit=number, after=after)
        with pytest.raises(Killed):
            await once(world, outbound.exports)
        await world.kill(outbound)
        outbound = await world.start()
        await once(world, outbound.exports)
        await assert_whole(world)
        await world.kill(outbound)


async def test_a_job_that_was_cancelled_meanwhile_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    world, outbound = await prepared()
    noted = jobs.note_progress

    def cancelled(session: Session, key: JobKey, hold: jobs.Hold, processed: int, exported: int) -> bool:
        export_store.cancel_export(session, key, world.clock.now())
        return noted(session, key, hold, processed, exported)

    monkeypatch.setattr(jobs, "note_progress", cancelled)
    await once(world, outbound.exports)
    job = await job_of(world)
    assert (job.status, job.has_file) == ("CANCELLED", False)
    assert job.blob_key not in world.blobs.stored
    await world.kill(outbound)


async def test_a_job_whose_lease_ran_out_is_begun_anew_by_another_worker() -> None:
    world, outbound = await prepared()
    hold = jobs.Hold(1, 1, world.clock.now() + LEASE_S)
    await world.database.write(lambda session: jobs.claim_export(session, hold, world.clock.now()))
    other = Exports(world.ports, Lease(2, 1))
    assert not await other.once()
    world.clock.elapsed_s += LEASE_S
    await once(world, other)
    await assert_whole(world)
    stale = await world.database.write(lambda session: jobs.note_progress(session, KEY, hold, 1, 1))
    assert not stale
    await world.kill(outbound)


async def test_a_full_blob_store_makes_a_job_wait_and_at_last_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    world, outbound = await prepared()
    whole = world.ports.blobs.writer

    class Full:
        """A writer that has no room."""

        def __init__(self, inner: BlobWriter) -> None:
            self._inner = inner

        async def write(self, data: bytes) -> None:
            raise BlobsUnavailable("no room")

        async def commit(self) -> None:
            raise AssertionError("nothing was written")

        async def abort(self) -> None:
            await self._inner.abort()

    monkeypatch.setattr(world.blobs, "writer", lambda key: Full(whole(key)))
    await once(world, outbound.exports)
    assert (await job_of(world)).completed_at is None
    world.clock.elapsed_s += RETRY_S + GIVE_UP_S
    await once(world, outbound.exports)
    job = await job_of(world)
    assert (job.status, job.error, job.has_file) == ("FAILED", "no room", False)
    await world.kill(outbound)
