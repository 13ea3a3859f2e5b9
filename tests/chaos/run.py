"""The chaos run: real processes, load through every door, and faults at random times; then the ledger must close.

    python -m tests.chaos.run --store sqlite --faults 50 --seed 1

The faults and the pauses between them follow from the seed; what the machine
does meanwhile does not. The last line on stdout is the ledger as JSON, its
status 1 where it does not close; everything else goes to stderr.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from tests.chaos.faults import Fault, Healing
from tests.chaos.ledger import Ledger, State, flaws, queued
from tests.chaos.load import Load, Promise, prepare
from tests.chaos.world import Parts, World
from tests.running import ServerFailed

_MEAN_PAUSE_S = 0.8
_LONGEST_PAUSE_S = 3.0
_LOAD_PAUSE_S = 0.05
_BREATHER_AFTER_S = 20.0
_NO_PROMISE_S = 90.0
"""The doors must take mail within this time, whatever happens to them."""
_UP_TIMEOUT_S = 60.0
_SETTLE_TIMEOUT_S = 180.0
_DOOMED_S = 330.0
"""What it takes until doomed mail has expired. Shorter runs send none, longer ones in their first half."""
_SHOWN_FLAWS = 20


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended."""

    ledger: Ledger
    promises: Sequence[Promise]
    got: Counter[tuple[str, str]]
    flaws: Sequence[str]
    struck: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    failed_starts: int = 0
    traces: str = ""
    """What a server process said that is a bug of ours, whatever the books say."""

    def line(self, *, seed: int) -> str:
        """Give the ledger as one line of JSON: recipients by what became of them."""
        promised = {(one.id, to) for one in self.promises for to in one.recipients}
        lost = set(self.ledger.missing(self.promises)) | set(self.ledger.undelivered(self.got))
        states = {state.name.lower(): self.ledger.count(state) for state in State if state}
        return json.dumps(
            {
                "ledger": "open" if self.flaws else "closed",
                "accepted": len(promised | self.ledger.rows.keys()),
                **states,
                "queued": self.ledger.queued,
                "lost": len(lost),
                "possible_duplicate": self.ledger.possible_duplicates,
                "faults": self.struck.total(),
                "seed": seed,
            }
        )

    def story(self) -> str:
        """Say in a few lines what happened."""
        kinds = ", ".join(f"{count} × {name}" for name, count in sorted(self.struck.items()))
        twice = sum(count - 1 for count in self.got.values())
        return (
            f"{kinds}; {self.failed_starts} starts failed\n"
            f"{len(self.promises)} messages promised, {self.unanswered} refused or unanswered, "
            f"{len(self.got)} recipients served, {twice} extra copies, "
            f"{self.ledger.possible_duplicates} owned up to"
        )


