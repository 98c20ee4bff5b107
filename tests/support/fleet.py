"""Many rollouts at once in one control plane, on simulated targets: is every deadline kept, and what does it cost?

Called by `scripts/bench`: `run(1000, 120)` returns the figures of one run. The data plane is simulated; the engine, its
database and its journal are the real ones.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from seaway.engine import placements
from seaway.engine.case import Due
from seaway.engine.database import Database
from seaway.engine.engine import Engine
from seaway.model.environment import CanaryStep, Strategy
from seaway.model.instance import Fence
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.routing import Backend, Routing
from seaway.plan import identity
from support import plans, simulated
from support.home import Home

TICK = timedelta(seconds=5)


@dataclass
class _Deadlines:
    """How late each deadline was: from the moment it stood for to the moment the rollout that it led to was saved."""

    late: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, engine: Engine) -> None:
        settle = engine._desk._take

        def take(case: Any, letter: Any) -> bool:
            before = case.rollout.deadline
            answer = settle(case, letter)
            if isinstance(letter, Due) and letter.deadline == before:
                self._note(engine, letter.deadline)
            return answer

        engine._desk._take = take  # type: ignore[method-assign]

    def _note(self, engine: Engine, deadline: datetime) -> None:
        with self.lock:
            self.late.append((engine._clock.now() - deadline).total_seconds())


def run(count: int, seconds: float) -> dict[str, float]:
    """`count` canaries of `count` services, begun within the first tenth of `seconds`; each pauses under a guard at 10, 25 and
    50 %, so that all of them run together most of the time. Times in seconds, memory in MiB.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    names = [f"service-{number}" for number in range(count)]
    hands = simulated.SimulatedHands(worlds={name: simulated.MemoryWorld(rate=20.0) for name in names})
    deadlines = _Deadlines()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        _place(home, hands, names)
        engine = Engine(home, hands)
        deadlines.watch(engine)
        engine.start()
        try:
            print("begun 1", flush=True)  # from here on a bench may disturb it
            began, cpu = time.monotonic(), time.process_time()
            _begin(engine, names, seconds)
            submitted = time.monotonic() - began
            most = _observe(engine, began + seconds)
            cpu = time.process_time() - cpu
            lasted = time.monotonic() - began
        finally:
            engine.stop()
    late = sorted(deadlines.late) or [0.0]
    return {
        "rollouts": count,
        "seconds": round(lasted, 1),
        "submitted_in": round(submitted, 1),
        "together": most,
        "deadlines": len(deadlines.late),
        "late_p50": round(statistics.median(late), 3),
        "late_p99": round(late[int(len(late) * 0.99) - 1], 3),
        "late_max": round(late[-1], 3),
        "late_beyond_a_tick": sum(each > TICK.total_seconds() for each in late),
        "cpu_share": round(cpu / lasted, 2),
        "memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _place(home: Home, hands: simulated.SimulatedHands, names: list[str]) -> None:
    """Every service runs its stable revision already, as an earlier release left it."""
    database = Database(home.database)
    database.migrate()
    with database.write() as connection:
        for number, name in enumerate(names):
            service = plans.service(name)
            stable, plan = plans.revision("a", service), _plan("a", number, name, None)
            owner = Fence(f"production/{name}", 0)
            hands.target(plan).converge(stable, 2, owner)
            addresses = tuple(each.address for each in hands.target(plan).look(name))
            routing = Routing(name, 1, (Backend(stable.id, 1_000_000, addresses),), service.routes, service.readiness)
            router = hands.traffic(plan)
            assert router is not None
            router.converge(routing, owner)
            placement = Placement(name, "production", stable, 2, generation=1)
            placements.put(connection, placements.Placed(placement, plan, addresses))
    database.close()


def _plan(letter: str, number: int, name: str, placement: Placement | None, pause: float = 1.0) -> Plan:
    """Every service has a gateway of its own, as if they were many hosts."""
    wait = CanaryStep(pause=timedelta(seconds=pause))
    steps = [step for ppm in (100_000, 250_000, 500_000) for step in (CanaryStep(ppm), wait)]
    where = plans.environment(
        Strategy("canary", steps=tuple(steps)),
        tick=TICK,
        objectives=(replace(plans.GUARD, window=timedelta(seconds=60), min_samples=5),),
        listen=f"127.0.{number // 250}.1:{8000 + number % 250}",
    )
    made = plans.plan(letter, placement, where=where, of=plans.service(name))
    return replace(made, prepare_timeout=timedelta(seconds=90), verify_timeout=timedelta(seconds=10))


def _begin(engine: Engine, names: list[str], seconds: float) -> None:
    gap, next_at = seconds * 0.1 / len(names), time.monotonic()
    for number, name in enumerate(names):
        plan = _plan("b", number, name, engine.placement("production", name), seconds * 0.2)
        engine.submit(plan, identity.plan_hash(plan), actor="bench", key=name)
        next_at += gap
        time.sleep(max(0.0, next_at - time.monotonic()))


def _observe(engine: Engine, until: float) -> int:
    most = 0
    while time.monotonic() < until:
        active = len(engine._desk.cases())
        most = max(most, active)
        if not active:
            break
        time.sleep(0.5)
    return most


if __name__ == "__main__":
    import sys

    for name, value in run(int(sys.argv[1]), float(sys.argv[2])).items():
        print(f" {name:>20} {value}")
