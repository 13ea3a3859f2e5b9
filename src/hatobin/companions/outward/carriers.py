"""How each kind of call is made: the requests that carry it, and what their answers say of each call.

A carrier takes several calls of one target into one request where the service has such an operation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from hatobin.companions.outward.aws_carriers import EventsCarrier, FirehoseCarrier, MetricsCarrier, PinpointCarrier
from hatobin.companions.outward.aws_message_carriers import SnsCarrier, SqsCarrier
from hatobin.companions.outward.model import CallKind, Leased
from hatobin.companions.outward.requests import NotReachable, OutwardRequest
from hatobin.companions.outward.webhooks import WebhookCarrier
from hatobin.ports import HttpReply
from hatobin.words.settings import Settings


class Carrier(Protocol):
    """Makes calls of one kind."""

    @property
    def batch(self) -> int:
        """How many calls one request may carry."""
        ...

    @property
    def batch_bytes(self) -> int:
        """How large their payloads may be together; one call alone may be larger."""
        ...

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """Give the request for calls of one target. Raises `NotReachable` where nothing says where it is."""
        ...

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """Say of each call what went wrong, None for one that arrived."""
        ...


class Carriers(Struct, frozen=True):
    """The carrier of each kind."""

    by_kind: Mapping[str, Carrier]

    @classmethod
    def of(cls, settings: Settings) -> Carriers:
        """Make those that the settings describe."""
        aws = settings.aws
        return cls(
            {
                CallKind.SNS.value: SnsCarrier(aws),
                CallKind.SQS.value: SqsCarrier(aws),
                CallKind.FIREHOSE.value: FirehoseCarrier(aws),
                CallKind.EVENTS.value: EventsCarrier(aws),
                CallKind.CLOUDWATCH.value: MetricsCarrier(aws),
                CallKind.PINPOINT.value: PinpointCarrier(aws),
                CallKind.WEBHOOK.value: WebhookCarrier(settings.webhooks),
            }
        )

    def groups(self, calls: Sequence[Leased]) -> list[list[Leased]]:
        """Part calls of one target into what goes with one request."""
        carrier = self.by_kind[calls[0].key.kind]
        groups: list[list[Leased]] = []
        size = 0
        for call in calls:
            if not groups or len(groups[-1]) >= carrier.batch or size + len(call.payload) > carrier.batch_bytes:
                groups.append([])
                size = 0
            groups[-1].append(call)
            size += len(call.payload)
        return groups


__all__ = ["Carrier", "Carriers", "NotReachable", "OutwardRequest"]
