"""Firehose's errors, as its API words them."""

from __future__ import annotations

from hatobin.companions.firehose import store
from hatobin.companions.firehose.model import Stream, StreamKey
from hatobin.ports import Session
from hatobin.words.errors import CallerError


def invalid(text: str) -> CallerError:
    """Make the error of an argument that cannot be."""
    return CallerError("InvalidArgumentException", text)


def unsupported(what: str) -> CallerError:
    """Make the error of something that Firehose has and this server has not."""
    return invalid(f"{what} is not supported by this server.")


def open_stream(session: Session, key: StreamKey) -> Stream:
    """Give a stream. Raises ResourceNotFoundException."""
    stream = store.find_stream(session, key)
    if stream is None:
        raise CallerError("ResourceNotFoundException", f"Firehose {key.name} under account {key.account_id} not found.")
    return stream
