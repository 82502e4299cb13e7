"""One client's connection: login, statements, transactions, prepared statements."""

from __future__ import annotations

import itertools
import logging
import os
import re
import socket
from collections.abc import Sequence
from typing import Any

import psycopg2
import psycopg2.extensions

from . import rpc, schema, tds
from .faults import Fault, Faults
from .options import Options
from .sql import NOW, Statement, translate
from .tds import Column, Parameter, SqlError

_logger = logging.getLogger(__name__)

_BEGIN, _COMMIT, _ROLLBACK = 5, 7, 8
_BEFORE = ("drop", "die", "deadlock", "log_full", "hang")
_AFTER = ("lose_answer", "die_after")
_SETTINGS = re.compile(r"\s*SET\s+[A-Z_ ]+\s+(ON|OFF|-?\d+)\s*;?\s*", re.IGNORECASE)
_descriptors = itertools.count(1)

# PostgreSQL's types by what SQL Server calls them.
_TYPES = {
    16: "bit",
    20: "int",
    21: "smallint",
    23: "int",
    701: "float",
    1042: "char",
    1043: "varchar",
    1114: "datetime",
}
_VARYING = ("char", "varchar")

_ERRORS = {
    "42P01": (208, "Invalid object name."),
    "3F000": (208, "Invalid object name."),
    "42703": (207, "Invalid column name."),
    "22001": (8152, "String or binary data would be truncated."),
    "22003": (220, "Arithmetic overflow error."),
    "22P02": (245, "Conversion failed."),
    "23502": (515, "Cannot insert the value NULL into a column that does not allow nulls."),
    "23505": (2627, "Violation of PRIMARY KEY constraint. Cannot insert duplicate key."),
    "428C9": (544, "Cannot insert explicit value for identity column."),
    "40P01": (1205, "Transaction was deadlocked and has been chosen as the deadlock victim."),
}


class StatementGivenUp(Exception):
    """The client waits for it no longer."""


