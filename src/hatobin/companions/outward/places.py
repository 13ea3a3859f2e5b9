"""What is somewhere else, known in every transaction: the configuration, written into the store at start.

A transaction has a session and no settings, and all nodes must do the same. So the last start writes down
which services live elsewhere and which webhooks there are; where they are, and their secrets, stays in the
settings of whoever calls them.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from hatobin.ports import Session, remembered
from hatobin.words.settings import Settings

_SERVICE, _WEBHOOK = "service", "webhook"
_MEMO = "outward.places"
EVERY_SET = "*"


class WebhookPlace(Struct, frozen=True):
    """A webhook and what it wants: events of these sets ("*": of all), of these types (v2's names; none: all)."""

    name: str
    configuration_sets: tuple[str, ...]
    event_types: tuple[str, ...]

    def wants(self, event_type: str) -> bool:
        """Say whether events of a type go there."""
        return not self.event_types or event_type in self.event_types

    def is_of(self, configuration_set: str) -> bool:
        """Say whether events of a set go there."""
        return EVERY_SET in self.configuration_sets or configuration_set in self.configuration_sets


class Places(Struct, frozen=True):
    """Services that live elsewhere, by their names in `[aws.NAME]`, and webhooks."""

    services: frozenset[str] = frozenset()
    webhooks: tuple[WebhookPlace, ...] = ()

    def has(self, service: str) -> bool:
        """Say whether a service lives elsewhere."""
        return service in self.services

    def webhooks_of(self, configuration_set: str) -> tuple[WebhookPlace, ...]:
        """Give the webhooks that want something of a set."""
        return tuple(one for one in self.webhooks if one.is_of(configuration_set))


def places(session: Session) -> Places:
    """Give what is somewhere else."""
    return remembered(session, _MEMO, lambda: _read(session))


def _read(session: Session) -> Places:
    # Sorted here: a sorter costs SQLite more than the statement, and each group of messages asks.
    rows = sorted(session.execute("SELECT kind, name, detail FROM outward_place"))
    return Places(
        frozenset(name for kind, name, _ in rows if kind == _SERVICE),
        tuple(msgspec.json.decode(detail, type=WebhookPlace) for kind, _, detail in rows if kind == _WEBHOOK),
    )


def install(session: Session, settings: Settings) -> None:
    """Write down what the settings say; calls that wait for what is no longer there stay until they are given up."""
    wanted = {(_SERVICE, name): "" for name, remote in settings.aws.services.items() if remote.endpoint_url}
    for webhook in settings.webhooks:
        place = WebhookPlace(webhook.name, webhook.configuration_sets, webhook.event_types)
        wanted[_WEBHOOK, webhook.name] = msgspec.json.encode(place).decode()
    rows = session.execute("SELECT kind, name, detail FROM outward_place")
    if {(kind, name): detail for kind, name, detail in rows} == wanted:
        return
    session.execute("DELETE FROM outward_place")
    session.many(
        "INSERT INTO outward_place (kind, name, detail) VALUES (:kind, :name, :detail)",
        [{"kind": kind, "name": name, "detail": detail} for (kind, name), detail in wanted.items()],
    )
    session.memo.pop(_MEMO, None)
