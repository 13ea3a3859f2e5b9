"""The port's `Session` over one connection in pipeline mode.

Statements are sent without waiting for the ones before them. Only one that
gives rows waits, for its own result and so for all before it. A refused
statement therefore shows late, at the latest in `settle`; from then on every
call raises the same error until the transaction is rolled back.

The session speaks through `psycopg.pq`, psycopg's thin layer over libpq: a
cursor of psycopg costs 20 µs for a statement in a pipeline, this costs 4.

Law: https://www.postgresql.org/docs/current/libpq-pipeline-mode.html.
"""

from __future__ import annotations

import select
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

from hatobin.adapters.postgres.errors import ConnectionLost, judge
from hatobin.adapters.postgres.statements import Statement, compile_script, compile_statement
from hatobin.adapters.postgres.values import Types, bind, types_of
from hatobin.ports.database import Dialect, Row, Value

MAX_PENDING = 1000
"""Statements that may be under way; then their answers are taken in, which bounds the memory on both sides."""

MAX_STATEMENTS = 512
"""Statements that one connection keeps prepared; the whole server has a few hundred."""

RESPONSE_TIMEOUT_S = 60.0
"""A server that says nothing for this long is lost. Its own limits (`connection`) are shorter."""

_NOTHING: Mapping[str, Value] = {}
_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY)


class _Known:
    """A statement on this connection, and the name under which the server has it, if it has."""

    __slots__ = ("is_prepared", "name", "statement", "types")

    def __init__(self, statement: Statement, name: bytes, types: Types | None = None) -> None:
        self.statement = statement
        self.name = name
        self.types = types
        self.is_prepared = False


class _Mark:
    """What may be awaited beside the result of a statement."""


_SYNC = _Mark()
_Awaited = _Known | _Mark | None
"""An answer under way: that of preparing a statement, of a synchronization, or of a statement."""


