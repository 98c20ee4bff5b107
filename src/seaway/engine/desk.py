"""Where events become transitions: letters of every rollout, taken one at a time per rollout, in any of a few threads.

Deciding and saving needs only the database, so it is quick and waits for no foreign system; effects go to lanes, and their
rollout's letters wait until they are done. Called by `watch`, `engine` and recovered workflows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import structlog

from seaway.engine import hands, store
from seaway.engine.case import Case, Due, Letter, Mail, Seen, Told
from seaway.engine.database import Database
from seaway.engine.lanes import Lanes
from seaway.engine.launch import Journal
from seaway.engine.transition import Transitions
from seaway.errors import Fenced
from seaway.model import codec
from seaway.model.rollout import Rollout
from seaway.rollout.messages import Command, DeadlinePassed, Event

THREADS = 4
_PAUSE = 1.0  # seconds before effects whose journal could not be written are tried again

_log = structlog.get_logger(__name__)


class Desk:
    """`changed(case)` is called after every transition: the watch plans its next looks. `ended(case)`: nothing is left to do."""

    def __init__(
        self,
        database: Database,
        transitions: Transitions,
        lanes: Lanes,
        *,
        changed: Callable[[Case], None],
        ended: Callable[[Case], None],
    ) -> None:
        self._database = database
        self._transitions = transitions
        self._lanes = lanes
        self._changed = changed
        self._ended = ended
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="desk")
        self._lock = threading.Lock()
        self._cases: dict[str, Case] = {}
        self._closed = False
        self.journal: Journal | None = None

    # ------------------------------------------------------------ cases

    def cases(self) -> tuple[Case, ...]:
        """Every rollout that is worked on."""
        with self._lock:
            return tuple(self._cases.values())

    def case(self, rollout: str) -> Case | None:
        """One of them, None when it is not worked on."""
        with self._lock:
            return self._cases.get(rollout)

    def known(self, rollout: str) -> Rollout | None:
        """The rollout as it is now, worked on or not."""
        case = self.case(rollout)
        if case is not None:
            return case.rollout
        with self._database.read() as connection:
            return store.load(connection, rollout)

    def open(self, case: Case, *, awaiting: int | None = None) -> None:
        """Begin to work on a rollout. `awaiting`: a transition whose effects an earlier engine left unfinished."""
        case.busy, case.awaiting = awaiting is not None, awaiting
        case.worked = self._transitions.clock.passed()
        with self._lock:
            self._cases[case.id] = case
        self._changed(case)

    def is_active(self, environment: str, service: str) -> bool:
        """Does a rollout work on this service here, beyond waiting for its turn?"""
        return any(
            (case.rollout.plan.environment, case.rollout.plan.service) == (environment, service)
            and bool(case.rollout.memory.get("started"))
            for case in self.cases()
        )

    def wake(self, rollouts: Iterable[str]) -> None:
        """There is mail for these rollouts."""
        for rollout in rollouts:
            case = self.case(rollout)
            if case is not None:
                self.post(case, Mail())

    def post(self, case: Case, letter: Letter) -> None:
        """Hand a letter in; it is taken as soon as those before it are done."""
        with case.lock:
            case.letters.append(letter)
            if case.busy:
                return
            case.busy = True
            case.worked = self._transitions.clock.passed()
        self._submit(lambda: self._work(case))

    def close(self) -> None:
        """Take no more letters; what is being decided is finished."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    # ------------------------------------------------------------ work

    def _submit(self, work: Callable[[], None]) -> None:
        if not self._closed:
            try:
                self._pool.submit(work)
            except RuntimeError:  # closed meanwhile: the letter is in the database, or its cause is seen again
                return

    def _work(self, case: Case) -> None:
        """Take letters until there are none, or until effects must be awaited."""
        while True:
            with case.lock:
                if self._closed or not case.letters:
                    case.busy = False
                    break
                letter = case.letters.popleft()
            try:
                if self._take(case, letter):
                    return
            except Fenced as error:
                self._transitions.lost(error.message)
                return
            except store.Outdated:
                self._reload(case)
                with case.lock:
                    case.letters.appendleft(letter)
            except Exception:  # noqa: BLE001 - a full or locked disk, or a mistake of ours: the letter is not lost, and the watchdog sees it
                _log.exception("a letter could not be taken; it is tried again", rollout=case.id)
                with case.lock:
                    case.letters.appendleft(letter)
                _later(lambda: self._submit(lambda: self._work(case)))
                return
        if not case.rollout.state.terminal or case.letters:
            self._changed(case)
        else:
            self._leave(case)

    def _take(self, case: Case, letter: Letter) -> bool:
        """True when effects are on their way."""
        match letter:
            case Mail():
                return self._open_mail(case)
            case Seen() if letter.seq == case.rollout.seq:
                return self._settle(case, letter.events)
            case Due():
                return self._settle(case, (DeadlinePassed(letter.deadline),))
            case Told():
                return self._settle(case, (letter.event,))
            case _:
                return False

    def _open_mail(self, case: Case) -> bool:
        with self._database.read() as connection:
            unread = store.unread(connection, case.id)
            is_behind = store.seq(connection, case.id) != case.rollout.seq
        if is_behind:  # another rollout's end has moved this one on
            self._reload(case)
        if not unread:
            return False
        if len(unread) > 1:
            with case.lock:
                case.letters.appendleft(Mail())
        first = unread[0]
        return self._settle(case, (first.event,), first.id)

    def _settle(self, case: Case, happened: tuple[Event, ...], message: int | None = None) -> bool:
        before = case.rollout
        settled = self._transitions.settle(before, happened, message)
        case.awaiting = settled.rollout.seq if settled.effects else None
        case.rollout = settled.rollout
        self.wake(settled.woken)
        if settled.effects:
            self.begin(case, settled.rollout.seq, settled.effects)
        return bool(settled.effects)

    def begin(self, case: Case, seq: int, effects: tuple[Command, ...], *, again: int = 0) -> None:
        """Carry out the effects of a transition in the lane of the system they speak to."""
        place = hands.place(case.rollout.plan, effects[0])
        self._lanes.submit(place, lambda: self.carry_out(case, seq, effects, again=again))

    def perform(self, rollout: str, seq: int, position: int, request: Any) -> Any:
        """One effect, alone on the rollout's world; see `Transitions.perform`."""
        case = self.case(rollout)
        if case is None:
            return self._transitions.perform(rollout, seq, position, request)
        with case.hands:
            return self._transitions.perform(rollout, seq, position, request)

    def revive(self, case: Case, work: Callable[[Rollout], None]) -> None:
        """Do something that keeps the rollout's world as it is; skipped while a transition is about to change it."""
        if not case.hands.acquire(blocking=False):
            return
        try:
            if case.awaiting is None and not case.rollout.state.terminal:
                work(case.rollout)
        finally:
            case.hands.release()

    def carry_out(self, case: Case, seq: int, effects: tuple[Command, ...], *, again: int = 0) -> None:
        """Do the effects of a transition, in a lane; the rollout's letters go on when they are done."""
        if self._closed or self.journal is None:
            return
        try:
            self.journal.run(case.id, seq, [codec.encode(command) for command in effects], again=again)
        except Fenced as error:
            self._transitions.lost(error.message)
        except Exception as error:  # noqa: BLE001 - whatever DBOS or the database says, the effects stay to be done
            self.failed(case.id, seq, error)

    def failed(self, rollout: str, seq: int, error: Exception) -> None:
        """The journal of effects could not be written (a full or locked disk): they are begun again a little later."""
        case = self.case(rollout)
        if case is None or self._closed or self._database.gate.closed:
            return
        with case.lock:
            if case.awaiting != seq or case.retrying:
                return
            case.retrying = True
            case.attempts += 1
        _log.warning("effects are begun again", rollout=rollout, seq=seq, reason=str(error))
        _later(lambda: self._again(case, seq))

    def _again(self, case: Case, seq: int) -> None:
        case.retrying = False
        with self._database.read() as connection:
            effects = store.commands(connection, case.id, seq)
        self.begin(case, seq, effects, again=self._transitions.lease.epoch * 1000 + case.attempts)

    def finished(self, rollout: str, seq: int) -> None:
        """Every effect of a transition is done: what came of them is in the inbox, and the rollout goes on."""
        case = self.case(rollout)
        if case is None:
            return
        with case.lock:
            if case.awaiting != seq:
                return
            case.awaiting = None
            case.letters.appendleft(Mail())
            case.look_at = 0.0
        self._submit(lambda: self._work(case))

    def _reload(self, case: Case) -> None:
        with self._database.read() as connection:
            found = store.load(connection, case.id)
        if found is not None:
            case.rollout = replace(found, epoch=self._transitions.lease.epoch)

    def _leave(self, case: Case) -> None:
        """Over, with every effect done and every message read."""
        with self._lock:
            self._cases.pop(case.id, None)
        self._ended(case)


def _later(work: Callable[[], None]) -> None:
    timer = threading.Timer(_PAUSE, work)
    timer.daemon = True
    timer.start()
