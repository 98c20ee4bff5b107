"""What one process of the crash matrix does: carry a scenario on from wherever it is, and die at a given point.

Imported once by the fork server, so that a point costs a fork and not the import of the engine. The data plane outlives its
processes: `simulated` keeps its state in a file, `real` is processes behind Envoy.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dbos  # noqa: F401 - warm for every point
import sqlalchemy.dialects.sqlite  # noqa: F401 - warm
import structlog

from seaway.config.home import Home
from seaway.engine.engine import Engine
from seaway.engine.hands import carry_out
from seaway.model import codec
from seaway.model.environment import Environment
from seaway.model.instance import InstanceState
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.rollout import Rollout, State
from seaway.model.service import Service
from seaway.plan import identity
from seaway.rollout.messages import Abort, PromoteNow
from support import plans, simulated

PATIENCE = 180.0
SETTLING = 10.0  # seconds that instances may need to answer at the end
FACTS = ("event", "state", "step", "weight", "outcome", "revision", "kind")
LATE = ("have not ended in time", "has not let go of the old side yet")  # true on a busy machine, and nobody's loss
EFFECTS = ("converge", "run", "probe", "losses", "take_over", "arm", "disarm", "deliver")


@dataclass(frozen=True)
class Scenario:
    """`says`: what a person says whenever the rollout is held, "" nothing."""

    name: str
    where: Environment
    says: str = ""
    end: State = State.SUCCEEDED


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("canary", plans.environment(plans.canary(hold=True)), says="promote"),
        Scenario("blue-green", plans.environment(plans.blue_green())),
        Scenario("rollback", plans.environment(plans.canary(hold=True)), says="abort", end=State.ROLLED_BACK),
    )
}


@dataclass(frozen=True)
class Part:
    """One process: `kill_at` 0 = play to the end. `letters`: revisions to release, in order."""

    root: str
    scenario: str
    letters: str = "b"
    plane: str = "simulated"  # or "real"
    service: str = "shop"
    kill_at: int = 0
    kill_before: str = ""  # ... or at the first point of this name
    skip_journal: str = ""  # negative control: effects of this kind leave no trace before they happen


class Executioner:
    """Counts the points of a process and ends it, like a power cut, at the wished one."""

    def __init__(self, part: Part, record: Path) -> None:
        self.count = 0
        self._part = part
        self._lock = threading.Lock()
        self._record = record
        self.names: list[str] = []

    def __call__(self, point: str) -> None:
        with self._lock:
            self.count += 1
            self.names.append(point)
            if self.count == self._part.kill_at or point == self._part.kill_before:
                beside = self._record.with_suffix(
                    ".new"
                )  # the scenario may come to its end, and exit, at this very moment
                beside.write_text(json.dumps({"killed": point}))
                beside.replace(self._record)
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)


class Edge:
    """A port whose effects have a point on both sides."""

    def __init__(self, port: Any, crash: Callable[[str], None]) -> None:
        self._port = port
        self._crash = crash

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in EFFECTS:
            return found

        def effect(*arguments: Any, **named: Any) -> Any:
            what = f"{type(self._port).__name__}.{name}"
            if len(arguments) > 1 and isinstance(arguments[1], int):
                what += f" {arguments[0].id} {arguments[1]}"
            self._crash(f"before {what}")
            answer = found(*arguments, **named)
            self._crash(f"after {what}")
            return answer

        return effect


class Receiver:
    """A file that takes every key once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, key: str, event: Mapping[str, Any]) -> None:
        known = self.lines()
        if key not in [line["key"] for line in known]:
            with self._path.open("a") as file:
                file.write(json.dumps({"key": key, "event": event["customData"]["seaway"]["event"]}) + "\n")

    def last(self) -> str:
        known = self.lines()
        return known[-1]["key"] if known else ""

    def lines(self) -> list[dict[str, str]]:
        text = self._path.read_text() if self._path.exists() else ""
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


class EdgedHands:
    def __init__(self, hands: Any, receiver: Receiver, crash: Callable[[str], None]) -> None:
        self._hands = hands
        self._crash = crash
        self._receiver = Edge(receiver, crash)

    def target(self, plan: Plan) -> Any:
        return Edge(self._hands.target(plan), self._crash)

    def traffic(self, plan: Plan) -> Any:
        port = self._hands.traffic(plan)
        return Edge(port, self._crash) if port else None

    def metrics(self, plan: Plan) -> Any:
        return self._hands.metrics(plan)

    def receivers(self) -> Any:
        return {"file": self._receiver}