class PostgresSession:
    """One connection's statements, in order. Belongs to one thread."""

    def __init__(self, connection: psycopg.Connection[Any], *, reading: bool = False) -> None:
        """Take over a connection in autocommit, for good; `reading` when its transactions must not write."""
        self.memo: dict[object, Any] = {}
        """What the port says; the runners forget it."""
        self.failure: Exception | None = None
        self.wrote = False
        """Whether anything was written since a runner set this to false."""
        self._reading = reading
        self._connection = connection
        self._pg = connection.pgconn
        self._rows = Transformer.from_context(connection)
        self._known: dict[str, _Known] = {}
        self._typed: dict[tuple[bytes, Types], _Known] = {}
        self._names = 0
        self._awaited: list[_Awaited] = []
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(self._pg.socket, select.POLLIN)
        self._writable.register(self._pg.socket, select.POLLIN | select.POLLOUT)
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()

    @property
    def dialect(self) -> Dialect:
        """Say which engine this is."""
        return "postgres"

    # ── what work uses ───────────────────────────────────────────────────────

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run one statement and give all its rows; without any it is only sent."""
        known = self._known.get(sql) or self._compile(sql)
        self._send(known, parameters or _NOTHING)
        if known.statement.gives_rows:
            result = self._result_of(known.statement)
            return self._rows.load_rows(0, result.ntuples, tuple)
        if known.statement.writes:
            self.wrote = True
        return []

    def one(self, sql: str, parameters: Mapping[str, Value] | None = None) -> Row | None:
        """Run one statement and give its first row, or None."""
        known = self._known.get(sql) or self._compile(sql)
        self._send(known, parameters or _NOTHING)
        if not known.statement.gives_rows:
            self.wrote = self.wrote or known.statement.writes
            return None
        result = self._result_of(known.statement)
        return self._rows.load_rows(0, 1, tuple)[0] if result.ntuples else None

    def many(self, sql: str, parameters: Sequence[Mapping[str, Value]]) -> None:
        """Run one statement once per parameter set, in one go."""
        known = self._known.get(sql) or self._compile(sql)
        for values in parameters:
            self._send(known, values)
        if parameters:
            self.wrote = True

    # ── what runners use ─────────────────────────────────────────────────────

    def script(self, sql: str) -> None:
        """Send a script of statements in the common language."""
        for statement in compile_script(sql):
            self._send(_Known(statement, b""), _NOTHING)

    def settle(self) -> None:
        """Wait for everything that was sent. Raises what one of the statements ran into."""
        if self.failure is None and self._awaited:
            self._collect()
        if self.failure is not None:
            raise self.failure

    def commit(self) -> None:
        """Ask for the commit and wait for it; raises unless it is durable."""
        self.execute("COMMIT")
        self._synchronize()
        self.settle()

    def end_reading(self) -> None:
        """Let the snapshot go without waiting; the answer is taken in by the next transaction."""
        if self.failure is not None:
            self.roll_back()
        else:
            self.execute("COMMIT")
            self._synchronize()
            self._flush()

    def roll_back(self, savepoint: str | None = None) -> None:
        """Undo the transaction, or what came after a savepoint, and forget the failure. Raises `ConnectionLost`."""
        if isinstance(self.failure, ConnectionLost):
            raise self.failure
        self.failure = None
        self.execute(f"ROLLBACK TO SAVEPOINT {savepoint}" if savepoint else "ROLLBACK")
        if savepoint is None:
            self._synchronize()
            self.settle()

    def close(self) -> None:
        """Drop the connection; the server rolls back what was open."""
        self._connection.close()

    # ── the pipeline ─────────────────────────────────────────────────────────

    def _compile(self, sql: str) -> _Known:
        known = self._known[sql] = _Known(compile_statement(sql), self._new_name())
        return known

    def _with_types(self, known: _Known, parameters: Mapping[str, Value]) -> _Known:
        """Give the statement as it is prepared for values of these types."""
        types = types_of(known.statement.names, parameters)
        typed = self._typed.get((known.name, types))
        if typed is None:
            typed = self._typed[known.name, types] = _Known(known.statement, self._new_name(), types)
        return typed

    def _new_name(self) -> bytes:
        if len(self._known) + len(self._typed) >= MAX_STATEMENTS:
            self._known.clear()
            self._typed.clear()
            self._send(_Known(compile_statement("DEALLOCATE ALL"), b""), _NOTHING)
        self._names += 1
        return b"h%d" % self._names

    def _send(self, known: _Known, parameters: Mapping[str, Value]) -> None:
        if self.failure is not None:
            raise self.failure
        if len(self._awaited) >= MAX_PENDING:
            self.settle()
        statement = known.statement
        if statement.has_table_of_values:
            known = self._with_types(known, parameters)
        values, formats = bind(statement.names, parameters)
        try:
            if not statement.worth_preparing:
                self._pg.send_query_params(statement.text, values, None, formats, Format.BINARY)
            else:
                if not known.is_prepared:
                    self._pg.send_prepare(known.name, statement.text, known.types)
                    self._awaited.append(known)
                    known.is_prepared = True
                self._pg.send_query_prepared(known.name, values, formats, Format.BINARY)
        except psycopg.Error as error:
            raise self._lost(error) from error
        self._awaited.append(None)

    def _result_of(self, statement: Statement) -> PGresult:
        result = self._collect()
        if self.failure is not None:
            raise self.failure
        if statement.writes and result.command_tuples:
            self.wrote = True
        self._rows.set_pgresult(result)
        return result

    def _synchronize(self) -> None:
        try:
            self._pg.pipeline_sync()
        except psycopg.Error as error:
            raise self._lost(error) from error
        self._awaited.append(_SYNC)

    def _collect(self) -> PGresult:
        """Take in all answers under way and give that of the last statement; sets `failure`."""
        last: PGresult | None = None
        try:
            self._pg.send_flush_request()
            self._flush()
            awaited, self._awaited = self._awaited, []
            for each in awaited:
                result = self._answer(each)
                last = last if result is None else result
            if self.failure is not None and _SYNC not in awaited[-1:]:
                self._recover()
        except psycopg.Error as error:
            raise self._lost(error) from error
        assert last is not None, "something was sent"
        return last

    def _answer(self, awaited: _Awaited) -> PGresult | None:
        """Take in one answer. A refused statement takes all down that come before the next synchronization."""
        result = self._next()
        if awaited is _SYNC:
            if result.status != ExecStatus.PIPELINE_SYNC:
                raise psycopg.OperationalError("the pipeline is out of step")
            return None
        if self._pg.get_result() is not None:
            raise psycopg.OperationalError("the pipeline is out of step")
        if result.status not in _DONE:
            if isinstance(awaited, _Known):
                awaited.is_prepared = False
            if self.failure is None:
                self.failure = self._failure_of(result)
        return result

    def _failure_of(self, result: PGresult) -> Exception:
        if self._pg.status == ConnStatus.BAD:
            return self._lost(psycopg.OperationalError(result.get_error_message()))
        judged = judge(psycopg.errors.error_from_result(result), reading=self._reading)
        return self._lost(judged) if isinstance(judged, ConnectionLost) else judged

    def _recover(self) -> None:
        """Lead the pipeline out of its aborted state; the transaction stays failed until it is rolled back."""
        if isinstance(self.failure, ConnectionLost):
            return
        self._pg.pipeline_sync()
        self._flush()
        self._answer(_SYNC)

    def _next(self) -> PGresult:
        """Wait for one result without holding the interpreter's lock."""
        while self._pg.is_busy():
            if not self._readable.poll(RESPONSE_TIMEOUT_S * 1000):
                raise psycopg.OperationalError(f"the server said nothing for {RESPONSE_TIMEOUT_S:.0f} s")
            self._pg.consume_input()
        result = self._pg.get_result()
        if result is None:
            raise psycopg.OperationalError("the pipeline is out of step")
        return result

    def _flush(self) -> None:
        while self._pg.flush():
            ready = self._writable.poll(RESPONSE_TIMEOUT_S * 1000)
            if not ready:
                raise psycopg.OperationalError(f"the server took nothing for {RESPONSE_TIMEOUT_S:.0f} s")
            if ready[0][1] & ~select.POLLOUT:
                self._pg.consume_input()

    def _lost(self, error: Exception) -> Exception:
        if not isinstance(self.failure, ConnectionLost):
            self.failure = error if isinstance(error, ConnectionLost) else ConnectionLost(str(error).strip())
        return self.failure
