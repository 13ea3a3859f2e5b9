"""Firehose beside SES: delivery streams that write what is put there to S3.

Records are durable when they are put. They wait in a buffer until it is large
enough or old enough, then they become one object, each record once. A stream
takes direct puts and has one S3 destination; what else Firehose has is refused.

Other rooms call `put` inside their transaction. `StreamFlusher` writes the
objects; `backlog` says what is still here.
"""

from __future__ import annotations

from hatobin.companions.firehose import api_records, api_streams, api_tags
from hatobin.companions.firehose.flushing import StreamFlusher
from hatobin.companions.firehose.model import StreamKey, Totals
from hatobin.companions.firehose.putting import put, stream_exists
from hatobin.companions.firehose.store import backlog, totals

__all__ = [
    "StreamFlusher",
    "StreamKey",
    "Totals",
    "api_records",
    "api_streams",
    "api_tags",
    "backlog",
    "put",
    "stream_exists",
    "totals",
]
