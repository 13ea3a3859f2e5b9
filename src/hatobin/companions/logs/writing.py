"""How events come into a stream: within a transaction, and never beyond what their group may hold."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.companions.logs import event_store, store
from hatobin.companions.logs.model import GroupKey, LogEvent
from hatobin.ports import Session


def append(
    session: Session, key: GroupKey, stream_name: str, events: Sequence[LogEvent], *, now: float, max_group_bytes: int
) -> None:
    """Keep events, whose group and stream are made where they are missing; the oldest go when the group is full."""
    store.insert_group(session, key, now=now)
    store.insert_stream(session, key, stream_name, now=now)
    keep(session, key, stream_name, events, now=now, max_group_bytes=max_group_bytes)


def keep(
    session: Session, key: GroupKey, stream_name: str, events: Sequence[LogEvent], *, now: float, max_group_bytes: int
) -> None:
    """Keep events of a stream that is there."""
    if not events:
        return
    event_store.insert(session, key, stream_name, events, now=now)
    times = [event.at_ms for event in events]
    store.note_events(session, key, stream_name, min(times), max(times), now=now)
    held = store.add_bytes(session, key, sum(event.size for event in events))
    if held > max_group_bytes:
        store.add_bytes(session, key, -event_store.remove_oldest(session, key, size=held - max_group_bytes))
