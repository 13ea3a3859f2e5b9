"""Where each event of the outbox goes, and how: to a topic, a delivery stream, by rules of the bus, or out.

What goes to a service elsewhere, or to a webhook, becomes a call of `companions/outward`, in the same transaction.

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
from hatobin.companions import eventbridge, firehose, outward, sns
from hatobin.gateway import Services
from hatobin.ports import Ports, Session
from hatobin.protocols.aws.arn import parse_arn


class Letter(Struct, frozen=True):
    """A body for one target; `match` says by which rule of the bus it goes there, `call` that it goes out as one."""

    target_arn: str
    body: str
    subject: str | None
    match: eventbridge.Match | None = None
    call: outward.TargetKey | None = None


Place = tuple[int, int]
"""A letter: the number of its row, and which of the row's letters it is."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What one transaction did: `lost` counts events by the target that is not there."""

    rows: int
    published: list[sns.Published] = field(default_factory=list)
    delivered: list[eventbridge.Delivered] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    goes_out: bool = False

    def announce(self, services: Services) -> None:
        """Wake who waits for what was handed over; after the commit, on the event loop."""
        for one in self.published:
            sns.announce(services, one)
        for delivered in self.delivered:
            eventbridge.announce(services, delivered)
        if self.goes_out:
            services.get(outward.OutwardCalls).notify()


class Plans:
    """Says where rows go; what it reads of rules holds for its session."""

    def __init__(self, session: Session, ports: Ports) -> None:
        self._router = eventbridge.Router(session)
        self._ports = ports
        self._elsewhere = outward.places(session)

    @property
    def goes_out(self) -> bool:
        """Whether anything may become a call."""
        return bool(self._elsewhere.services or self._elsewhere.webhooks)

    def letters(self, row: OutboxRow) -> list[Letter]:
        """Give the letters that one event becomes: for a bus as many as rules and targets match it."""
        out = self._outward(row)
        if out is not None:
            return [out]
        if _service(row.target_arn) != "events":
            return [Letter(row.target_arn, row.payload, row.subject)]
        event = events.bus_event(row, self._ports.entropy.uuid())
        matches = self._router.matches(event, now=self._ports.clock.now())
        return [Letter(match.target.arn, match.body, None, match) for match in matches]

    def _outward(self, row: OutboxRow) -> Letter | None:
        """Give the call that an event becomes; None where its target is here. Topics decide that themselves."""
        kind, target, payload = "", row.target_arn, row.payload
        if target.startswith(events.WEBHOOK_TARGET):
            kind, target = outward.CallKind.WEBHOOK.value, target.removeprefix(events.WEBHOOK_TARGET)
        elif target == events.METRICS_TARGET:
            kind = outward.CallKind.CLOUDWATCH.value
        elif _service(target) == "mobiletargeting":
            kind, payload = outward.CallKind.PINPOINT.value, events.project_event(row)
        elif _service(target) == "events" and self._elsewhere.has("events"):
            kind, payload = outward.CallKind.EVENTS.value, events.bus_entry(row)
        elif _service(target) == "firehose" and self._elsewhere.has("firehose"):
            kind = outward.CallKind.FIREHOSE.value
        if not kind:
            return None
        return Letter("", payload, None, call=outward.TargetKey(row.account_id, row.region, kind, target))


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
    plans, now = Plans(session, ports), ports.clock.now()
    done = HandedOver(len(rows), goes_out=plans.goes_out)
    publications = sns.Publications(session, now=now, entropy=ports.entropy, signer=signer)
    calls: dict[outward.TargetKey, list[outward.CallDraft]] = {}
    streams: dict[str, list[bytes]] = {}
    for row in rows:
        letters = planned.get(row.id)
        for position, letter in enumerate(plans.letters(row) if letters is None else letters):
            seal = sealed.get((row.id, position))
            if letter.call is not None:
                draft = outward.CallDraft(letter.body, row.message_id or None)
                calls.setdefault(letter.call, []).append(draft)
            elif letter.match is not None:
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
                streams.setdefault(letter.target_arn, []).append((letter.body + outward.RECORD_END).encode())
            else:
                published = publications.publish(
                    letter.target_arn, letter.body, subject=letter.subject, order_key=row.message_id, sealed=seal
                )
                if isinstance(published, sns.Published):
                    done.published.append(published)
                else:
                    done.lost[letter.target_arn] += 1
    publications.finish()
    for target in sorted(calls):
        outward.enqueue(session, target, calls[target], now=now, entropy=ports.entropy)
    for arn, records in streams.items():
        if not firehose.put(session, arn, records, now=now):
            done.lost[arn] += len(records)
    return done


def _service(arn: str) -> str:
    found = parse_arn(arn)
    return "" if found is None else found.service