def service_of(part: Part, letter: str) -> Service:
    """On the real plane a small server, told apart from other services by its host."""
    made = plans.service(part.service)
    if part.plane == "simulated":
        return made
    return replace(
        made,
        command=(sys.executable, "-S", str(Path(__file__).parents[1] / "contracts" / "sample_server.py")),
        environment={"LETTER": letter},
        start_timeout=timedelta(seconds=60),  # a busy machine starts a process in its own time
        routes=(replace(made.routes[0], hosts=(f"{part.service}.test",)),),
    )


def plan_of(part: Part, letter: str, placement: Placement | None, where: Environment) -> Plan:
    made = plans.plan(letter, placement, where=where, of=service_of(part, letter))
    return replace(made, verify_timeout=timedelta(seconds=30), prepare_timeout=timedelta(seconds=30))


def place_of(part: Part) -> Environment:
    """The scenario's environment; on the real plane with a port of its own, kept for every process of this folder."""
    where = SCENARIOS[part.scenario].where
    if part.plane == "simulated":
        return where
    chosen = Path(part.root) / "port"
    if not chosen.exists():
        with socket.create_server(("127.0.0.1", 0)) as free:
            chosen.write_text(str(free.getsockname()[1]))
    return replace(where, listen=f"127.0.0.1:{chosen.read_text()}")


def hands_of(part: Part) -> Any:
    if part.plane == "simulated":
        return simulated.SimulatedHands(simulated.FileWorld(Path(part.root) / "world.json"))
    from seaway.app.hands import Composition

    return Composition(Home(Path(part.root)))


def play(part: Part) -> None:
    """Release each revision and wait until it is over. Ends the process: what is killed must not tidy up, and neither must we."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    root = Path(part.root)
    sys.stderr = (root / "stderr").open("a")
    executioner = Executioner(part, root / "killed.json")
    home, hands = Home(root), hands_of(part)
    if part.plane == "real":
        home.ensure()
    edged = EdgedHands(hands, Receiver(root / "received.jsonl"), executioner)
    engine = Engine(home, edged, crash=executioner)
    if part.skip_journal:
        _forget_effects(engine, part.skip_journal)
    engine.start()
    for letter in part.letters:
        _release(engine, letter, part)
    _quiet(engine, root)
    (root / "points.json").write_text(json.dumps(executioner.names))
    (root / "picture.json").write_text(json.dumps(picture(part, hands)))
    os._exit(0)


def clear(part: Part) -> None:
    """Stop everything that a real plane still runs."""
    hands = hands_of(part)
    for target in hands.targets().values():
        target.down()
    for _, router in hands.routers():
        router.down(0.0)


def _release(engine: Engine, letter: str, part: Part) -> None:
    root, scenario, talk = Path(part.root), SCENARIOS[part.scenario], letter != "a"
    saved = root / f"plan-{part.service}-{letter}.json"
    if not saved.exists():
        plan = plan_of(part, letter, engine.placement("production", part.service), place_of(part))
        beside = saved.with_suffix(".new")
        beside.write_text(codec.canonical(plan))
        beside.replace(saved)
    plan = codec.decode(Plan, json.loads(saved.read_text()))
    rollout = engine.submit(plan, identity.plan_hash(plan), actor="tester", key=f"{part.service}-{letter}")
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        now = engine.rollout(rollout)
        assert now is not None
        if now.state.terminal and now.loss is not None:
            return
        if talk and now.state is State.HELD:
            _say(engine, now, scenario)
        time.sleep(0.005)
    raise TimeoutError(f"{rollout} does not end: {now}")


def _say(engine: Engine, rollout: Rollout, scenario: Scenario) -> None:
    if scenario.says == "promote":
        engine.tell(rollout.id, PromoteNow("tester"), f"{rollout.id}-promote")
    elif scenario.says == "abort":
        engine.tell(rollout.id, Abort("tester"), f"{rollout.id}-abort")


def _quiet(engine: Engine, root: Path) -> None:
    """Every event has reached its receiver, and nothing is under way."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        events = engine.events_after(0, limit=10_000)
        if engine.health()["rollouts"] == 0 and len(Receiver(root / "received.jsonl").lines()) >= len(events):
            return
        time.sleep(0.01)
    raise TimeoutError("the engine does not become quiet")


