"""What the server's refusals mean to us: by their five characters, never by their words.

Law: https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

import psycopg

from hatobin.ports.database import DatabaseUnavailable


class ConnectionLost(DatabaseUnavailable):
    """The connection is gone, and with it what was not committed."""


class Conflict(DatabaseUnavailable):
    """Another writer stood in the way (deadlock, serialization); the same work may pass when it runs again."""


_CONFLICTS = ("40001", "40P01")
# 08 connection, 53 resources (disk full, too many connections), 57 operator (shutdown, time limit),
# 58 system (I/O), XX internal (corruption).
_UNAVAILABLE = ("08", "53", "57", "58", "XX")
# A lock that did not come, and a server that turned read-only (a standby after a failover).
_UNAVAILABLE_CODES = ("55P03", "25006")
# The server ends the connection with these; a prepared statement that it does not know any more
# (somebody said DISCARD, or a pooler switches servers) needs a new connection as well.
_ENDING = ("57P01", "57P02", "57P03", "57P05", "25P03", "26000")


def judge(error: psycopg.Error, *, reading: bool = False) -> Exception:
    """Turn what the server said into the port's errors; a wrong statement of ours stays what it is."""
    code = error.sqlstate or ""
    kind: type[DatabaseUnavailable] | None = None
    if code in _CONFLICTS:
        kind = Conflict
    elif code in _ENDING or (not code and isinstance(error, psycopg.OperationalError)):
        kind = ConnectionLost
    elif code == "25006" and reading:
        kind = None  # Reading work that writes is our mistake.
    elif code[:2] in _UNAVAILABLE or code in _UNAVAILABLE_CODES:
        kind = DatabaseUnavailable
    if kind is None:
        return error
    judged = kind(f"{type(error).__name__}: {str(error).strip()}")
    judged.__cause__ = error
    return judged
