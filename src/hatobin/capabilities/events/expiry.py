"""Events whose message is gone: found by their index, removed with it."""

from __future__ import annotations

from collections.abc import Sequence

from hatobin.capabilities import queue
from hatobin.capabilities.queue import MessageKey
from hatobin.ports import Session
from hatobin.ports.walk import Piece, Place, Table, conditions, walk
from hatobin.words.identifiers import id_bound

_EVENTS = Table("event_record", "message_id", "")


def find_expired(session: Session, start: Place[str] | None, *, before: float, limit: int) -> Piece[str]:
    """Look at the events of up to `limit` messages from before `before`, and give the messages that are gone.

    A message that is still in the queue keeps its events.
    """
    piece = walk(session, _EVENTS, start, bound=lambda region: id_bound(region, before), limit=limit)
    gone = [place for place in piece.found if queue.message(session, MessageKey(*_parts(place))) is None]
    return Piece(gone, piece.stopped_at)


def remove(session: Session, expired: Sequence[Place[str]]) -> None:
    """Remove the events of these messages."""
    for condition, parameters in conditions(_EVENTS, expired):
        session.execute(f"DELETE FROM event_record WHERE {condition}", parameters)  # noqa: S608 - only names


def _parts(place: Place[str]) -> tuple[str, str, str]:
    return place.account_id, place.region, place.key