class Session:
    """Answers what one client sends, until it goes."""

    def __init__(self, connection: socket.socket, options: Options, faults: Faults) -> None:
        self._wire = tds.Wire(connection)
        self._options = options
        self._faults = faults
        self._database = ""
        self._transaction = 0
        self._prepared: dict[int, str] = {}
        self._handles = itertools.count(1)
        self._store: psycopg2.extensions.connection | None = None

    def run(self) -> None:
        """Serve the connection; what was not committed when it ends is rolled back."""
        try:
            self._log_in()
            while True:
                kind, message = self._wire.read()
                try:
                    answer = self._answer(kind, message)
                except StatementGivenUp:
                    answer = tds.done_attention()
                self._wire.send(answer)
        finally:
            if self._store:
                self._store.close()

    # login

    def _log_in(self) -> None:
        kind, message = self._wire.read()
        if kind == tds.PRELOGIN:
            self._wire.send_prelogin()
            kind, message = self._wire.read()
        if kind != tds.LOGIN7:
            raise tds.ConnectionEnded
        login = tds.read_login(message)
        try:
            self._fail_before("login")
            self._check_login(login)
        except SqlError as error:
            answer = tds.error(error.number, error.message, error.severity)
            self._wire.send(answer + tds.done(failed=True))
            raise tds.ConnectionEnded from error
        self._store = psycopg2.connect(self._options.dsn)
        self._store.autocommit = True
        self._wire.send(tds.logged_in(login, login.database))

    def _check_login(self, login: tds.Login) -> None:
        if (login.user, login.password) != (self._options.user, self._options.password):
            raise SqlError(18456, f"Login failed for user '{login.user}'.", 14)
        if login.database.lower() not in schema.names(self._options):
            raise SqlError(4060, f'Cannot open database "{login.database}".', 11)
        self._database = login.database.lower()

    # messages

    def _answer(self, kind: int, message: bytes) -> bytes:
        if kind == tds.SQL_BATCH:
            return self._answer_batch(message)
        if kind == tds.RPC:
            return self._answer_calls(message)
        if kind == tds.TRANSACTION:
            return self._answer_transaction(message)
        if kind == tds.ATTENTION:
            return tds.done_attention()
        raise tds.ConnectionEnded

    def _answer_batch(self, message: bytes) -> bytes:
        text = rpc.skip_headers(message).take(len(message)).decode("utf-16-le")
        # What drivers set for themselves.
        if _SETTINGS.fullmatch(text):
            return tds.done()
        try:
            found, count = self._execute(text, ())
        except SqlError as error:
            return tds.error(error.number, error.message, error.severity) + tds.done(failed=True)
        return found + tds.done(count)

    def _answer_calls(self, message: bytes) -> bytes:
        try:
            calls = rpc.read_calls(message)
        except SqlError as error:
            return tds.error(error.number, error.message) + tds.done_procedure(failed=True)
        parts = []
        for number, call in enumerate(calls, 1):
            parts.append(self._answer_call(call, more=number < len(calls)))
        return b"".join(parts)

    def _answer_call(self, call: rpc.Call, more: bool) -> bytes:
        try:
            return self._call(call) + tds.done_procedure(more=more)
        except SqlError as error:
            answer = tds.error(error.number, error.message, error.severity)
            return answer + tds.done_procedure(failed=True, more=more)

    def _call(self, call: rpc.Call) -> bytes:
        values = call.parameters
        if call.procedure == rpc.PREPARE_EXECUTE:
            handle = self._prepare(values)
            return self._run_prepared(handle, values[3:]) + tds.return_handle(handle)
        if call.procedure == rpc.PREPARE:
            return tds.return_status() + tds.return_handle(self._prepare(values))
        if call.procedure == rpc.EXECUTE:
            return self._run_prepared(_handle_of(values[0]), values[1:])
        if call.procedure == rpc.UNPREPARE:
            self._prepared.pop(_handle_of(values[0]), None)
            return tds.return_status()
        if call.procedure == rpc.EXECUTE_SQL:
            return self._run(str(values[0]), values[2:])
        raise SqlError(2812, f"Could not find stored procedure '{call.procedure}'.")

    def _prepare(self, values: Sequence[Parameter]) -> int:
        # The handle to drop, declarations, statement.
        if values[0] is not None:
            self._prepared.pop(_handle_of(values[0]), None)
        handle = next(self._handles)
        self._prepared[handle] = str(values[2])
        return handle

    def _run_prepared(self, handle: int, values: Sequence[Parameter]) -> bytes:
        if handle not in self._prepared:
            raise SqlError(8179, f"Could not find prepared statement with handle {handle}.")
        return self._run(self._prepared[handle], values)

    def _run(self, text: str, values: Sequence[Parameter]) -> bytes:
        found, count = self._execute(text, values)
        return found + tds.done_in_procedure(count) + tds.return_status()

    # statements

    def _execute(self, text: str, values: Sequence[Parameter]) -> tuple[bytes, int]:
        """Rows as they are sent, and how many there are or were changed."""
        if self._options.verbose:
            _logger.info("%s", text[:500])
        statement = translate(text, self._database)
        self._fail_before(statement.verb)
        parameters: dict[str, Any] = {f"p{place}": each for place, each in enumerate(values, 1)}
        answer = self._execute_in_store(statement, {**parameters, NOW: self._options.now()})
        self._fail_after(statement.verb)
        return answer

    def _execute_in_store(
        self, statement: Statement, parameters: dict[str, Any]
    ) -> tuple[bytes, int]:
        with self._cursor() as cursor:
            # After an error SQL Server goes on with the transaction, which PostgreSQL does not.
            if self._transaction:
                cursor.execute("SAVEPOINT statement")
            try:
                cursor.execute(statement.text, parameters)
            except psycopg2.Error as error:
                if self._transaction:
                    cursor.execute("ROLLBACK TO SAVEPOINT statement")
                raise _sql_error(error) from error
            if cursor.description is None:
                return b"", cursor.rowcount
            return tds.rows(_columns(cursor), cursor.fetchall()), cursor.rowcount

    def _cursor(self) -> psycopg2.extensions.cursor:
        if self._store is None:
            raise tds.ConnectionEnded
        return self._store.cursor()

    # transactions

    def _answer_transaction(self, message: bytes) -> bytes:
        reader = rpc.skip_headers(message)
        kind = reader.number("<H")
        if kind == _BEGIN:
            return self._begin() + tds.done()
        if kind not in (_COMMIT, _ROLLBACK):
            return tds.error(3930, "The simulator does not know this transaction.") + tds.done(
                failed=True
            )
        # A name, and whether the next transaction begins at once.
        reader.take(reader.number("<B"))
        begins_next = bool(reader.number("<B") & 1)
        try:
            answer = self._end(kind == _COMMIT)
        except SqlError as error:
            return tds.error(error.number, error.message, error.severity) + tds.done(failed=True)
        return answer + (self._begin() if begins_next else b"") + tds.done()

    def _begin(self) -> bytes:
        self._transaction = next(_descriptors)
        with self._cursor() as cursor:
            cursor.execute("BEGIN")
        return tds.transaction_began(self._transaction)

    def _end(self, commit: bool) -> bytes:
        if commit:
            self._fail_before("commit")
        with self._cursor() as cursor:
            cursor.execute("COMMIT" if commit else "ROLLBACK")
        if commit:
            self._fail_after("commit")
        ended, self._transaction = self._transaction, 0
        return tds.transaction_ended(ended, commit)

    # faults

    def _fail_before(self, verb: str) -> None:
        if fault := self._faults.take(verb, _BEFORE):
            self._fail(fault)

    def _fail_after(self, verb: str) -> None:
        if fault := self._faults.take(verb, _AFTER):
            self._fail(fault)

    def _fail(self, fault: Fault) -> None:
        if fault.name in ("die", "die_after"):
            # At once, as a power cut: nothing is closed or flushed.
            os._exit(70)
        if fault.name == "deadlock":
            raise SqlError(1205, _ERRORS["40P01"][1], 13)
        if fault.name == "log_full":
            raise SqlError(9002, "The transaction log for the database is full.", 17)
        if fault.name == "hang":
            self._hang(fault.seconds)
            return
        raise tds.ConnectionEnded

    def _hang(self, seconds: float) -> None:
        if self._wire.wait_for_attention(seconds):
            raise StatementGivenUp


def _handle_of(value: Parameter) -> int:
    if not isinstance(value, int):
        raise SqlError(8179, "Could not find prepared statement.")
    return value


def _columns(cursor: psycopg2.extensions.cursor) -> list[Column]:
    return [_column(found) for found in cursor.description or ()]


def _column(found: psycopg2.extensions.Column) -> Column:
    """A column as SQL Server describes it."""
    kind = _TYPES.get(found.type_code, "varchar")
    # Others have a length by their type; -1 is one without a limit.
    length = max(found.internal_size or 0, 0) if kind in _VARYING else 0
    name = schema.COLUMN_NAMES.get(found.name, found.name)
    return Column(name, kind, length)


def _sql_error(error: psycopg2.Error) -> SqlError:
    number, message = _ERRORS.get(error.pgcode or "", (50000, ""))
    detail = " ".join(str(error).split())[:300]
    return SqlError(number, f"{message} {detail}".strip())
