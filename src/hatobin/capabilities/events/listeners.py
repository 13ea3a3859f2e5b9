"""Who is told of an event: the destinations of its configuration set that want events of its kind."""

from __future__ import annotations

from msgspec import Struct

from hatobin.capabilities import configuration_sets
from hatobin.capabilities.configuration_sets import (
    CloudWatchTarget,
    ConfigurationSet,
    EventDestination,
    PinpointTarget,
)
from hatobin.capabilities.events.model import WEBHOOK_TARGET, Event
from hatobin.companions import outward
from hatobin.ports import Session, remembered
from hatobin.words.event import EventKind


class Listeners(Struct, frozen=True):
    """Who wants events of one kind of one set."""

    counted: tuple[CloudWatchTarget, ...] = ()
    """The destinations that count."""
    told: tuple[tuple[str, str], ...] = ()
    """Those that get the event: the outbox's `destination`, and what it is published to."""


_NOBODY = Listeners()


def listeners_of(session: Session, event: Event) -> Listeners:
    """Give who wants an event; the same again until the session's memo is cleared."""
    name, key = event.configuration_set, event.key
    if name is None:
        return _NOBODY

    def ask() -> Listeners:
        chosen = configuration_sets.find_once(session, key.account_id, key.region, name)
        return _NOBODY if chosen is None else _listeners(chosen, event.kind, outward.places(session))

    return remembered(session, ("listeners", key.account_id, key.region, name, event.kind), ask)


def _listeners(found: ConfigurationSet, kind: EventKind, elsewhere: outward.Places) -> Listeners:
    wanted = [one for one in found.destinations if one.enabled and kind.api_name in one.event_types]
    told = [(f"{found.name}/{one.name}", arn) for one in wanted if (arn := _published_to(one, elsewhere)) is not None]
    told += [(f"{found.name}/", f"{WEBHOOK_TARGET}{one.name}") for one in found.webhooks if one.wants(kind.api_name)]
    counted = tuple(one.target for one in wanted if isinstance(one.target, CloudWatchTarget))
    return Listeners(counted, tuple(told))


def _published_to(destination: EventDestination, elsewhere: outward.Places) -> str | None:
    """Give the ARN that events go out to: Pinpoint's is nowhere unless the configuration says where."""
    if isinstance(destination.target, PinpointTarget):
        return destination.target.application_arn if elsewhere.has("pinpoint") else None
    return destination.target_arn
