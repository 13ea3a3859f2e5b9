"""The books: what clients were promised, what the database says, what the receiver got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.chaos.load import Promise
from tests.peers.smtp_sink import Received
from tests.running import RunningServer

QUEUED, DELIVERED, BOUNCED = 0, 1, 2
"""`queue_recipient.state` (`words.outcome.RecipientState`)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient in the database."""

    state: int
    attempts: int
    possible_duplicates: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The database, by (message id, recipient)."""

    rows: dict[tuple[str, str], Row]

    @classmethod
    def of(cls, server: RunningServer) -> Ledger:
        """Read the books of a server."""
        with server.store() as store:
            found = store.execute(
                "SELECT message_id, address, state, attempts, possible_duplicates FROM queue_recipient"
            ).fetchall()
        rows: dict[tuple[str, str], Row] = {}
        for identifier, address, state, attempts, doubtful in found:
            rows[str(identifier), str(address)] = Row(int(state or 0), int(attempts or 0), int(doubtful or 0))
        return cls(rows)

    @property
    def queued(self) -> int:
        """How many recipients are not final."""
        return sum(row.state == QUEUED for row in self.rows.values())

    @property
    def possible_duplicates(self) -> int:
        """How many deliveries may have happened twice, by the server's own account."""
        return sum(row.possible_duplicates for row in self.rows.values())

    def missing(self, promises: Iterable[Promise]) -> list[tuple[str, str]]:
        """Give what a client was promised and the database does not know."""
        return [(one.id, to) for one in promises for to in one.recipients if (one.id, to) not in self.rows]


def is_settled(server: RunningServer) -> bool:
    """Whether every recipient is final; cheap, so that it may be asked again and again."""
    with server.store() as store:
        return store.execute(f"SELECT 1 FROM queue_recipient WHERE state = {QUEUED} LIMIT 1").fetchone() is None


def copies(received: Sequence[Received]) -> Counter[tuple[str, str]]:
    """Count what the receiver got by (message id, recipient)."""
    return Counter((one.id, to) for one in received for to in one.recipients)


def check_books(ledger: Ledger, promises: Sequence[Promise], got: Counter[tuple[str, str]]) -> None:
    """Every promise is kept, every final state is true, and each extra copy was announced."""
    assert not ledger.missing(promises), "a promised message is not in the database"
    assert not set(got) - set(ledger.rows), "the receiver has mail that the database does not know"
    for place, row in ledger.rows.items():
        refused = place[1].startswith("reject")
        assert row.state == (BOUNCED if refused else DELIVERED), f"{place}: {row}"
        if refused:
            assert got[place] == 0
        else:
            assert got[place] >= 1, f"{place} is called delivered and did not arrive"
            assert got[place] - 1 <= row.possible_duplicates, f"{place}: {got[place]} copies, {row}"
