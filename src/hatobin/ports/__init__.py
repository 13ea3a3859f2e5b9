"""What hatobin asks of the world, as Protocols.

Nothing below `app` reads a clock, opens a socket, draws a random number or
touches a disk by itself: it asks one of these ports. `adapters` holds the
real answers, `tests/simulation` the simulated ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.ports.blobs import Blobs
from hatobin.ports.clock import Clock, Timer
from hatobin.ports.database import Database, Row, Session, Value, remembered
from hatobin.ports.dns import Answer, AnswerStatus, Dns
from hatobin.ports.entropy import Entropy
from hatobin.ports.http import Http, HttpReply, HttpUnreachable
from hatobin.ports.network import Connection, ConnectionLost, Network
from hatobin.ports.threads import LONG_WORK_BYTES, Threads, run_by_size

__all__ = [
    "LONG_WORK_BYTES",
    "Answer",
    "AnswerStatus",
    "Blobs",
    "Clock",
    "Connection",
    "ConnectionLost",
    "Database",
    "Dns",
    "Entropy",
    "Http",
    "HttpReply",
    "HttpUnreachable",
    "Network",
    "Ports",
    "Row",
    "Session",
    "Threads",
    "Timer",
    "Value",
    "remembered",
    "run_by_size",
]


@dataclass(frozen=True, slots=True)
class Ports:
    """The eight ports, passed as one value from the composition root downwards."""

    clock: Clock
    dns: Dns
    network: Network
    http: Http
    entropy: Entropy
    database: Database
    blobs: Blobs
    threads: Threads
