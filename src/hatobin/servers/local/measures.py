"""Figures for operators as values: what a part of the server measures, and what it measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Struct

from hatobin.flow.outbound import Histogram

Kind = Literal["gauge", "counter", "histogram"]
Key = str | tuple[str, ...]
WORKER = "worker"


class Sample(Struct, frozen=True, array_like=True):
    """One figure under its labels. Of a histogram `value` is the sum and `buckets` are (bound, number up to it)."""

    labels: tuple[str, ...]
    value: float
    buckets: tuple[tuple[str, int], ...] = ()


class Family(Struct, frozen=True):
    """All samples of one name."""

    name: str
    meaning: str
    kind: Kind
    labels: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()


_decode = msgspec.json.Decoder(tuple[Family, ...]).decode


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a part of a worker for `/metrics`, read at every scrape.

    With a `label`, or several, `read` gives one figure for each of their values.
    """

    name: str
    meaning: str
    kind: Kind
    read: Callable[[], float | Histogram | Mapping[str, float] | Mapping[tuple[str, ...], float]]
    label: Key = ()

    def family(self) -> Family:
        """Read it."""
        labels = (self.label,) if isinstance(self.label, str) else self.label
        return family(self.name, self.meaning, self.kind, self.read(), labels)


def family(
    name: str,
    meaning: str,
    kind: Kind,
    figure: float | Histogram | Mapping[str, float] | Mapping[tuple[str, ...], float],
    labels: tuple[str, ...] = (),
) -> Family:
    """Put figures under their name."""
    if isinstance(figure, Histogram):
        return Family(name, meaning, kind, labels, (_distribution(figure),))
    if not isinstance(figure, Mapping):
        return Family(name, meaning, kind, labels, (Sample((), float(figure)),))
    samples = [Sample((key,) if isinstance(key, str) else key, float(value)) for key, value in figure.items()]
    return Family(name, meaning, kind, labels, tuple(samples))


def _distribution(figure: Histogram) -> Sample:
    buckets, so_far = [], 0
    for bound, count in zip([*map(str, figure.bounds), "+Inf"], figure.counts, strict=True):
        so_far += count
        buckets.append((bound, so_far))
    return Sample((), figure.total, tuple(buckets))


def write_families(families: Sequence[Family]) -> str:
    """Write families down for other workers."""
    return msgspec.json.encode(families).decode()


def together(told: Iterable[tuple[int, str]]) -> list[Family]:
    """Put together what workers told: every family once, with each worker's number as a label."""
    found: dict[str, Family] = {}
    for worker, text in told:
        for one in _decode(text):
            marked = tuple(Sample((*each.labels, str(worker)), each.value, each.buckets) for each in one.samples)
            known = found.get(one.name)
            samples = marked if known is None else known.samples + marked
            found[one.name] = Family(one.name, one.meaning, one.kind, (*one.labels, WORKER), samples)
    return list(found.values())
