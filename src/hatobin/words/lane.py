"""Lanes: who counts in a row that many writers add to."""

from __future__ import annotations

from enum import IntEnum


class Lane(IntEnum):
    """Who counts. Writers of different lanes never wait for each other's rows."""

    ACCEPT = 0
    SETTLE = 1
    TRACK = 2
    API = 3
    RATES = 4
