"""The standing watch: what runs without a rollout is kept running. Owned by `engine`; one look per placement every 2 s.

Instances, keepers and proxies that died are brought back, a weight that was changed is put right, and an instance that came
back on another port is routed. While a rollout is active its own looks do
the latter; the former is done here for it, too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import structlog

from seaway.engine import hands, looks, placements, revive
from seaway.engine.case import Case
from seaway.engine.database import Database
from seaway.engine.desk import Desk
from seaway.engine.history import History
from seaway.engine.lanes import Lanes
from seaway.engine.placements import Placed
from seaway.errors import Fenced, NotFound, NotReachable, PortError
from seaway.model import weight
from seaway.model.environment import EngineLost
from seaway.model.instance import Fence, InstanceSeen, InstanceState
from seaway.model.revision import Revision
from seaway.model.routing import Backend, Routing, RoutingSeen
from seaway.ports.traffic import DeadMan, Traffic

EVERY = 2.0  # seconds
_A_SECOND = 250  # looks a second in all: a thousand services are looked at every 4 s
_PATIENCE = 5.0  # seconds that a start waits for slow targets

_log = structlog.get_logger(__name__)


class Standing:
    """Where a rollout of the desk works, it keeps its hands off the routes, and brings back only instances that are missing."""

    def __init__(
        self,
        database: Database,
        ports: hands.Hands,
        lanes: Lanes,
        desk: Desk,
        *,
        lost: Callable[[str], None],
        history: History,
    ) -> None:
        self._history = history
        self._database = database
        self._ports = ports
        self._lanes = lanes
        self._desk = desk
        self._is_active = desk.is_active
        self._lost = lost
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="standing", daemon=True)
        self._lock = threading.Lock()
        self._looking: set[tuple[str, str]] = set()
        self._disarmed: set[tuple[Any, ...]] = set()
        self._unverified: set[tuple[str, str]] = set()
        self._trouble: dict[tuple[str, str], str] = {}
        self._began = 0.0
        self.epoch = 0

    def start(self, epoch: int) -> None:
        """Begin: what an earlier engine left behind is adopted with the first look."""
        self.epoch = epoch
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Begin no more looks."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def trouble(self) -> dict[str, str]:
        """`<environment>/<service>` -> why it cannot be kept as it should be."""
        with self._lock:
            return {"/".join(key): words for key, words in self._trouble.items()}

    def _run(self) -> None:
        while True:
            try:
                with self._database.read() as connection:
                    found = placements.every(connection)
            except Exception:  # noqa: BLE001 - the next look comes in any case
                _log.exception("placements could not be read")
                found = ()
            for placed in found:
                self._begin(placed)
            cases = self._desk.cases()
            for case in cases:
                self._begin_case(case)
            if self._stop.wait(max(EVERY, (len(found) + len(cases)) / _A_SECOND)):
                return

    def _begin(self, placed: Placed) -> None:
        key = (placed.placement.environment, placed.placement.service)
        with self._lock:
            if key in self._looking or placed.placement.stable is None or self._is_active(*key):
                return
            self._looking.add(key)
        self._lanes.submit(f"standing {placed.plan.target} {key[0]}", lambda: self._look(key, placed))

    def revive(self, epoch: int) -> None:
        """Before anything goes on: every active rollout has the instances that it wanted last. Waits a few seconds at most."""
        self.epoch = epoch
        cases = self._desk.cases()
        left = threading.Semaphore(0)

        def one(case: Case) -> None:
            try:
                revive.instances(case.rollout, self._ports, epoch)
            finally:
                left.release()

        for case in cases:
            self._lanes.submit(_place(case), lambda case=case: one(case))  # type: ignore[misc]
        until = time.monotonic() + _PATIENCE
        for _ in cases:
            left.acquire(timeout=max(0.0, until - time.monotonic()))

    def _begin_case(self, case: Case) -> None:
        key = ("rollout", case.id)
        with self._lock:
            if key in self._looking or case.awaiting is not None:
                return
            self._looking.add(key)
        self._lanes.submit(_place(case), lambda: self._look_after(key, case))

    def _look_after(self, key: tuple[str, str], case: Case) -> None:
        try:
            self._desk.revive(case, lambda rollout: revive.instances(rollout, self._ports, self.epoch))
        except Fenced as error:
            self._lost(error.message)
        finally:
            with self._lock:
                self._looking.discard(key)

    def _look(self, key: tuple[str, str], placed: Placed) -> None:
        words = ""
        try:
            if not self._is_active(*key) and placed.placement.stable is not None:
                self._keep(placed, placed.placement.stable)
        except Fenced as error:
            self._lost(error.message)
        except PortError as error:
            words = error.message
        except Exception as error:  # noqa: BLE001 - an adapter's mistake must not end the watch over everybody else
            _log.exception("a standing look failed", place="/".join(key))
            words = str(error)
        finally:
            with self._lock:
                self._looking.discard(key)
                if words and self._trouble.get(key) != words:
                    _log.warning("cannot be kept as it should be", place="/".join(key), reason=words)
                self._trouble.pop(key, None)
                if words:
                    self._trouble[key] = words

    def _keep(self, placed: Placed, stable: Revision) -> None:
        plan, owner = placed.plan, hands.fence(placed.plan, self.epoch)
        target = self._ports.target(plan)
        target.converge(stable, placed.placement.replicas, owner)
        router = self._ports.traffic(plan)
        if router is None:
            return
        self._history.look(placed)
        self._disarm(placed, router, owner)
        seen = _ask(router, plan.service)
        instances = target.look(plan.service)
        if time.monotonic() - self._began < looks.GRACE and _is_settling(placed, instances):
            return  # nobody has probed them yet
        addresses = _addresses(stable, instances)
        change = self._change(placed, stable, addresses, seen)
        if change:
            wished = self._wish(placed, addresses, anew=change != "again")
            router.converge(_routing(wished, stable), owner)

    def _change(self, placed: Placed, stable: Revision, addresses: tuple[str, ...], seen: RoutingSeen | None) -> str:
        """Nothing when the router is as it should be; "again": it is asked for the same once more; else what is new."""
        key = (placed.placement.environment, placed.placement.service)
        if addresses and set(addresses) != set(placed.routed):
            return "addresses"
        if not placed.routed:
            return ""  # nothing was ever ready: the routes stay as they are until something is
        if seen is None or not seen.verified(placed.placement.generation):
            with self._lock:
                again = key not in self._unverified
                self._unverified.add(key)
            return "again" if again else "unverified"
        with self._lock:
            self._unverified.discard(key)
        weights = {revision: ppm for revision, ppm in seen.weights.items() if ppm}
        return "" if weights == {stable.id: weight.WHOLE} else "weights"

    def _wish(self, placed: Placed, addresses: tuple[str, ...], *, anew: bool) -> Placed:
        """Record the wish before the router hears of it: a generation is never used twice."""
        if not anew:
            return placed
        generation = placed.placement.generation + 1
        wished = replace(
            placed,
            placement=replace(placed.placement, generation=generation),
            routed=addresses or placed.routed,
        )
        with self._database.write() as connection:
            placements.put(connection, wished)
        return wished

    def _disarm(self, placed: Placed, router: Traffic, owner: Fence) -> None:
        """A dead man's switch belongs to a rollout: it ends with it."""
        key = (placed.placement.environment, placed.placement.service, placed.placement.generation)
        if placed.plan.if_engine_lost.action is EngineLost.STABLE and key not in self._disarmed:
            if hasattr(router, "disarm"):
                cast("DeadMan", router).disarm(placed.plan.service, owner)
            self._disarmed.add(key)


def _place(case: Case) -> str:
    return f"standing {case.rollout.plan.target} {case.rollout.plan.environment}"


def _ask(router: Traffic, service: str) -> RoutingSeen | None:
    """What the proxy reports, None when none runs."""
    try:
        return router.look(service)
    except (NotReachable, NotFound):
        return None


def _is_settling(placed: Placed, seen: tuple[InstanceSeen, ...]) -> bool:
    return any(one.address in placed.routed and one.state is not InstanceState.READY for one in seen)


def _addresses(stable: Revision, seen: tuple[InstanceSeen, ...]) -> tuple[str, ...]:
    ready = (each for each in seen if each.revision == stable.id and each.state is InstanceState.READY)
    return tuple(sorted(each.address for each in ready if each.address))


def _routing(placed: Placed, stable: Revision) -> Routing:
    service = stable.service
    return Routing(
        service=service.name,
        generation=placed.placement.generation,
        backends=(Backend(stable.id, weight.WHOLE, placed.routed),),
        routes=service.routes,
        readiness=service.readiness,
        sticky=service.sticky,
    )