class ChaosRun:
    """One run in an open world."""

    def __init__(self, parts: Parts, *, faults: int, seed: int, say: Callable[[str], None]) -> None:
        self._parts = parts
        self._faults = faults
        self._dice = random.Random(seed)
        self._seed = seed
        self._say = say
        self._healing = Healing()
        self._struck: Counter[str] = Counter()
        self._begun = time.monotonic()
        self._promised_at = self._begun
        self._promises = 0
        self._complaints: list[str] = []

    def run(self) -> Result:
        """Break things under load, let the queue settle, and look at the books."""
        parts = self._parts
        servers = [node.server for node in parts.nodes]
        prepare(servers[0])
        load = Load(*servers, seed=self._seed, smtp=4, api=4, receiver=parts.sink, rich=True, pause_s=_LOAD_PAUSE_S)
        with load:
            self._strike_all(load)
            self._healing.finish()
            for node in parts.nodes:
                if not node.comes_up(_UP_TIMEOUT_S):
                    self._complaints.append("a node does not come up again")
        if load.faults:
            raise load.faults[0]
        self._settle()
        ledger = Ledger.of(servers[0])
        return Result(
            ledger=ledger,
            promises=load.promises,
            got=parts.sink.counts,
            flaws=self._complaints + flaws(ledger, load.promises, parts.sink.counts),
            struck=self._struck,
            unanswered=load.unanswered,
            failed_starts=sum(node.failed_starts for node in parts.nodes),
        )

    def _strike_all(self, load: Load) -> None:
        for number in range(1, self._faults + 1):
            left_s = (self._faults - number) * _MEAN_PAUSE_S
            load.doomed = left_s > _DOOMED_S and number < self._faults / 2
            time.sleep(min(_LONGEST_PAUSE_S, self._dice.expovariate(1 / _MEAN_PAUSE_S)))
            self._strike()
            self._show(number, load)
            if time.monotonic() - self._promised_at > _BREATHER_AFTER_S and not self._breathe(number, load):
                return

    def _breathe(self, number: int, load: Load) -> bool:
        """Leave the servers alone until something is accepted again; a flaw where that does not come.

        On a busy machine a start takes longer than the time between two faults, and nothing would ever be up.
        """
        deadline = time.monotonic() + _NO_PROMISE_S
        before = len(load.promises)
        while len(load.promises) == before:
            if time.monotonic() > deadline:
                self._complaints.append(f"nothing was accepted in {_NO_PROMISE_S:.0f} s of quiet after fault {number}")
                return False
            time.sleep(0.2)
        self._promised_at = time.monotonic()
        return True

    def _strike(self) -> None:
        """Let the next fault happen: of the kinds that can happen now, the one the dice say."""
        while True:
            faults: list[Fault] = list(self._parts.faults)
            while faults:
                fault = self._dice.choices(faults, [one.weight for one in faults])[0]
                if fault.begin(self._dice, self._healing):
                    self._struck[fault.name] += 1
                    return
                faults.remove(fault)
            # Everything is broken already.
            time.sleep(0.1)

    def _show(self, number: int, load: Load) -> None:
        now = time.monotonic()
        if len(load.promises) > self._promises:
            self._promises, self._promised_at = len(load.promises), now
        if number % 10 == 0 or number == self._faults:
            done = "#" * (30 * number // self._faults)
            self._say(
                f"[{done:<30}] {number}/{self._faults} faults, {now - self._begun:.0f} s: {self._promises} promised, "
                f"{load.unanswered} refused, {len(self._parts.sink.ids)} arrived"
            )

    def _settle(self) -> None:
        """Wait until every recipient is final; doomed ones need their time."""
        server = self._parts.nodes[0].server
        timeout_s = _SETTLE_TIMEOUT_S + (_DOOMED_S if self._faults * _MEAN_PAUSE_S > _DOOMED_S else 0)
        deadline = time.monotonic() + timeout_s
        shown = time.monotonic()
        while left := queued(server):
            now = time.monotonic()
            if now > deadline:
                self._complaints.append(f"{left} recipients are still queued after {timeout_s:.0f} s of quiet")
                return
            if now - shown > 5:
                shown = now
                self._say(f"{left} recipients are still queued")
            time.sleep(0.3)


def run(store: str, *, faults: int, seed: int, say: Callable[[str], None], logs: Path | None = None) -> Result:
    """Make a run and give its result; what servers say is kept in the folder `logs`, if there is one."""
    result: Result | None = None
    try:
        with World(store, faults=faults, logs=logs) as parts:
            if parts.left_out:
                say(parts.left_out)
            result = ChaosRun(parts, faults=faults, seed=seed, say=say).run()
    except ServerFailed as failure:
        # Seen when the servers were stopped: the books are closed by then.
        if result is None:
            raise
        return replace(result, traces=str(failure))
    return result


@click.command()
@click.option("--store", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
@click.option("--faults", type=click.IntRange(0), default=50, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--logs", type=click.Path(file_okay=False, path_type=Path), help="Folder to keep what servers say.")
def main(store: str, faults: int, seed: int, logs: Path | None) -> None:
    """Break things under load, and see whether the ledger closes."""

    def say(text: str) -> None:
        click.echo(text, err=True)

    # Ended from outside, it still ends its servers and unmounts its disk.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)
    result = run(store, faults=faults, seed=seed, say=say, logs=logs)
    say(result.story())
    if result.traces:
        say(f"a server process was not well: {result.traces}")
    for flaw in result.flaws[:_SHOWN_FLAWS]:
        say(f"flaw: {flaw}")
    if len(result.flaws) > _SHOWN_FLAWS:
        say(f"and {len(result.flaws) - _SHOWN_FLAWS} more flaws")
    click.echo(result.line(seed=seed))
    sys.exit(1 if result.flaws else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.chaos.run")
