"""What one process of the crash matrix does: carry a scenario on from wherever it is, and die at a given point.

Imported once by the fork server, so that a point costs a fork and not the import of the engine. The data plane outlives its
processes: `simulated` keeps its state in a file, `real` is processes behind Envoy.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dbos  # noqa: F401 - warm for every point
import sqlalchemy.dialects.sqlite  # noqa: F401 - warm
import structlog

from seaway.engine.engine import Engine
from seaway.engine.hands import carry_out
from seaway.model import codec
from seaway.model.environment import Environment
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.rollout import Rollout, State
from seaway.plan import identity
from seaway.rollout.messages import Abort, PromoteNow
from support import plans, simulated

PATIENCE = 60.0
EFFECTS = ("converge", "run", "probe", "losses", "take_over", "arm", "disarm", "deliver")


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def database(self) -> Path:
        return self.root / "engine.sqlite"

    @property
    def engine_lock(self) -> Path:
        return self.root / "engine.lock"

    @property
    def ballast(self) -> Path:
        return self.root / "ballast"


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
                self._record.write_text(json.dumps({"killed": point}))
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


def plan_of(letter: str, placement: Placement | None, scenario: Scenario) -> Plan:
    made = plans.plan(letter, placement, where=scenario.where)
    return replace(made, verify_timeout=timedelta(seconds=30), prepare_timeout=timedelta(seconds=30))


def play(part: Part) -> None:
    """Release each revision and wait until it is over. Ends the process: what is killed must not tidy up, and neither must we."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    root = Path(part.root)
    sys.stderr = (root / "stderr").open("a")
    executioner = Executioner(part, root / "killed.json")
    hands = simulated.SimulatedHands(simulated.FileWorld(root / "world.json"))
    edged = EdgedHands(hands, Receiver(root / "received.jsonl"), executioner)
    engine = Engine(Home(root), edged, crash=executioner)
    if part.skip_journal:
        _forget_effects(engine, part.skip_journal)
    engine.start()
    scenario = SCENARIOS[part.scenario]
    for letter in part.letters:
        _release(engine, letter, scenario, root, talk=letter != "a")
    _quiet(engine, root)
    (root / "points.json").write_text(json.dumps(executioner.names))
    os._exit(0)


def _release(engine: Engine, letter: str, scenario: Scenario, root: Path, *, talk: bool) -> None:
    saved = root / f"plan-{letter}.json"
    if not saved.exists():
        plan = plan_of(letter, engine.placement("production", "shop"), scenario)
        beside = saved.with_suffix(".new")
        beside.write_text(codec.canonical(plan))
        beside.replace(saved)
    plan = codec.decode(Plan, json.loads(saved.read_text()))
    rollout = engine.submit(plan, identity.plan_hash(plan), actor="tester", key=f"submit-{letter}")
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


def picture(root: Path) -> dict[str, Any]:
    """The end of a run: routing, instances, effects, events and what the receiver got. Times and ids are left out."""
    world = json.loads((root / "world.json").read_text())
    return {
        "routing": {name: simulated._weights(each) for name, each in world["routing"].items()},
        "instances": {name: len(running) for name, running in world["instances"].items() if running},
        "effects": world["log"],
        **_recorded(root),
    }


def _recorded(root: Path) -> dict[str, Any]:
    import sqlite3

    with sqlite3.connect(root / "engine.sqlite") as connection:
        events = [json.loads(row[0]) for row in connection.execute("SELECT document FROM events ORDER BY sequence")]
        keys = [event["context"]["id"] for event in events]
        open_effects = connection.execute("SELECT count(*) FROM effects WHERE done_at IS NULL").fetchone()[0]
        unread = connection.execute("SELECT count(*) FROM inbox WHERE done_seq IS NULL").fetchone()[0]
        damaged = connection.execute("PRAGMA integrity_check").fetchone()[0]
        stable = [json.loads(row[0])["stable"]["id"] for row in connection.execute("SELECT document FROM placements")]
    facts = ("event", "state", "step", "weight", "outcome", "revision", "kind")
    received = Receiver(root / "received.jsonl").lines()
    return {
        "events": [[event["customData"]["seaway"].get(fact) for fact in facts] for event in events],
        "received": [line["key"] for line in received] == keys,
        "open": [open_effects, unread],
        "integrity": damaged,
        "stable": stable,
    }
