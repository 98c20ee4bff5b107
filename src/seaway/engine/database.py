"""The engine's database on SQLite: durable, one writer at a time, fenced. Opened by `engine.engine`, shared with DBOS.

Every writing transaction of this process, DBOS's included, passes one gate: it waits its turn (SQLite's own waiting is unfair
and slow), begins with the write lock, and is refused when a newer engine has taken this one's place. WAL with synchronous
FULL: what was committed survives a power cut.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from seaway.engine import tables
from seaway.engine.turnstile import Turnstile
from seaway.errors import Fenced, Full, SeawayError

_PATIENCE = 30.0  # seconds a writer waits while another process holds the database
_BUSY = 1.0  # seconds of one try
_READING = ("SELECT", "PRAGMA", "EXPLAI")
_TABLE = re.compile(
    r"\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:\W?main\W+)?\W?(\w+)", re.IGNORECASE
)


def nothing(point: str) -> None:
    """What happens at a point of the journal outside of crash tests: nothing."""


class Gate:
    """Lets one writing transaction in at a time. `epoch`: of this engine once it holds its lease, 0 before."""

    def __init__(self, crash: Callable[[str], None], make_room: Callable[[], bool]) -> None:
        self.crash = crash
        self.make_room = make_room
        self.epoch = 0
        self.closed = ""  # why nothing may be written any more
        self.turn = Turnstile()

    def enter(self, connection: Connection) -> None:
        """Begin a writing transaction. Raises Fenced, and sqlite3.OperationalError after _PATIENCE."""
        self.turn.acquire()
        try:
            self._begin(connection)
            self._check(connection)
        except BaseException:
            sqlite3.Connection.rollback(connection)
            self.turn.release()
            raise

    def leave(self) -> None:
        """The transaction is over."""
        self.turn.release()

    def _begin(self, connection: Connection) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            else:
                return

    def _check(self, connection: Connection) -> None:
        if self.closed:
            raise Fenced(self.closed)
        if not self.epoch:
            return
        row = connection.execute("SELECT fenced FROM nodes WHERE epoch = ?", (self.epoch,)).fetchone()
        if row is None or row[0]:
            self.closed = f"another engine has taken over: epoch {self.epoch} is over"
            raise Fenced(self.closed, hint="seaway serve --take-over, if this one should run")


class Connection(sqlite3.Connection):
    """A connection whose writing transactions pass the gate and name the tables they touched."""

    gate: Gate
    writing = False

    def enter(self, statement: str) -> None:
        """A statement is about to run: one that writes begins a transaction."""
        if not self.writing:
            self.gate.enter(self)
            self.writing = True
            self.touched: set[str] = set()
        if found := _TABLE.match(statement):
            self.touched.add(found[1])

    def commit(self) -> None:
        """Commit, and let the next writer in."""
        if not self.writing:
            super().commit()
            return
        names = "+".join(sorted(self.touched))
        if names:
            self.gate.crash(f"before commit {names}")
        super().commit()
        self._leave()
        if names:
            self.gate.crash(f"after commit {names}")

    def rollback(self) -> None:
        """Undo, and let the next writer in."""
        super().rollback()
        self._leave()

    def close(self) -> None:
        """Close, and let the next writer in."""
        super().close()
        self._leave()

    def _leave(self) -> None:
        if self.writing:
            self.writing = False
            self.gate.leave()


class Database:
    """The database file of one state folder. `crash` is called at every commit, before and after; see tests/crash."""

    def __init__(
        self,
        path: Path,
        *,
        crash: Callable[[str], None] = nothing,
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        self.path = path
        self.gate = Gate(crash, make_room)
        gated = type("Gated", (Connection,), {"gate": self.gate})
        self.engine = sa.create_engine(
            f"sqlite:///{path}",
            connect_args={"factory": gated, "isolation_level": None, "timeout": _BUSY},
            pool_size=10,
            max_overflow=40,
        )
        sa.event.listen(self.engine, "connect", _prepare)
        sa.event.listen(self.engine, "before_cursor_execute", _before, retval=True)

    def migrate(self) -> None:
        """Make or update our tables. Raises SeawayError for a database of a newer Seaway, changing nothing."""
        try:
            with self.write() as connection:
                tables.migrate(connection)
        except sa.exc.DatabaseError as error:
            raise SeawayError(
                f"{self.path} is not a database Seaway can use: {error.orig}",
                hint="move it away, or restore it from a backup",
            ) from error

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One writing transaction. Raises Fenced; Full when no room could be made."""
        try:
            with self.engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except sa.exc.OperationalError as error:
            if "is full" not in str(error.orig):
                raise
            self.gate.make_room()
            raise Full(f"no space left for {self.path}", hint="make room on that disk") from error

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for reading."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give back all connections; the last one folds the write-ahead log into the file."""
        self.engine.dispose()


def _prepare(connection: Connection, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _before(
    _connection: sa.Connection,
    cursor: Any,
    statement: str,
    parameters: Any,
    _context: Any,
    _many: bool,
) -> tuple[str, Any]:
    if statement.lstrip()[:6].upper() not in _READING:
        cursor.connection.enter(statement)
    # Where somebody begins a transaction by hand (DBOS's migrations do), the gate has begun it already.
    return ("SELECT 1" if statement.strip().upper().startswith("BEGIN") else statement), parameters
