"""What must be done now and then: samples written, room on the disk watched, old records dropped. Owned by `engine`."""

from __future__ import annotations

import threading
from datetime import timedelta

import sqlalchemy as sa
import structlog

from seaway.engine import history, samples
from seaway.engine.ballast import Ballast
from seaway.engine.case import Told
from seaway.engine.clock import Clock
from seaway.engine.database import Database
from seaway.engine.desk import Desk
from seaway.engine.launch import Journal, name
from seaway.engine.samples import Batch
from seaway.engine.tables import effects, inbox, rollouts
from seaway.model.rollout import State
from seaway.rollout.messages import CommandFailed

EVERY = 1.0  # seconds
_RECOVERY = 30.0  # seconds after the start in which DBOS looks often for unfinished work
_RARELY = 3600.0
_KEPT = timedelta(days=30)  # the journal of a rollout, after its end; its events and its record stay

_log = structlog.get_logger(__name__)


class Chores:
    """One thread; a chore that fails is tried again a second later."""

    def __init__(
        self,
        *,
        database: Database,
        batch: Batch,
        ballast: Ballast,
        desk: Desk,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._database = database
        self._batch = batch
        self._ballast = ballast
        self._desk = desk
        self._journal = journal
        self._clock = clock
        self._began = clock.passed()
        self._pruned = clock.passed()
        self._calm = False
        self._low = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; samples that wait are written."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
            self._try(self._batch.write)

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self._try(self._batch.write)
            self._try(self._watch_disk)
            if not self._calm and self._clock.passed() - self._began > _RECOVERY:
                self._calm = True
                self._try(lambda: self._journal.pace(5.0))
            if self._clock.passed() - self._pruned > _RARELY:
                self._pruned = self._clock.passed()
                self._try(self.prune)

    def _try(self, chore: object) -> None:
        try:
            if callable(chore):
                chore()
        except Exception as error:  # noqa: BLE001 - it is tried again; a full disk or a lock must not end the thread
            if not self._database.gate.closed:
                _log.warning("a chore failed", reason=str(error))

    def _watch_disk(self) -> None:
        """Hold what runs when the disk is nearly full; the file that is given up in need is made again when it is not."""
        low = self._ballast.is_low()
        if low and not self._low:
            words = f"less than 50 MiB are free on the disk of {self._database.path.parent}"
            event = CommandFailed("the state folder", "full", words, retry=False)
            for case in self._desk.cases():
                if case.rollout.memory.get("started") and case.rollout.state is not State.HELD:
                    self._desk.post(case, Told(event))
        elif not low:
            self._ballast.keep()
        self._low = low

    def prune(self) -> None:
        """Drop what nobody will ask for: samples after a week, journals of ended rollouts after a month."""
        now = self._clock.now()
        with self._database.write() as connection:
            samples.prune(connection, now)
            history.prune(connection, now)
            old = sa.select(rollouts.c.id).where(
                rollouts.c.active.is_(False), rollouts.c.updated < (now - _KEPT).timestamp()
            )
            ended = sa.select(effects.c.rollout, effects.c.seq).where(effects.c.rollout.in_(old)).distinct()
            workflows = [name(rollout, seq) for rollout, seq in connection.execute(ended)]
            connection.execute(effects.delete().where(effects.c.rollout.in_(old)))
            connection.execute(inbox.delete().where(inbox.c.rollout.in_(old)))
        self._journal.forget(workflows)
