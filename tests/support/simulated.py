"""A simulated data plane behind the ports: instances, a router with traffic, and metrics. Used by tests and `scripts/bench`.

It keeps the promises of the ports (idempotent, fenced, quick) and can be told to break them, one switch per lie. `FileWorld`
survives the death of its process, like a real data plane does; `MemoryWorld` is fast.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from seaway.errors import Fenced, Full, NotReachable, Refused
from seaway.model import codec
from seaway.model.instance import Fence, InstanceSeen, InstanceState, JobSeen, JobState
from seaway.model.plan import Plan
from seaway.model.revision import Revision
from seaway.model.routing import Counts, Losses, PortOwner, Probed, Routing, RoutingSeen, SideLoss
from seaway.model.verdict import Histogram, Sample
from seaway.ports.events import Events

WHOLE = 1_000_000


@dataclass
class Lies:
    """Ways in which the data plane breaks its promises; the defaults break none."""

    never_ready: set[str] = field(default_factory=set)  # revisions whose instances stay `starting`
    crashing: set[str] = field(default_factory=set)  # revisions whose instances fail
    failing: dict[str, float] = field(default_factory=dict)  # revision -> share of its requests that fail
    frozen: bool = False  # the router accepts a routing and never applies it
    rejecting: str = ""  # the router refuses: its words
    unreachable: bool = False  # every call to the router fails
    no_metrics: bool = False  # the source answers without numbers
    broken_metrics: bool = False  # the source does not answer
    full: bool = False  # no space left for instances
    slow: float = 0.0  # seconds every look takes
    start_seconds: float = 0.0  # from start to ready
    ahead: float = 0.0  # seconds that the source's clock has jumped


def empty() -> dict[str, Any]:
    return {"fences": {}, "instances": {}, "ports": 41000, "jobs": {}, "routing": {}, "counts": {}, "at": {}, "log": []}


class MemoryWorld:
    def __init__(self, lies: Lies | None = None, rate: float = 1000.0) -> None:
        self.lies = lies or Lies()
        self.rate = rate
        self._state = empty()
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def state(self) -> Iterator[dict[str, Any]]:
        with self._lock:
            yield self._state


class FileWorld:
    def __init__(self, path: Path, lies: Lies | None = None, rate: float = 1000.0) -> None:
        self.lies = lies or Lies()
        self.rate = rate
        self._path = path
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def state(self) -> Iterator[dict[str, Any]]:
        with self._lock, self._path.with_suffix(".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            before = self._path.read_text() if self._path.exists() else json.dumps(empty())
            state = json.loads(before)
            yield state
            after = json.dumps(state)
            if after != before:
                new = self._path.with_suffix(".new")
                new.write_text(after)
                new.replace(self._path)


World = MemoryWorld | FileWorld


def _fence(state: dict[str, Any], fence: Fence) -> None:
    highest = state["fences"].get(fence.scope, 0)
    if fence.epoch < highest:
        raise Fenced(f"epoch {fence.epoch} of {fence.scope} is over: {highest} works")
    if fence.epoch > highest:
        state["fences"][fence.scope] = fence.epoch


class SimulatedTarget:
    def __init__(self, world: World) -> None:
        self.world = world

    def converge(self, revision: Revision, replicas: int, fence: Fence, keep: tuple[str, ...] = ()) -> None:
        with self.world.state() as state:
            _fence(state, fence)
            if self.world.lies.full and replicas:
                raise Full("no space left on device")
            running = state["instances"].setdefault(revision.id, [])
            if len(running) != replicas:
                state["log"].append(f"instances {revision.id} {replicas}")
            while len(running) < replicas:
                state["ports"] += 1
                running.append({"port": state["ports"], "born": time.time()})
            order = {address: place for place, address in enumerate(keep)}
            running.sort(key=lambda one: order.get(f"127.0.0.1:{one['port']}", len(order)))
            del running[replicas:]
            running.sort(key=lambda one: int(one["port"]))

    def look(self, service: str) -> tuple[InstanceSeen, ...]:
        lies = self.world.lies
        time.sleep(lies.slow)
        seen = []
        with self.world.state() as state:
            for revision, running in state["instances"].items():
                for one in running if revision.startswith(f"{service}-") else ():
                    young = time.time() - one["born"] < lies.start_seconds
                    seen.append(
                        InstanceSeen(
                            id=str(one["port"]),
                            revision=revision,
                            state=_state(revision, lies, young=young),
                            address=f"127.0.0.1:{one['port']}",
                            detail="exits with code 1" if revision in lies.crashing else "",
                        )
                    )
        return tuple(seen)

    def run(self, key: str, revision: Revision, command: tuple[str, ...], fence: Fence) -> JobSeen:
        with self.world.state() as state:
            _fence(state, fence)
            if key not in state["jobs"]:
                state["jobs"][key] = list(command)
                state["log"].append(f"job {' '.join(command)}")
            failed = command[:1] == ("false",)
            return JobSeen(key, JobState.FAILED if failed else JobState.SUCCEEDED, int(failed))

    def logs(self, service: str) -> tuple[Path, ...]:
        return ()

    def down(self) -> tuple[str, ...]:
        with self.world.state() as state:
            state["instances"].clear()
        return ()


def _state(revision: str, lies: Lies, *, young: bool) -> InstanceState:
    if revision in lies.crashing:
        return InstanceState.FAILED
    return InstanceState.STARTING if young or revision in lies.never_ready else InstanceState.READY


class SimulatedTraffic:
    """A router that divides `world.rate` requests a second by the weights in force."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.touched = 0
        self.armed: dict[str, Routing] = {}

    def converge(self, routing: Routing, fence: Fence) -> None:
        self._reachable()
        if self.world.lies.rejecting:
            raise Refused(self.world.lies.rejecting)
        with self.world.state() as state:
            _fence(state, fence)
            before = state["routing"].get(routing.service)
            if self.world.lies.frozen and before:
                return
            self._count(state, routing.service)
            wished = codec.encode(routing)
            weights = {each.revision: each.weight for each in routing.backends}
            if before is None or _weights(before) != weights:
                words = " ".join(f"{name}={ppm}" for name, ppm in sorted(weights.items()))
                state["log"].append(f"routing {words}".strip())
            state["routing"][routing.service] = wished

    def look(self, service: str) -> RoutingSeen:
        self._reachable()
        time.sleep(self.world.lies.slow)
        with self.world.state() as state:
            self._count(state, service)
            routing = state["routing"].get(service)
            weights = _weights(routing) if routing else {}
            counts = state["counts"].get(service, {})
            return RoutingSeen(
                at=datetime.now(UTC),
                proxy="simulated",
                workers=(routing["generation"],) * 2 if routing else (),
                rejected=0,
                weights={name: ppm for name, ppm in weights.items() if ppm},
                counts={name: Counts(int(number), 0) for name, number in counts.items()},
            )

    def probe(self, service: str, count: int) -> Probed:
        self._reachable()
        with self.world.state() as state:
            weights = _weights(state["routing"][service])
        answered = {name: count * ppm // WHOLE for name, ppm in weights.items()}
        return Probed(answered, failed=count - sum(answered.values()))

    def losses(self, service: str, since: datetime, until: datetime) -> Losses:
        self._reachable()
        with self.world.state() as state:
            self._count(state, service)
            counts = state["counts"].get(service, {})
        sides = {
            name: SideLoss(served=int(number), failed=int(number * self.world.lies.failing.get(name, 0.0)))
            for name, number in counts.items()
        }
        return Losses(sides, timedelta())

    def down(self, seconds: float) -> tuple[str, ...]:
        with self.world.state() as state:
            state["routing"].clear()
        return ()

    # ------------------------------------------------------------ Portholder, DeadMan

    def owner(self) -> PortOwner | None:
        return None

    def take_over(self, owner: PortOwner, fence: Fence) -> float:
        return 0.0

    def arm(self, routing: Routing, after: timedelta, fence: Fence) -> None:
        with self.world.state() as state:
            _fence(state, fence)
        self.armed[routing.service] = routing

    def touch(self) -> None:
        self.touched += 1

    def disarm(self, service: str, fence: Fence) -> None:
        with self.world.state() as state:
            _fence(state, fence)
        self.armed.pop(service, None)

    # ------------------------------------------------------------

    def _reachable(self) -> None:
        if self.world.lies.unreachable:
            raise NotReachable("the proxy does not answer")

    def _count(self, state: dict[str, Any], service: str) -> None:
        """Let the traffic of the time since the last call pass."""
        now, routing = time.time(), state["routing"].get(service)
        passed = max(0.0, now - state["at"].get(service, now))
        state["at"][service] = now
        if routing:
            counts = state["counts"].setdefault(service, {})
            for name, ppm in _weights(routing).items():
                counts[name] = counts.get(name, 0.0) + passed * self.world.rate * ppm / WHOLE


def _weights(routing: Mapping[str, Any]) -> dict[str, int]:
    return {each["revision"]: each["weight"] for each in routing["backends"]}


class SimulatedMetrics:
    def __init__(self, world: World) -> None:
        self.world = world
        self._traffic = SimulatedTraffic(world)

    def sample(self, service: str, revisions: tuple[str, ...]) -> dict[str, Sample]:
        lies = self.world.lies
        if lies.broken_metrics:
            raise NotReachable("the source does not answer")
        if lies.no_metrics:
            return {}
        with self.world.state() as state:
            self._traffic._count(state, service)
            counts = dict(state["counts"].get(service, {}))
        return {name: self._sample(name, counts[name]) for name in revisions if name in counts}

    def check(self, service: str) -> None:
        if self.world.lies.broken_metrics:
            raise NotReachable("the source does not answer")

    def _sample(self, revision: str, number: float) -> Sample:
        requests = int(number)
        failed = int(requests * self.world.lies.failing.get(revision, 0.0))
        latency = Histogram((10.0, 100.0), (requests, 0, 0))
        at = datetime.now(UTC) + timedelta(seconds=self.world.lies.ahead)
        return Sample(revision, at, requests, failed, latency, "simulated")


class SimulatedHands:
    """One world for everything; `worlds` gives some services one of their own."""

    def __init__(
        self,
        world: World | None = None,
        *,
        worlds: Mapping[str, World] | None = None,
        receivers: Mapping[str, Events] | None = None,
    ) -> None:
        self.world: World = world or MemoryWorld()
        self.router = SimulatedTraffic(self.world)
        self._ports: dict[str, tuple[SimulatedTarget, SimulatedTraffic, SimulatedMetrics]] = {
            name: (SimulatedTarget(each), SimulatedTraffic(each), SimulatedMetrics(each))
            for name, each in (worlds or {}).items()
        }
        self._default = (SimulatedTarget(self.world), self.router, SimulatedMetrics(self.world))
        self._receivers = dict(receivers or {})

    def _of(self, plan: Plan) -> tuple[SimulatedTarget, SimulatedTraffic, SimulatedMetrics]:
        return self._ports.get(plan.service, self._default)

    def target(self, plan: Plan) -> SimulatedTarget:
        return self._of(plan)[0]

    def traffic(self, plan: Plan) -> SimulatedTraffic | None:
        return self._of(plan)[1] if plan.gateway else None

    def metrics(self, plan: Plan) -> SimulatedMetrics | None:
        return self._of(plan)[2] if plan.gateway else None

    def receivers(self) -> Mapping[str, Events]:
        return self._receivers
