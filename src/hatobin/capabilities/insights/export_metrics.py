"""The file of a metrics export: a row for each combination of dimensions that has a count.

A rate is of what could have had the event: opens of deliveries with a pixel,
clicks of those with tracked links, complaints of those to providers that tell
of them, all else of what was sent.

Refs: API reference v2, MetricsDataSource, ExportMetric. The columns, the four decimals and the lower-case names in JSON
were observed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import msgspec

from hatobin.capabilities import metrics
from hatobin.capabilities.insights.export_messages import Portion
from hatobin.capabilities.metrics import DAY_S
from hatobin.gateway.models import sesv2 as model
from hatobin.ports import Session

ROWS_AT_ONCE = 500
_BASES = {"OPEN": "DELIVERY_OPEN", "CLICK": "DELIVERY_CLICK", "COMPLAINT": "DELIVERY_COMPLAINT"}

_encode = msgspec.json.Encoder().encode


class MetricExport:
    """What a job wants of an account's days."""

    def __init__(self, account_id: str, region: str, source: model.MetricsDataSource, data_format: str) -> None:
        self._scope = (account_id, region)
        self._is_csv = data_format == "CSV"
        self._dimensions = {str(name): list(values) for name, values in source.dimensions.items()}
        self._days = (int(source.start_date // DAY_S), int(source.end_date // DAY_S))
        self._metrics = [(str(one.name), one.aggregation or "VOLUME") for one in source.metrics if one.name is not None]

    @property
    def head(self) -> bytes:
        """What the file begins with."""
        if not self._is_csv:
            return b"["
        return _csv([*self._dimensions, *(f"{name}_{kind}" for name, kind in self._metrics)])

    @property
    def tail(self) -> bytes:
        """What the file ends with."""
        return b"" if self._is_csv else b"]\n"

    def portion(self, session: Session, cursor: Any | None, written: int) -> Portion:
        """Make the next part; `written` is how many records are in the file already."""
        rows = metrics.totals(session, *self._scope, self._dimensions, self._days, after=cursor, limit=ROWS_AT_ONCE)
        octets = bytearray()
        for number, (place, counts) in enumerate(rows):
            octets += self._line(place, counts, is_first=written + number == 0)
        cursor = rows[-1][0] if len(rows) == ROWS_AT_ONCE else None
        return Portion(bytes(octets), sum(counts["SEND"] for _, counts in rows), len(rows), cursor)

    def _line(self, place: tuple[str, ...], counts: Mapping[str, int], *, is_first: bool) -> bytes:
        values = [_value(name, kind, counts) for name, kind in self._metrics]
        if self._is_csv:
            return _csv([*place, *values])
        named = {name.lower(): value for name, value in zip(self._dimensions, place, strict=True)}
        shown = {
            f"{name}_{kind}": msgspec.Raw(value.encode())
            for (name, kind), value in zip(self._metrics, values, strict=True)
        }
        return (b"" if is_first else b",") + _encode({**named, "metrics": shown})


def _value(name: str, kind: str, counts: Mapping[str, int]) -> str:
    if kind != "RATE":
        return f"{counts[name]:.4f}"
    base = counts[_BASES.get(name, "SEND")]
    return f"{counts[name] / base if base else 0.0:.4f}"


def _csv(fields: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode()
