"""A short chaos run on each store; `make chaos` makes longer ones. CHAOS_FAULTS and CHAOS_SEED say how long, which."""

from __future__ import annotations

import os

import pytest

from tests.chaos.ledger import State
from tests.chaos.run import run


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_the_ledger_closes_whatever_breaks(store: str, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    faults = int(os.environ.get("CHAOS_FAULTS", "12"))

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    result = run(store, faults=faults, seed=seed, say=say)
    say(result.story())
    assert not result.flaws, "\n".join([f"{len(result.flaws)} flaws (seed {seed})", *result.flaws[:20]])
    assert not result.traces, result.traces
    assert result.struck.total() == faults
    assert len(result.promises) > 10 * faults, "there was hardly any load"
    for state in (State.DELIVERED, State.BOUNCED, State.SUPPRESSED, State.REJECTED, State.RENDERING_FAILED):
        assert result.ledger.count(state), f"nobody became {state.name}"
