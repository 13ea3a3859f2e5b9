"""Calls of the services that take many records at once: Firehose, EventBridge, CloudWatch, Pinpoint.

Refs: Amazon Data Firehose API reference, PutRecordBatch; Amazon EventBridge API reference, PutEvents; Amazon
CloudWatch API reference, PutMetricData; Amazon Pinpoint API reference, PutEvents (its host and path are
those of the service's name, mobiletargeting).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hatobin.companions.outward.model import Leased
from hatobin.companions.outward.requests import (
    OutwardRequest,
    document_of,
    failure,
    failures_in,
    form_request,
    json_request,
    signed_request,
)
from hatobin.ports import HttpReply
from hatobin.protocols.aws.arn import parse_arn
from hatobin.words.instant import iso_ms
from hatobin.words.settings import Aws

RECORD_END = "\n"
"""What follows each event in a delivery stream (surface.md §4.3)."""


class BusEntry(Struct, frozen=True):
    """The payload of a call of EventBridge; `time` in seconds since the epoch."""

    detail_type: str
    detail: str
    time: float
    resources: tuple[str, ...] = ()


class Datum(Struct, frozen=True):
    """The payload of a call of CloudWatch: a sum of `count` samples of one, in the minute that begins `at`."""

    name: str
    dimensions: tuple[tuple[str, str], ...]
    at: int
    count: int


class ProjectEvent(Struct, frozen=True):
    """The payload of a call of Pinpoint: an event of an endpoint of the project."""

    endpoint_id: str
    event_type: str
    at: float
    attributes: dict[str, str]


class FirehoseCarrier:
    """Puts records into delivery streams, each with a line end."""

    batch = 500
    batch_bytes = 2 * 1024 * 1024  # 4 MiB at AWS; a character may be four octets, and rarely is.

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """See `Carrier.request`."""
        records = [{"Data": base64.b64encode((call.payload + RECORD_END).encode()).decode()} for call in calls]
        document = {"DeliveryStreamName": _name(calls[0].key.target, "deliverystream/"), "Records": records}
        target = "Firehose_20150804.PutRecordBatch"
        return json_request(self._aws, "firehose", calls[0].key, target, document, now=now)

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """See `Carrier.errors`."""
        if (failed := failure(reply)) is not None:
            return [failed] * len(calls)
        return failures_in(document_of(reply).get("RequestResponses"), len(calls))


class EventsCarrier:
    """Puts events on the event bus. Deviates: the source is a name of one's own; AWS lets nobody say aws.ses."""

    batch = 10
    batch_bytes = 200 * 1024  # 256 KB at AWS, with what is around the detail.

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """See `Carrier.request`."""
        entries = [self._entry(call) for call in calls]
        return json_request(self._aws, "events", calls[0].key, "AWSEvents.PutEvents", {"Entries": entries}, now=now)

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """See `Carrier.errors`."""
        if (failed := failure(reply)) is not None:
            return [failed] * len(calls)
        return failures_in(document_of(reply).get("Entries"), len(calls))

    def _entry(self, call: Leased) -> dict[str, Any]:
        entry = msgspec.json.decode(call.payload, type=BusEntry)
        return {
            "Source": self._aws.events_source,
            "DetailType": entry.detail_type,
            "Detail": entry.detail,
            "Time": entry.time,
            "Resources": entry.resources,
            "EventBusName": _name(call.key.target, "event-bus/"),
        }


class MetricsCarrier:
    """Puts measurements, in a namespace of one's own; AWS lets nobody say AWS/SES."""

    batch = 100
    batch_bytes = 100 * 1024

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """See `Carrier.request`."""
        form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": self._aws.metrics_namespace}
        for number, call in enumerate(calls, 1):
            form |= _members(f"MetricData.member.{number}", msgspec.json.decode(call.payload, type=Datum))
        return form_request(self._aws, "monitoring", calls[0].key, form, now=now)

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """See `Carrier.errors`."""
        return [failure(reply)] * len(calls)


class PinpointCarrier:
    """Puts events into a project."""

    batch = 100
    batch_bytes = 1024 * 1024

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def request(self, calls: Sequence[Leased], *, now: float) -> OutwardRequest:
        """See `Carrier.request`."""
        items: dict[str, Any] = {}
        for call in calls:
            event = msgspec.json.decode(call.payload, type=ProjectEvent)
            item = items.setdefault(event.endpoint_id, {"Endpoint": {}, "Events": {}})
            item["Events"][call.call_id] = {
                "EventType": event.event_type,
                "Timestamp": iso_ms(event.at),
                "Attributes": event.attributes,
            }
        path = f"/v1/apps/{quote(_name(calls[0].key.target, 'apps/'), safe='')}/events"
        body = msgspec.json.encode({"BatchItem": items})
        headers = {"content-type": "application/json"}
        return signed_request(self._aws, "mobiletargeting", calls[0].key, path, headers, body, now=now)

    def errors(self, calls: Sequence[Leased], reply: HttpReply) -> list[str | None]:
        """See `Carrier.errors`. An event that is not named in the answer was taken with the rest."""
        if (failed := failure(reply)) is not None:
            return [failed] * len(calls)
        said: dict[str, Any] = {}
        results = document_of(reply).get("Results")
        for result in results.values() if isinstance(results, dict) else ():
            said |= result.get("EventsItemResponse") or {}
        return [_refused(said.get(call.call_id, {})) for call in calls]


def _refused(said: dict[str, Any]) -> str | None:
    status = said.get("StatusCode", 202)
    return None if 200 <= status <= 299 else f"status {status}: {said.get('Message', '')}"


def _name(arn: str, prefix: str) -> str:
    """Give the name in an ARN; our accounts have no meaning elsewhere, so it is what a caller there would say."""
    parsed = parse_arn(arn)
    return arn if parsed is None else parsed.resource.removeprefix(prefix)


def _members(prefix: str, datum: Datum) -> dict[str, str]:
    members = {
        "MetricName": datum.name,
        "Timestamp": iso_ms(float(datum.at)),
        "Unit": "Count",
        "StatisticValues.SampleCount": str(datum.count),
        "StatisticValues.Sum": str(datum.count),
        "StatisticValues.Minimum": "1",
        "StatisticValues.Maximum": "1",
    }
    for number, (name, value) in enumerate(datum.dimensions, 1):
        members[f"Dimensions.member.{number}.Name"] = name
        members[f"Dimensions.member.{number}.Value"] = value
    return {f"{prefix}.{name}": value for name, value in members.items()}
