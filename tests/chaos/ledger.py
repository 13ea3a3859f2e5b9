"""The books: what clients were promised, what the database says, what the receiver got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from tests.chaos.load import Promise
from tests.peers.smtp_sink import Received
from tests.running import RunningServer


class State(IntEnum):
    """`queue_recipient.state`, written down here a second time: an auditor brings his own list."""

    QUEUED = 0
    DELIVERED = 1
    BOUNCED = 2
    EXPIRED = 3
    SUPPRESSED = 4
    REJECTED = 5
    RENDERING_FAILED = 6
    CANCELLED = 7


_FATES = {
    "reject": State.BOUNCED,
    "blocked": State.BOUNCED,
    "content": State.BOUNCED,
    "greylist": State.EXPIRED,
    "suppressed": State.SUPPRESSED,
    "infected": State.REJECTED,
    "unrendered": State.RENDERING_FAILED,
}


def expected(address: str) -> State:
    """Say what must become of a recipient of `Load`: it stands in the address."""
    return _FATES.get(address.partition("@")[0].partition("+")[0], State.DELIVERED)


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient in the database."""

    state: State
    attempts: int
    possible_duplicates: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The database, by (message id, recipient), and the totals that the server keeps beside it."""

    rows: dict[tuple[str, str], Row]
    totals: dict[str, int]

    @classmethod
    def of(cls, server: RunningServer) -> Ledger:
        """Read the books of a server."""
        with server.store() as store:
            found = store.execute(
                "SELECT message_id, address, state, attempts, possible_duplicates FROM queue_recipient"
            )
            rows = {
                (str(identifier), str(address)): Row(State(state), attempts, doubtful)
                for identifier, address, state, attempts, doubtful in found
            }
            totals = store.execute("SELECT what, SUM(total) FROM queue_total GROUP BY what").fetchall()
        return cls(rows, {str(what): int(total) for what, total in totals})

    def count(self, state: State) -> int:
        """How many recipients are in a state."""
        return sum(row.state is state for row in self.rows.values())

    @property
    def queued(self) -> int:
        """How many recipients are not final."""
        return self.count(State.QUEUED)

    @property
    def possible_duplicates(self) -> int:
        """How many deliveries may have happened twice, by the server's own account."""
        return sum(row.possible_duplicates for row in self.rows.values())

    def missing(self, promises: Iterable[Promise]) -> list[tuple[str, str]]:
        """Give what a client was promised and the database does not know."""
        return [(one.id, to) for one in promises for to in one.recipients if (one.id, to) not in self.rows]

    def undelivered(self, got: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
        """Give what the database calls delivered and the receiver has not got."""
        return [place for place, row in self.rows.items() if row.state is State.DELIVERED and not got.get(place, 0)]


def queued(server: RunningServer) -> int:
    """How many recipients are not final; cheap, so that it may be asked again and again."""
    with server.store() as store:
        row = store.execute(f"SELECT COUNT(*) FROM queue_recipient WHERE state = {State.QUEUED:d}").fetchone()
    return int(row[0])


def is_settled(server: RunningServer) -> bool:
    """Whether every recipient is final."""
    return queued(server) == 0


def copies(received: Sequence[Received]) -> Counter[tuple[str, str]]:
    """Count what the receiver got by (message id, recipient)."""
    return Counter((one.id, to) for one in received for to in one.recipients)


def flaws(ledger: Ledger, promises: Iterable[Promise], got: Mapping[tuple[str, str], int]) -> list[str]:
    """Say what is wrong in the books, one line each: [] when every promise is kept and every copy announced."""
    found = [f"{place} was promised and is not in the database" for place in ledger.missing(promises)]
    found += [f"{place} was received and is not in the database" for place in got if place not in ledger.rows]
    for place, row in ledger.rows.items():
        found += _row_flaws(place, row, got.get(place, 0))
    for state in State:
        # What is queued is not counted there; see the server's `queue_total`.
        if state and (counted := ledger.totals.get(state.name, 0)) != (rows := ledger.count(state)):
            found.append(f"the server's total of {state.name} is {counted}, its rows are {rows}")
    return found


def _row_flaws(place: tuple[str, str], row: Row, count: int) -> list[str]:
    if row.state is not expected(place[1]):
        return [f"{place} should be {expected(place[1]).name}: {row}"]
    if row.state is not State.DELIVERED:
        return [f"{place} is {row.state.name} and arrived {count} times"] if count else []
    if count == 0:
        return [f"{place} is called delivered and did not arrive"]
    return [f"{place} arrived {count} times: {row}"] if count - 1 > row.possible_duplicates else []


def check_books(ledger: Ledger, promises: Sequence[Promise], got: Mapping[tuple[str, str], int]) -> None:
    """Fail with what is wrong in the books."""
    found = flaws(ledger, promises, got)
    assert not found, "\n".join([f"{len(found)} flaws", *found[:20]])
