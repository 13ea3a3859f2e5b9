"""A server that dies at any write of a delivery stream: what was acknowledged is in S3 once, the rest at most once."""

from __future__ import annotations

import pytest

from hatobin.companions import firehose
from hatobin.companions.firehose.flushing import LEASE_S
from hatobin.companions.firehose.model import S3Destination, Stream, StreamKey
from hatobin.companions.firehose.store import insert_stream
from hatobin.companions.s3 import LocalObjects, object_store, store
from hatobin.companions.s3.model import Bucket
from tests.simulation.server import ACCOUNT, REGION, CrashPlan, Killed, World

KEY = StreamKey(ACCOUNT, REGION, "mail")
RECORDS = 6
COMMITS = 40
"""More than a run without a crash has, so that the last ones die nowhere."""


class Run:
    """A world with a stream, what was acknowledged, and what lies in the bucket."""

    def __init__(self) -> None:
        self.world = World()
        self.acknowledged: list[bytes] = []
        self.bucket = Bucket(ACCOUNT, "events", REGION, 0.0)

    async def prepare(self) -> None:
        destination = S3Destination("role", "arn:aws:s3:::events", interval_s=0)
        stream = Stream(KEY, "id", destination, (), 0.0, 0)
        await self.world.database.write(lambda session: store.insert_bucket(session, self.bucket))
        await self.world.database.write(lambda session: insert_stream(session, stream))

    async def serve(self) -> None:
        """Take records and write objects, as long as the process lives."""
        flusher = firehose.StreamFlusher(self.world.ports, LocalObjects(self.world.ports))
        for number in range(RECORDS):
            record = b"%d\n" % number
            await self.world.database.write(
                lambda session, record=record: firehose.put(session, KEY.arn, [record], now=self.world.clock.now())  # type: ignore[misc]
            )
            self.acknowledged.append(record)
            if number % 3 == 2:
                await flusher.once()

    async def recover(self) -> None:
        """Start again where nothing fails any more, when the leases have ended."""
        self.world.crash = CrashPlan()
        self.world.clock.elapsed_s += LEASE_S
        await firehose.StreamFlusher(self.world.ports, LocalObjects(self.world.ports)).once()

    async def written(self) -> list[bytes]:
        found = await self.world.database.read(
            lambda session: object_store.list_objects(
                session, self.bucket, low="", takes_low=True, high=None, limit=100
            )
        )
        lines: list[bytes] = []
        for one in found:
            opened = await LocalObjects(self.world.ports).open("events", one.key)
            lines += b"".join([piece async for piece in opened.pieces]).splitlines(keepends=True)
        return lines


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
@pytest.mark.parametrize("commit", range(1, COMMITS))
async def test_each_record_is_written_once(commit: int, after: bool) -> None:
    run = Run()
    await run.prepare()
    run.world.crash = CrashPlan(at_commit=commit, after=after)
    try:
        await run.serve()
    except Killed:
        pass
    await run.recover()
    written = await run.written()
    assert len(written) == len(set(written))
    assert set(run.acknowledged) <= set(written)
    assert len(written) - len(run.acknowledged) <= 1
    left = await run.world.database.read(lambda session: session.execute("SELECT COUNT(*) FROM firehose_buffer"))
    assert left == [(0,)]
    await run.world.database.close()


async def test_the_runs_reach_the_end() -> None:
    """Otherwise the crashes above would miss the last writes."""
    run = Run()
    await run.prepare()
    before = run.world.crash.commits
    await run.serve()
    assert run.world.crash.commits - before < COMMITS
    assert sorted(await run.written()) == run.acknowledged
    await run.world.database.close()
