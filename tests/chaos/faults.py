"""What goes wrong: one class per kind of fault, each with the moment it begins and the moment it is over.

A fault that takes time heals from a thread of its own, so several overlap. Two
faults of the same thing do not: `begin` says False where there is nothing to
break just now, and then another kind has its turn.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.chaos.disk import SmallDisk
from tests.chaos.node import Node
from tests.peers.object_store import ObjectStore
from tests.peers.postgres import Postgres
from tests.peers.smtp_sink import SmtpSink

_HEALING_TIMEOUT_S = 120.0


class Healing:
    """The threads in which faults come to their end, and what went wrong in them."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    def start(self, work: Callable[[], object]) -> None:
        """Run `work` beside everything else."""

        def run() -> None:
            try:
                work()
            except BaseException as error:  # Raised by `finish`; a thread has nobody to raise to.
                self.errors.append(error)

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait until every fault is over; raises the first thing that went wrong with the faults themselves."""
        for thread in self._threads:
            thread.join(_HEALING_TIMEOUT_S)
            if thread.is_alive():
                raise AssertionError("a fault does not come to its end")
        if self.errors:
            raise self.errors[0]


class Fault(ABC):
    """One kind of fault."""

    name: str
    weight: int

    @abstractmethod
    def begin(self, dice: random.Random, healing: Healing) -> bool:
        """Break something; False where it is broken already."""


_AT_START = 0.2


class _NodeFault(Fault):
    """A fault of one of the nodes.

    One that is just starting is spared most of the time: killed at each start it would never serve, and
    nothing could be learned from it.
    """

    def __init__(self, nodes: Sequence[Node], *, longest_s: float = 2.0) -> None:
        """Now and then one lasts for `longest_s`: where there are several nodes, the others then take over."""
        self._nodes = nodes
        self._longest_s = longest_s

    def begin(self, dice: random.Random, healing: Healing) -> bool:
        """Break one node; False where it has no process, or is spared."""
        node = dice.choice(self._nodes)
        spared = dice.random() >= _AT_START
        return (node.is_up or not spared) and self.strike(node, dice, healing)

    @abstractmethod
    def strike(self, node: Node, dice: random.Random, healing: Healing) -> bool:
        """Break this one; False where it has no process."""


class WorkerKilled(_NodeFault):
    """kill -9 of one worker; its supervisor starts another one."""

    name, weight = "worker killed", 26

    def strike(self, node: Node, dice: random.Random, healing: Healing) -> bool:
        workers = node.workers()
        if not workers:
            return False
        node.kill([dice.choice(workers)])
        return True


class NodeKilled(_NodeFault):
    """kill -9 of a supervisor and all its workers; it comes back after a while.

    Now and then only the supervisor dies, and its workers have to notice.
    """

    name, weight = "node killed", 4

    def strike(self, node: Node, dice: random.Random, healing: Healing) -> bool:
        away_s = self._longest_s if dice.random() < 0.08 else dice.uniform(0.0, 2.0)
        alone = dice.random() < 0.25
        node.stay_away()
        found = node.processes()
        if alone and found:
            node.kill(found[:1])
            killed = True
        else:
            killed = node.kill_whole()
        healing.start(lambda: (time.sleep(away_s if killed else 0), node.come_back()))
        return killed


class NodeStopped(_NodeFault):
    """An impatient service manager: SIGTERM, and SIGKILL in the middle of the orderly end."""

    name, weight = "node stopped", 3

    def strike(self, node: Node, dice: random.Random, healing: Healing) -> bool:
        found = node.processes()
        if not found:
            return False
        patience_s = dice.uniform(0.0, 1.5)
        node.stay_away()
        node.signal(found[0], signal.SIGTERM)

        def kill() -> None:
            time.sleep(patience_s)
            # What still lives: its first process may be gone, and the workers not yet.
            if node.processes()[:1] == found[:1]:
                node.kill_whole()
            node.come_back()

        healing.start(kill)
        return True


class WorkerFrozen(_NodeFault):
    """SIGSTOP and SIGCONT: a worker that is not dead, and for a while does not know what happened meanwhile."""

    name, weight = "worker frozen", 7

    def strike(self, node: Node, dice: random.Random, healing: Healing) -> bool:
        workers = node.workers()
        if not workers:
            return False
        pid = dice.choice(workers)
        frozen_s = self._longest_s if dice.random() < 0.08 else dice.uniform(0.1, 2.0)
        node.signal(pid, signal.SIGSTOP)
        healing.start(lambda: (time.sleep(frozen_s), node.signal(pid, signal.SIGCONT)))
        return True


class _Exclusive(Fault):
    """A fault of one thing, which is whole or broken."""

    shortest_s, longest_s = 0.2, 1.5

    def __init__(self, lock: threading.Lock | None = None) -> None:
        """Faults that share a `lock` are of the same thing."""
        self._broken = threading.Lock() if lock is None else lock

    def begin(self, dice: random.Random, healing: Healing) -> bool:
        """Break it for a time that the dice say."""
        if not self._broken.acquire(blocking=False):
            return False
        lasts_s = self.lasts_s(dice)

        def run() -> None:
            try:
                with self.broken():
                    time.sleep(lasts_s)
            finally:
                self._broken.release()

        healing.start(run)
        return True

    def lasts_s(self, dice: random.Random) -> float:
        """Say how long it is broken this time."""
        return dice.uniform(self.shortest_s, self.longest_s)

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Have it broken."""
        raise NotImplementedError
        yield


class DatabaseCrash(_Exclusive):
    """PostgreSQL dies without a word, and is started again."""

    name, weight = "database crashed", 6
    shortest_s, longest_s = 0.0, 2.0

    def __init__(self, database: Postgres) -> None:
        super().__init__()
        self._database = database

    def lasts_s(self, dice: random.Random) -> float:
        # Longer than anybody waits for the outcome of a commit.
        return 8.0 if dice.random() < 0.1 else super().lasts_s(dice)

    @contextmanager
    def broken(self) -> Iterator[None]:
        self._database.stop(signal.SIGQUIT)
        yield
        self._database.start()


class DiskFull(_Exclusive):
    """There is no room left where the data folder lies."""

    name, weight = "disk full", 12

    def __init__(self, disk: SmallDisk) -> None:
        super().__init__()
        self._disk = disk

    @contextmanager
    def broken(self) -> Iterator[None]:
        self._disk.fill()
        yield
        self._disk.clear()


class BucketLost(_Exclusive):
    """The object store does not answer."""

    name, weight = "bucket lost", 10

    def __init__(self, objects: ObjectStore) -> None:
        super().__init__()
        self._objects = objects

    @contextmanager
    def broken(self) -> Iterator[None]:
        self._objects.pause()
        yield
        self._objects.resume()


class Weather(_Exclusive):
    """The receiver stalls, hangs up, or answers 451 to everybody."""

    weight = 9

    def __init__(self, sink: SmtpSink, kind: str, sky: threading.Lock) -> None:
        super().__init__(sky)
        self._sink = sink
        self._kind = kind
        self.name = f"receiver: {kind}"

    @contextmanager
    def broken(self) -> Iterator[None]:
        with self._sink.weather(self._kind):
            yield
