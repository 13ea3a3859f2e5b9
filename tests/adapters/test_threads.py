"""Work on threads, and its way back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from hatobin.adapters.threads import ThreadPool
from hatobin.ports import LONG_WORK_BYTES, run_by_size


@pytest.fixture
async def pool() -> AsyncIterator[ThreadPool]:
    made = ThreadPool(2, "test-pool")
    yield made
    await made.close()


async def test_result_and_exception_come_back(pool: ThreadPool) -> None:
    assert await pool.run(lambda: 6 * 7) == 42
    with pytest.raises(ZeroDivisionError):
        await pool.run(lambda: 1 // 0)


async def test_work_runs_on_named_threads_of_the_pool(pool: ThreadPool) -> None:
    names = await asyncio.gather(*(pool.run(lambda: threading.current_thread().name) for _ in range(50)))
    assert set(names) <= {"test-pool-0", "test-pool-1"}


async def test_two_pieces_run_at_the_same_time(pool: ThreadPool) -> None:
    meeting = threading.Barrier(2, timeout=10)
    await asyncio.gather(pool.run(meeting.wait), pool.run(meeting.wait))


async def test_a_thousand_results_reach_their_own_waiters(pool: ThreadPool) -> None:
    results = await asyncio.gather(*(pool.run(partial(int, number)) for number in range(1000)))
    assert results == list(range(1000))


async def test_long_work_never_runs_in_the_calling_task() -> None:
    pool = ThreadPool(0, "test-pool")
    try:
        here = threading.current_thread().name
        assert await pool.run(lambda: threading.current_thread().name) == here
        names = await asyncio.gather(*(pool.run_long(lambda: threading.current_thread().name) for _ in range(5)))
        assert set(names) == {"test-pool-long-0"}
    finally:
        await pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run_long(lambda: None)


async def test_long_work_does_not_keep_short_work_waiting(pool: ThreadPool) -> None:
    go_on = threading.Event()
    long = asyncio.ensure_future(pool.run_long(lambda: go_on.wait(10)))
    assert await pool.run(lambda: 1) == 1
    assert not long.done()
    go_on.set()
    assert await long


@pytest.mark.parametrize(("size_bytes", "away"), [(LONG_WORK_BYTES, False), (LONG_WORK_BYTES + 1, True)])
async def test_the_size_of_content_decides_where_it_is_worked_on(size_bytes: int, away: bool) -> None:
    pool = ThreadPool(0, "test-pool")
    name = await run_by_size(pool, size_bytes, lambda: threading.current_thread().name)
    assert (name == "test-pool-long-0") is away
    await pool.close()


async def test_cancelled_work_is_not_begun(pool: ThreadPool) -> None:
    go_on, ran = threading.Event(), []
    busy = [asyncio.ensure_future(pool.run(lambda: go_on.wait(10))) for _ in range(2)]
    waiting = asyncio.ensure_future(pool.run(lambda: ran.append(True)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*busy)
    await pool.run(lambda: None)
    assert ran == []


async def test_stop_iteration_does_not_lose_the_other_results(pool: ThreadPool) -> None:
    def stop() -> None:
        raise StopIteration

    results = await asyncio.gather(pool.run(stop), pool.run(lambda: 1), return_exceptions=True)
    assert isinstance(results[0], RuntimeError)
    assert results[1] == 1


def test_pool_serves_one_event_loop_after_another() -> None:
    pool = ThreadPool(1)

    async def ask() -> int:
        return await pool.run(lambda: 1)

    assert asyncio.run(ask()) == 1
    assert asyncio.run(ask()) == 1
    asyncio.run(pool.close())


async def test_close_finishes_what_is_queued_and_refuses_the_rest() -> None:
    pool = ThreadPool(1)
    tasks = [asyncio.ensure_future(pool.run(partial(int, number))) for number in range(20)]
    await asyncio.sleep(0)
    await pool.close()
    assert await asyncio.gather(*tasks) == list(range(20))
    with pytest.raises(RuntimeError):
        await pool.run(lambda: 1)


async def test_a_pool_of_no_threads_works_in_the_calling_task() -> None:
    pool = ThreadPool(0)
    here = threading.get_ident()
    assert await pool.run(threading.get_ident) == here
    await pool.close()
