"""Where each event of the outbox goes, and how it gets there: to a topic, a delivery stream, or by rules of the bus.

Planning only reads, so that envelopes may be signed between it and the
transaction that hands over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from hatobin.capabilities import events
from hatobin.capabilities.events import OutboxRow
from hatobin.companions import eventbridge, firehose, sns
from hatobin.gateway import Services
from hatobin.ports import Ports, Session
from hatobin.protocols.aws.arn import parse_arn

RECORD_END = b"\n"
"""What follows each event in a delivery stream (surface.md §4.3)."""


class Letter(Struct, frozen=True):
    """A body for one target; `match` says by which rule of the bus it goes there."""

    target_arn: str
    body: str
    subject: str | None
    match: eventbridge.Match | None = None


Place = tuple[int, int]
"""A letter: the number of its row, and which of the row's letters it is."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What one transaction did: `lost` counts events by the target that is not there."""

    rows: int
    published: list[sns.Published] = field(default_factory=list)
    delivered: list[eventbridge.Delivered] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    def announce(self, services: Services) -> None:
        """Wake who waits for what was handed over; after the commit, on the event loop."""
        for one in self.published:
            sns.announce(services, one)
        for delivered in self.delivered:
            eventbridge.announce(services, delivered)


class Plans:
    """Says where rows go; what it reads of rules holds for its session."""

    def __init__(self, session: Session, ports: Ports) -> None:
        self._router = eventbridge.Router(session)
        self._ports = ports

    def letters(self, row: OutboxRow) -> list[Letter]:
        """Give the letters that one event becomes: for a bus as many as rules and targets match it."""
        if _service(row.target_arn) != "events":
            return [Letter(row.target_arn, row.payload, row.subject)]
        event = events.bus_event(row, self._ports.entropy.uuid())
        matches = self._router.matches(event, now=self._ports.clock.now())
        return [Letter(match.target.arn, match.body, None, match) for match in matches]


def hand_over(
    session: Session,
    rows: Sequence[OutboxRow],
    planned: Mapping[int, Sequence[Letter]],
    sealed: Mapping[Place, sns.SealedMessage],
    *,
    ports: Ports,
    signer: sns.SnsSigner,
) -> HandedOver:
    """Hand events over, in their order; what was not planned (another node wrote it meanwhile) is planned now."""
    done, now = HandedOver(len(rows)), ports.clock.now()
    plans = Plans(session, ports)
    publications = sns.Publications(session, now=now, entropy=ports.entropy, signer=signer)
    streams: dict[str, list[bytes]] = {}
    for row in rows:
        letters = planned.get(row.id)
        for position, letter in enumerate(plans.letters(row) if letters is None else letters):
            seal = sealed.get((row.id, position))
            if letter.match is not None:
                delivered = eventbridge.deliver(
                    session,
                    letter.match,
                    now=now,
                    entropy=ports.entropy,
                    signer=signer,
                    order_key=row.message_id,
                    sealed=seal,
                )
                done.delivered.append(delivered)
            elif _service(letter.target_arn) == "firehose":
                streams.setdefault(letter.target_arn, []).append(letter.body.encode() + RECORD_END)
            else:
                published = publications.publish(
                    letter.target_arn, letter.body, subject=letter.subject, order_key=row.message_id, sealed=seal
                )
                if isinstance(published, sns.Published):
                    done.published.append(published)
                else:
                    done.lost[letter.target_arn] += 1
    publications.finish()
    for arn, records in streams.items():
        if not firehose.put(session, arn, records, now=now):
            done.lost[arn] += len(records)
    return done


def _service(arn: str) -> str:
    found = parse_arn(arn)
    return "" if found is None else found.service
