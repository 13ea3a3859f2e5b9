"""Connections as hatobin wants them, and a line that is opened anew when it was lost.

Whatever the URL says stands; what it does not say is filled in here. The
connection must be hatobin's own from start to commit, so a pooler before the
server must be in session mode.

Law: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from hatobin.adapters.postgres.session import PostgresSession
from hatobin.adapters.postgres.values import adapt
from hatobin.ports.database import DatabaseUnavailable

MINIMUM_POSTGRES = 130000
"""The oldest version that is still cared for; 15 is what the tests run."""

CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_S = 10
"""How long work waits for another writer before it fails as `DatabaseUnavailable`, as on SQLite."""

READ_TIMEOUT_S = 30
"""How long one reading statement may take."""

IDLE_IN_TRANSACTION_TIMEOUT_S = 30
"""After this long the server drops a worker that stopped in the middle of a transaction, and its locks."""

FIRST_RECONNECT_S = 0.1
LAST_RECONNECT_S = 5.0
"""After a failed attempt to connect the next one waits for the first time, then twice as long, up to the last."""

_DEFAULTS: Mapping[str, object] = {
    "application_name": "hatobin",
    "client_encoding": "UTF8",
    "connect_timeout": CONNECT_TIMEOUT_S,
    # A dead peer is noticed after about fifteen seconds.
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
    # With several hosts in the URL: the one that takes writes.
    "target_session_attrs": "read-write",
}

# Writing has no statement_timeout: it would also end the wait for a synchronous standby, and then the commit
# would be answered as if the standby had it (SyncRepWaitForLSN).
_SETTINGS = f"""
SELECT set_config('lock_timeout', '{LOCK_TIMEOUT_S}s', false),
  set_config('statement_timeout', %(statement_timeout)s, false),
  set_config('idle_in_transaction_session_timeout', '{IDLE_IN_TRANSACTION_TIMEOUT_S}s', false),
  set_config('standard_conforming_strings', 'on', false),
  set_config('jit', 'off', false),
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('synchronous_commit', CASE current_setting('synchronous_commit')
    WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)"""


class PostgresTooOld(Exception):
    """The server lacks what hatobin needs."""


def connect(url: str, *, reading: bool = False) -> PostgresSession:
    """Open a session; blocks. Raises `DatabaseUnavailable`, `PostgresTooOld`, and `ValueError` for a bad URL."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise ValueError(f"no PostgreSQL URL: {error}") from error
    try:
        connection = psycopg.connect(**{**_DEFAULTS, **given}, autocommit=True)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise _unreachable(error) from error
    try:
        return _prepared(connection, reading=reading)
    except BaseException as error:
        connection.close()
        if isinstance(error, psycopg.Error):
            raise _unreachable(error) from error
        raise


def _prepared(connection: psycopg.Connection[Any], *, reading: bool) -> PostgresSession:
    if connection.info.server_version < MINIMUM_POSTGRES:
        raise PostgresTooOld(
            f"PostgreSQL {connection.info.server_version // 10000} answers, hatobin needs at least "
            f"{MINIMUM_POSTGRES // 10000}"
        )
    connection.execute(_SETTINGS, {"statement_timeout": f"{READ_TIMEOUT_S}s" if reading else "0"})
    adapt(connection)
    return PostgresSession(connection, reading=reading)


def _unreachable(error: psycopg.Error) -> DatabaseUnavailable:
    """There was no connection yet that could have been lost."""
    return DatabaseUnavailable(str(error).strip())


class Line:
    """One thread's way to the server: a session that is opened when it is needed and dropped when it broke."""

    def __init__(self, url: str, *, reading: bool = False) -> None:
        self._url = url
        self._reading = reading
        self._session: PostgresSession | None = None
        self._pause_s = 0.0
        self._not_before = 0.0

    @property
    def is_open(self) -> bool:
        """There is a session that has not been found broken."""
        return self._session is not None

    def session(self) -> PostgresSession:
        """Give the open session, connecting if there is none. Raises `DatabaseUnavailable`, at once in a pause."""
        if self._session is None:
            if time.monotonic() < self._not_before:
                raise DatabaseUnavailable("the database cannot be reached")
            try:
                self._session = connect(self._url, reading=self._reading)
            except Exception as error:
                self._pause_s = min(max(FIRST_RECONNECT_S, self._pause_s * 2), LAST_RECONNECT_S)
                self._not_before = time.monotonic() + self._pause_s
                if isinstance(error, DatabaseUnavailable):
                    raise
                raise DatabaseUnavailable(str(error)) from error
            self._pause_s = self._not_before = 0.0
        return self._session

    def drop(self) -> None:
        """Close a session that broke, so that the next use connects."""
        if self._session is not None:
            self._session.close()
            self._session = None

    close = drop
