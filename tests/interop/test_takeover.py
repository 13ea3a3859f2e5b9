"""Two nodes on one PostgreSQL and a long queue: one dies in the middle, the other one delivers everything."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.fill import Past, fill_store
from tests.chaos.ledger import Ledger, State, queued
from tests.chaos.receiver import CountingSink
from tests.peers.postgres import Postgres
from tests.running import RunningServer, wait_until

_QUEUED = 12_000
_READY = 2000
"""What one node holds at most (`delivery.ready_messages`)."""


def _node(url: str, sink: CountingSink) -> RunningServer:
    settings = {
        "store.url": url,
        "server.dead_after_s": "10",
        "delivery.mode": "relay",
        "delivery.relay": sink.address,
        "delivery.ready_messages": str(_READY),
        "delivery.retry_delays_s": "[0.2]",
        "account.verification": "instant",
    }
    return RunningServer(settings, variables={"HATOBIN_MASTER_KEY": "5e" * 32})


def test_a_node_delivers_what_another_one_had_when_it_was_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Postgres() as database, CountingSink() as sink:
        url = database.create_database("takeover")
        fill_store(tmp_path, Past(due=_QUEUED), url=url)
        begun = time.monotonic()
        with _node(url, sink) as stays, _node(url, sink) as dies:
            wait_until(lambda: sink.counts.total() > _QUEUED / 4, "a part is delivered", timeout_s=300)
            dies.kill9()
            arrived = sink.counts.total()
            assert queued(stays) > 0, "it was too late for a kill"
            wait_until(lambda: "took_over" in stays.stderr(), "the other one takes over", timeout_s=120)
            wait_until(lambda: queued(stays) == 0, "the queue empties", timeout_s=300)
            took_s = time.monotonic() - begun
            ledger = Ledger.of(stays)
    # These messages have no Message-ID, and no two of them the same recipient.
    got = Counter({to: count for (_, to), count in sink.counts.items()})
    rows = {to: row for (_, to), row in ledger.rows.items()}
    assert len(rows) == _QUEUED
    assert {row.state for row in rows.values()} == {State.DELIVERED}
    assert not [to for to in rows if not got[to]], "something is called delivered and did not arrive"
    assert not [to for to, row in rows.items() if got[to] - 1 > row.possible_duplicates]
    assert 0 < ledger.possible_duplicates <= _READY, "what the dead node held is in doubt, and nothing else"
    with capsys.disabled():
        twice = sum(count - 1 for count in got.values())
        print(
            f"{_QUEUED} messages, a node killed after {arrived}: all delivered in {took_s:.0f} s, {twice} twice, "
            f"{ledger.possible_duplicates} owned up to",
            flush=True,
        )
