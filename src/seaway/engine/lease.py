"""Who owns the work: an epoch that grows with every engine, and a heartbeat. Taken by `engine` right after the lock.

The epoch goes with every port call and every save; whoever has a lower one is refused there, so an engine that was stopped,
replaced and continued changes nothing. Each rollout carries its owner's epoch: that is what lets several nodes share the work.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from seaway.engine.clock import Clock
from seaway.engine.database import Database
from seaway.engine.tables import nodes
from seaway.errors import Fenced

BEAT = 3.0  # seconds between heartbeats
EXPIRY = 15.0  # seconds after which a silent engine counts as dead
NODE = "seaway-local"  # the one node of a state folder; stable, because unfinished work is found by it


@dataclass(frozen=True, slots=True)
class Holder:
    """The engine that wrote last: its process and the wall-clock time of its last heartbeat, seconds since 1970."""

    epoch: int
    pid: int
    heartbeat: float


def last_holder(path: Path) -> Holder | None:
    """Who had the lease of this database last; None when nobody ever had, or it cannot be read."""
    query = "SELECT epoch, pid, heartbeat FROM nodes ORDER BY epoch DESC LIMIT 1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
        try:
            row = connection.execute(query).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    return Holder(*row) if row else None


class Lease:
    """This engine's right to work. `lost` is called once, from any thread, when a newer engine has taken over."""

    def __init__(self, database: Database, clock: Clock, lost: Callable[[str], None]) -> None:
        self._database = database
        self._clock = clock
        self._lost = lost
        self._beaten = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self.epoch = 0

    def take(self) -> int:
        """Become the owner: fence every earlier engine, begin to beat. The epoch also follows the wall clock, so that a
        database that was restored from a backup does not come back with an epoch that adapters have seen already.
        """
        with self._database.write() as connection:
            highest = connection.execute(sa.select(sa.func.max(nodes.c.epoch))).scalar() or 0
            self.epoch = max(highest + 1, int(self._clock.wall().timestamp()))
            connection.execute(nodes.update().where(nodes.c.fenced.is_(False)).values(fenced=True))
            connection.execute(
                nodes.insert().values(
                    epoch=self.epoch,
                    id=NODE,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    heartbeat=self._clock.wall().timestamp(),
                    fenced=False,
                )
            )
        self._database.gate.epoch = self.epoch
        self._beaten = self._clock.passed()
        self._thread.start()
        return self.epoch

    def confirm(self) -> None:
        """Called before every effect: cheap while heartbeats succeed; after a long silence the database is asked first.

        Raises Fenced.
        """
        if self._clock.passed() - self._beaten > BEAT * 2:
            self.beat()

    def beat(self) -> None:
        """Say that this engine lives. Raises Fenced."""
        moment = self._clock.wall().timestamp()
        with self._database.write() as connection:
            connection.execute(nodes.update().where(nodes.c.epoch == self.epoch).values(heartbeat=moment))
        self._beaten = self._clock.passed()

    def release(self) -> None:
        """Stop beating."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(BEAT * 2)

    def _run(self) -> None:
        while not self._stop.wait(BEAT):
            try:
                self.beat()
            except Fenced as error:
                self._lost(error.message)
                return
            except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError):
                continue  # a locked or full disk: the next beat tries again; whoever waits for us waits EXPIRY
