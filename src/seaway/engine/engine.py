"""The engine: carries plans out durably through ports. Composed and started by `app.control_plane`, one per state folder.

It takes the exclusive lock, its lease and what an earlier engine left unfinished, and then works until it is stopped or a
newer engine takes over. What it manages runs on without it. Every public method is quick, blocking and safe for threads; none
may be called from an event loop.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from seaway.engine import admission, history, placements, store
from seaway.engine.ballast import Ballast
from seaway.engine.case import Case, Mail
from seaway.engine.chores import Chores
from seaway.engine.clock import Clock
from seaway.engine.database import Database, nothing
from seaway.engine.desk import Desk
from seaway.engine.events import Document, Feed, Render
from seaway.engine.hands import Hands
from seaway.engine.health import Health
from seaway.engine.history import History
from seaway.engine.lanes import Lanes
from seaway.engine.launch import Journal, name
from seaway.engine.lease import Lease
from seaway.engine.lock import Lock
from seaway.engine.outbox import Outbox
from seaway.engine.samples import Batch, Evidence, evidence
from seaway.engine.standing import Standing
from seaway.engine.transition import Transitions
from seaway.engine.watch import Watch
from seaway.errors import Conflict, Full, KeyReused, NotFound, SeawayError
from seaway.ledger import cdevents
from seaway.model import identifier
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.revision import Revision
from seaway.model.rollout import Rollout
from seaway.rollout import begin
from seaway.rollout.messages import Event

_log = structlog.get_logger(__name__)


class Paths(Protocol):
    """Where the engine keeps its things: the part of `config.home.Home` that it needs."""

    @property
    def database(self) -> Path: ...
    @property
    def engine_lock(self) -> Path: ...
    @property
    def ballast(self) -> Path: ...


class Engine:
    """`crash` is called at every commit, before and after: crash tests die there. `on_lost` is told, from any thread, when a
    newer engine has taken over and this one has begun to end.
    """

    def __init__(
        self,
        home: Paths,
        ports: Hands,
        *,
        take_over: bool = False,
        clock: Clock | None = None,
        render: Render = cdevents.render,
        crash: Callable[[str], None] = nothing,
        on_lost: Callable[[str], None] = nothing,
    ) -> None:
        self._take_over = take_over
        self._on_lost = on_lost
        self._ending = threading.Lock()
        self._running = False
        self.lost = ""  # why a newer engine works in this one's place, "" while this one does
        clock = self._clock = clock or Clock()
        self._ballast = Ballast(home.ballast)
        self._lock = Lock(home.engine_lock, home.database)
        self._database = Database(home.database, crash=crash, make_room=self._ballast.drop)
        self._lease = Lease(self._database, clock, self._give_up)
        self._feed = Feed(self._database)
        self._lanes = Lanes(self._database.gate.turn.be_patient)
        transitions = Transitions(
            self._database, ports, clock, self._lease, self._feed, render, self._known, self._give_up
        )
        self._desk = Desk(self._database, transitions, self._lanes, changed=self._changed, ended=self._ended)
        self._journal = self._desk.journal = Journal(
            self._database, self._desk.perform, self._desk.finished, self._desk.failed
        )
        self._batch = Batch(self._database)
        self._watch = Watch(
            desk=self._desk,
            ports=ports,
            lanes=self._lanes,
            batch=self._batch,
            clock=clock,
            lost=self._give_up,
        )
        self._standing = Standing(self._database, ports, self._lanes, self._desk, lost=self._give_up,
                                  history=History(ports, self._batch, clock))  # fmt: skip
        self._outbox = Outbox(self._database, self._feed, ports.receivers)
        self._chores = Chores(
            database=self._database,
            batch=self._batch,
            ballast=self._ballast,
            desk=self._desk,
            journal=self._journal,
            clock=clock,
        )
        self._health = Health(
            desk=self._desk,
            watch=self._watch,
            lanes=self._lanes,
            standing=self._standing,
            outbox=self._outbox,
            clock=clock,
        )

    # ------------------------------------------------------------ life

    @property
    def epoch(self) -> int:
        """The number of this engine among all that ever ran here; 0 before `start`."""
        return self._lease.epoch

    def start(self) -> None:
        """Take the lock and work. Raises Conflict when another engine holds it, SeawayError for a database that is too new."""
        self._lock.acquire(take_over=self._take_over)
        try:
            self._ballast.keep()
            self._database.migrate()
            epoch = self._lease.take()
            unfinished = self._adopt(epoch)
            self._standing.revive(epoch)
            left = self._journal.launch()
            self._running = True
            self._resume(unfinished, left)
            self._watch.start(epoch)
            self._standing.start(epoch)
            self._outbox.start()
            self._chores.start()
        except BaseException:
            self._running = True
            self.stop()
            raise
        for case in self._desk.cases():
            self._desk.post(case, Mail())

    def stop(self) -> None:
        """End: nothing new begins, calls that are under way are finished, everything else goes on with the next engine."""
        with self._ending:
            if not self._running:
                return
            self._running = False
            self._watch.stop()
            self._standing.stop()
            self._desk.close()
            self._lanes.close()
            self._journal.stop()
            self._feed.close()
            self._outbox.stop()
            self._chores.stop()
            self._lease.release()
            self._database.close()
            self._lock.release()

    def _give_up(self, reason: str) -> None:
        """A newer engine works: write nothing more, and end."""
        if self.lost:
            return
        self.lost = self._database.gate.closed = reason
        _log.error("another engine has taken over; this one ends", reason=reason)
        threading.Thread(target=self._end, args=(reason,), name="ending").start()

    def _end(self, reason: str) -> None:
        self.stop()
        self._on_lost(reason)

    # ------------------------------------------------------------ what an earlier engine left

    def _adopt(self, epoch: int) -> dict[tuple[str, int], Any]:
        """Take every rollout over that is not finished; returns the transitions with open effects."""
        now = self._clock.now()
        with self._database.write() as connection:
            unfinished = store.undone(connection)
            active = {each.id: each for each in store.find(connection, active=True)}
            for name_, _ in unfinished:
                if found := store.load(connection, name_):
                    active.setdefault(name_, found)
            for each in store.with_mail(connection):
                active.setdefault(each.id, each)
            store.adopt(connection, tuple(active), epoch)
            cases = [
                (store.load(connection, each), _evidence(connection, known, now)) for each, known in active.items()
            ]
        awaited = dict(sorted(unfinished))
        for rollout_now, known in cases:
            if rollout_now is not None:
                case = Case(rollout_now, evidence=known)
                self._desk.open(case, awaiting=awaited.get(rollout_now.id))
        return unfinished

    def _resume(self, unfinished: Mapping[tuple[str, int], Any], left: tuple[str, ...]) -> None:
        """Finish open effects: DBOS goes on with workflows it knows; those that it never heard of are started."""
        for (rollout, seq), commands in unfinished.items():
            case = self._desk.case(rollout)
            workflow = name(rollout, seq)
            if case is None or any(each == workflow or each.startswith(f"{workflow}:") for each in left):
                continue
            again = self.epoch * 1000 if self._journal.known(rollout, seq) else 0
            self._desk.begin(case, seq, commands, again=again)

    # ------------------------------------------------------------ cases

    def _known(self, rollout: str) -> Rollout | None:
        return self._desk.known(rollout)

    def _changed(self, case: Case) -> None:
        self._watch.plan(case)

    def _ended(self, case: Case) -> None:
        _log.info("rollout ended", rollout=case.id, state=case.rollout.state.value, reason=case.rollout.reason)

    # ------------------------------------------------------------ what people say

    def submit(self, plan: Plan, plan_hash: str, *, actor: str, origin: str = "person", key: str = "") -> str:
        """Make a rollout of a plan; returns its id, and for the same key the same id again.

        Raises PlanRefused (stale), Conflict (`concurrency: reject`), Full (below 50 MiB), KeyReused.
        """
        if self._ballast.is_low():
            raise Full(
                f"less than 50 MiB are free on the disk of {self._database.path.parent}: no rollout starts",
                hint="make room, then try again",
            )
        self._outbox.refresh()
        now = self._clock.now()
        with self._database.write() as connection:
            before = store.submitted(connection, key)
            if before is not None:
                return _same(before, plan_hash, key)
            placement = admission.fitting(connection, plan)
            rollout = begin.begin(
                identifier.new("ro", now, secrets.randbits(20)),
                plan,
                plan_hash,
                actor,
                now,
                generation=placement.generation + admission.HEADROOM,
                origin=origin,
            )
            rollout = store.owned(rollout, self.epoch)
            store.insert(connection, rollout, key=key, now=now)
            woken = admission.enter(connection, rollout, now)
            known = store.load(connection, rollout.id) or rollout
        with self._database.read() as connection:  # an hour of history is read here: writers need not wait for that
            known_evidence = _evidence(connection, known, now)
        self._desk.open(Case(known, evidence=known_evidence))
        self._desk.wake(woken)
        return rollout.id

    def tell(self, rollout: str, event: Event, key: str, *, actor: str = "") -> None:
        """Put a person's word into a rollout's inbox; it is taken up at once. The same key again changes nothing.

        Raises NotFound, KeyReused.
        """
        with self._database.write() as connection:
            if store.load(connection, rollout) is None:
                raise NotFound(f"there is no rollout {rollout!r}", hint="seaway rollout list")
            name_ = key or f"{rollout}:{secrets.token_hex(8)}"
            who = actor or str(getattr(event, "actor", ""))
            store.post(connection, rollout, event, key=name_, actor=who, now=self._clock.now())
        self._desk.wake((rollout,))

    def lift(self, environment: str, service: str) -> None:
        """Lift the hold that an abort left: releases that waited for it may go."""
        with self._database.write() as connection:
            woken = admission.lift(connection, environment, service, self._clock.now())
        self._desk.wake(woken)

    # ------------------------------------------------------------ what is

    def rollout(self, identifier_: str) -> Rollout | None:
        """One rollout, None when there is none."""
        return self._desk.known(identifier_)

    def rollouts(
        self, *, service: str = "", environment: str = "", active: bool | None = None, limit: int = 0
    ) -> tuple[Rollout, ...]:
        """Rollouts, newest first."""
        with self._database.read() as connection:
            return store.find(connection, service=service, environment=environment, active=active, limit=limit)

    def last_sequence(self) -> int:
        """Sequence number of the newest event, 0 without any."""
        return self._feed.last()

    def events_after(self, sequence: int, *, rollout: str = "", limit: int = 500) -> tuple[tuple[int, Document], ...]:
        """Events behind a sequence number, of one rollout or ("") of all."""
        return self._feed.after(sequence, rollout=rollout, limit=limit)

    def wait(self, sequence: int, seconds: float, *, rollout: str = "") -> tuple[tuple[int, Document], ...]:
        """As `events_after`, but wait up to `seconds` for the first one."""
        return self._feed.wait(sequence, seconds, rollout=rollout)

    def placements(self) -> tuple[Placement, ...]:
        """What every service runs in every environment."""
        with self._database.read() as connection:
            return tuple(placed.placement for placed in placements.every(connection))

    def placement(self, environment: str, service: str) -> Placement | None:
        """What one service runs in one environment, None when it was never released there."""
        with self._database.read() as connection:
            placed = placements.get(connection, environment, service)
        return placed.placement if placed else None

    def revision(self, identifier_: str) -> Revision | None:
        """A revision that was ever released, None when it is unknown."""
        with self._database.read() as connection:
            return store.revision(connection, identifier_)

    def health(self) -> dict[str, Any]:
        """Signs of life and of trouble: see `engine.health`."""
        if self.lost:
            raise Conflict(self.lost, hint="ask the control plane that runs now")
        if not self._running:
            raise SeawayError("the engine does not run")
        return {"epoch": self.epoch, **self._health.report()}


def _evidence(connection: sa.Connection, rollout: Rollout, now: datetime) -> Evidence:
    """What is known of a rollout's numbers, and of what stable did before it."""
    return evidence(connection, rollout, now, history.of_rollout(connection, rollout, now))


def _same(before: Rollout, plan_hash: str, key: str) -> str:
    if before.plan_hash != plan_hash:
        raise KeyReused(f"the key {key!r} was used for another plan", hint="leave the key to Seaway")
    return before.id
