"""When to look, and when a deadline is over: one thread that plans, lanes that look. Owned by `engine`.

Looks go to the lane of the system they ask, so one that is slow delays nobody else; deadlines go straight to the desk. All of
it is timed by a clock that no jump of the machine's clock moves, and is checked again every second.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from datetime import datetime, timedelta
from typing import cast

import structlog

from seaway.engine import hands, judged, looks
from seaway.engine.case import Case, Due, Seen
from seaway.engine.clock import TOLERANCE, Clock
from seaway.engine.desk import Desk
from seaway.engine.lanes import Lanes
from seaway.engine.samples import Batch
from seaway.errors import Fenced, PortError
from seaway.model.plan import PauseUntil
from seaway.model.rollout import Rollout
from seaway.ports.traffic import Coarse
from seaway.rollout import wants

SWEEP = 1.0  # seconds between checks of everything
_FASTEST = 0.005  # seconds: the shortest sleep, so that a crowd of fast looks does not spin
_LONG = 3600.0

_log = structlog.get_logger(__name__)


class Watch:
    """`lost` ends the engine when a newer one works. Everything else comes from the desk's cases."""

    def __init__(
        self,
        *,
        desk: Desk,
        ports: hands.Hands,
        lanes: Lanes,
        batch: Batch,
        clock: Clock,
        lost: looks.Lost,
    ) -> None:
        self._desk = desk
        self._ports = ports
        self._lanes = lanes
        self._batch = batch
        self._clock = clock
        self._lost = lost
        self._stir = threading.Condition()
        self._heap: list[tuple[float, int, str]] = []
        self._count = itertools.count()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.epoch = 0
        self._began = clock.passed()
        self.swept = clock.passed()  # when everything was checked last: a sign of life

    def start(self, epoch: int) -> None:
        """Begin to watch the desk's cases."""
        self.epoch = epoch
        self._began = self._clock.passed()
        self._thread.start()

    def stop(self) -> None:
        """Plan nothing more."""
        with self._stir:
            self._stopped = True
            self._stir.notify()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def plan(self, case: Case) -> None:
        """A case has changed: plan its next look, the next sample and the deadline."""
        case.wanted = wants.wants(case.rollout)
        case.look_at = min(case.look_at, case.looked + case.wanted.every)
        weights = _weights(case.rollout)
        if not case.wanted.guards or weights != case.weights:
            case.sample_at = (
                0.0  # at once when guards begin to count, and at each change of the weights: a batch ends there
            )
        case.weights = weights
        self._push(case, self._moment(case))

    def _moment(self, case: Case) -> float:
        """When this case needs attention next; what runs plans the next moment when it ends."""
        moments = [self._clock.passed() + _LONG]
        if not case.looking:
            moments.append(case.look_at)
        if case.wanted.guards and not case.sampling:
            moments.append(case.sample_at)
        deadline = case.rollout.deadline
        if deadline:
            moments.append(max(due(case.rollout, deadline, self._clock), case.fired_at + SWEEP))
        return min(moments)

    def _push(self, case: Case, moment: float) -> None:
        with self._stir:
            if case.planned and case.planned <= moment:
                return
            case.planned = max(moment, _FASTEST)
            earlier = not self._heap or moment < self._heap[0][0]
            heapq.heappush(self._heap, (moment, next(self._count), case.id))
            if earlier:
                self._stir.notify()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        sweep_at = self._clock.passed()
        while True:
            ready = self._wait(sweep_at)
            if ready is None:
                return
            for name in ready:
                case = self._desk.case(name)
                if case is not None:
                    self._attend(case)
            if self._clock.passed() >= sweep_at:
                sweep_at = self._clock.passed() + SWEEP
                self._sweep()

    def _wait(self, sweep_at: float) -> set[str] | None:
        """Names of cases whose moment has come (perhaps none); None when the watch ends."""
        with self._stir:
            while not self._stopped:
                now = self._clock.passed()
                ready = set()
                while self._heap and self._heap[0][0] <= now:
                    ready.add(heapq.heappop(self._heap)[2])
                if ready or now >= sweep_at:
                    return ready
                until = min(self._heap[0][0], sweep_at) if self._heap else sweep_at
                self._stir.wait(max(_FASTEST, min(until - now, SWEEP)))
        return None

    def _sweep(self) -> None:
        """Look at every case: nothing is late because a moment was planned wrongly or a clock jumped."""
        cases = self._desk.cases()
        for case in cases:
            self._attend(case)
        if not any(case.rollout.deadline for case in cases):
            jump = self._clock.follow()
            if jump:
                _log.warning("the machine's clock has jumped", seconds=round(jump, 1))
        self.swept = self._clock.passed()

    def _attend(self, case: Case) -> None:
        """Fire the deadline if it has passed, begin the looks that are due, and plan the next moment.

        A deadline that is still there a second after it fired is fired again: no wait may hang on a lost letter.
        """
        with self._stir:
            case.planned = 0.0
        now, deadline = self._clock.passed(), case.rollout.deadline
        if deadline and now >= max(due(case.rollout, deadline, self._clock), case.fired_at + SWEEP):
            case.fired_at = now
            self._desk.post(case, Due(deadline))
        elif not case.busy:
            if now >= case.look_at:
                self._look(case)
            if case.wanted.guards and now >= case.sample_at:
                self._sample(case)
        if not case.busy:
            self._push(case, self._moment(case))

    # ------------------------------------------------------------ looks

    def _look(self, case: Case) -> None:
        wanted = case.wanted
        if case.looking or not (wanted.instances or wanted.route or wanted.job):
            case.look_at = self._clock.passed() + wanted.every
            return
        case.looking = True
        self._lanes.submit(f"look {_place(case.rollout)}", lambda: self._looked(case))

    def _looked(self, case: Case) -> None:
        rollout, wanted = case.rollout, case.wanted
        try:
            seen = looks.look(rollout, wanted, self._ports, self.epoch)
        except Fenced as error:
            self._lost(error.message)
            return
        finally:
            case.looked = self._clock.passed()
            case.look_at = case.looked + wanted.every
            case.looking = False
        new_here = self._clock.passed() - self._began < looks.GRACE
        if seen and not (new_here and looks.is_settling(rollout, seen)):
            self._desk.post(case, Seen(rollout.seq, seen))
        self._push(case, self._moment(case))

    def _sample(self, case: Case) -> None:
        if not case.sampling:
            case.sampling = True
            self._lanes.submit(f"metrics {_place(case.rollout)}", lambda: self._sampled(case))

    def _sampled(self, case: Case) -> None:
        rollout, tick = case.rollout, case.rollout.plan.tick.total_seconds()
        try:
            source = self._ports.metrics(rollout.plan)
            if source is None:
                return
            ahead = self._clock.drift()
            shift = timedelta(seconds=ahead) if abs(ahead) > TOLERANCE else timedelta()
            self._prepare(case, rollout)
            now = self._clock.now()
            asked = case.evidence.ask(
                rollout, source, now, ahead=shift, routed=lambda: judged.routed(rollout, case.rollout)
            )
            self._batch.add(rollout.id, asked.rows, now)
            if asked.decisive:
                self._batch.write()
            self._desk.post(case, Seen(rollout.seq, asked.events))
        except Exception:  # noqa: BLE001 - a mistake in an adapter must not end the sampling of this rollout for ever
            _log.exception("a sample failed", rollout=rollout.id)
        finally:
            case.sample_at = self._clock.passed() + tick
            case.sampling = False
            self._push(case, self._moment(case))

    def _prepare(self, case: Case, rollout: Rollout) -> None:
        """What the judge needs of the router: its smallest step, and synthetic requests where the plan gives an underpowered canary some."""
        canary, router = case.evidence.canary, self._ports.traffic(rollout.plan)
        if canary is None or router is None:
            return
        if hasattr(router, "step"):
            canary.granularity(cast("Coarse", router).step)
        if judged.wants_load(rollout):
            try:
                router.probe(rollout.plan.service, judged.LOAD)
            except PortError as error:
                _log.debug("no synthetic requests", rollout=rollout.id, error=error.message)


def due(rollout: Rollout, deadline: datetime, clock: Clock) -> float:
    """When a deadline has passed, as `Clock.passed`. A moment of the calendar follows the wall clock, all else never jumps."""
    steps = rollout.plan.steps
    step = steps[rollout.step] if rollout.step < len(steps) else None
    if isinstance(step, PauseUntil) and step.until == deadline:
        return clock.passed() + (deadline - clock.wall()).total_seconds()
    return clock.due(deadline)


def _weights(rollout: Rollout) -> tuple[tuple[int, int | None], ...]:
    return tuple((each.set, each.verified) for each in rollout.weights.values())


def _place(rollout: Rollout) -> str:
    plan = rollout.plan
    return plan.gateway.listen if plan.gateway else f"{plan.target} {plan.environment}"