def _forget_effects(engine: Engine, kind: str) -> None:
    """Break the promise on purpose: an effect of this kind is neither journaled nor part of a workflow; it just happens."""
    desk = engine._desk
    journaled = desk.begin

    def begin(case: Any, seq: int, effects: Any, *, again: int = 0) -> None:
        if all(effect.kind != kind for effect in effects):
            journaled(case, seq, effects, again=again)
            return
        with engine._database.write() as connection:
            connection.exec_driver_sql("DELETE FROM effects WHERE rollout = ? AND seq = ?", (case.id, seq))

        def happen() -> None:
            for effect in effects:
                carry_out(effect, case.rollout, desk._transitions.hands, engine.epoch)
            desk.finished(case.id, seq)

        desk._lanes.submit("unjournaled", happen)

    desk.begin = begin  # type: ignore[method-assign]


# ---------------------------------------------------------------- what is compared


def picture(part: Part, hands: Any) -> dict[str, Any]:
    """The end of a run: routing, instances, effects, events and what the receiver got. Times and ids are left out, and the
    service's own name, so that services of one plane can be compared.
    """
    plan = codec.decode(
        Plan, json.loads((Path(part.root) / f"plan-{part.service}-{part.letters[-1]}.json").read_text())
    )
    target = hands.target(plan)
    until = time.monotonic() + SETTLING
    seen = target.look(part.service)
    while any(each.state is InstanceState.UNREADY for each in seen) and time.monotonic() < until:
        time.sleep(0.05)  # a process that has just begun may look before it was answered
        seen = target.look(part.service)
    found = {
        "routing": dict(hands.traffic(plan).look(part.service).weights),
        "instances": dict(sorted(Counter(each.revision for each in seen).items())),
        "states": sorted({each.state.value for each in seen}),
        "effects": _effects(hands, Path(part.root), part.service),
        **_recorded(Path(part.root), part.service),
    }
    anonymous: dict[str, Any] = json.loads(json.dumps(found).replace(f"{part.service}-", "shop-"))
    return anonymous


def _effects(hands: Any, root: Path, service: str) -> list[str]:
    """What changed in the world, as the world says; the real one keeps no log, so there the journal is asked."""
    if isinstance(hands, simulated.SimulatedHands):
        with hands.world.state() as state:
            return list(state["log"])
    query = (
        "SELECT request FROM effects WHERE rollout IN (SELECT id FROM rollouts WHERE service = ?) ORDER BY intent_at"
    )
    found: list[str] = []
    with closing(sqlite3.connect(root / "engine.sqlite")) as connection:
        for (text,) in connection.execute(query, (service,)):
            words = _brief(json.loads(text))
            if words and words not in found[-1:]:
                found.append(words)
    return found


def _brief(request: dict[str, Any]) -> str:
    """An effect without what depends on moments: addresses, generations, probes."""
    if request["kind"] == "converge_instances":
        return f"instances {request['side']} {request['replicas']}"
    if request["kind"] == "converge_routing":
        backends = request["routing"]["backends"]
        return "routing " + " ".join(f"{each['revision']}={each['weight']}" for each in backends)
    return ""


def _recorded(root: Path, service: str) -> dict[str, Any]:
    with closing(sqlite3.connect(root / "engine.sqlite")) as connection:
        ours = "WHERE rollout IN (SELECT id FROM rollouts WHERE service = ?)"
        query = f"SELECT document FROM events {ours} ORDER BY sequence"
        events = [json.loads(row[0]) for row in connection.execute(query, (service,))]
        every = connection.execute("SELECT document FROM events ORDER BY sequence")
        keys = [json.loads(row[0])["context"]["id"] for row in every]
        open_effects = connection.execute("SELECT count(*) FROM effects WHERE done_at IS NULL").fetchone()[0]
        unread = connection.execute("SELECT count(*) FROM inbox WHERE done_seq IS NULL").fetchone()[0]
        damaged = connection.execute("PRAGMA integrity_check").fetchone()[0]
        query = "SELECT document FROM placements WHERE service = ?"
        stable = [json.loads(row[0])["stable"]["id"] for row in connection.execute(query, (service,))]
    told = [event["customData"]["seaway"] for event in events]
    told = [
        event for event in told if not (event["event"] == "problem" and any(late in event["reason"] for late in LATE))
    ]
    received = Receiver(root / "received.jsonl").lines()
    return {
        "events": [[event.get(fact) for fact in FACTS] for event in told],
        "problems": [event["reason"] for event in told if event["event"] == "problem"],
        "received": [line["key"] for line in received] == keys,
        "open": [open_effects, unread],
        "integrity": damaged,
        "stable": stable,
    }
