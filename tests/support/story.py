"""A release as a story without processes: the example documents of the reference are rendered from it.

`python tests/support/story.py` writes them anew into docs/reference/documents, after a document has grown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from seaway.config import loader
from seaway.judge.guard import evaluate
from seaway.ledger import cdevents
from seaway.model.instance import InstanceSeen, InstanceState, JobSeen, JobState
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.rollout import Loss, Rollout, State
from seaway.model.routing import Counts, PortOwner, Routing, RoutingSeen, SideLoss
from seaway.model.verdict import Histogram, Sample
from seaway.plan import build, identity
from seaway.plan import document as plan_document
from seaway.plan.revision import revision
from seaway.ports.artifacts import Stored
from seaway.rollout import document, messages, wants
from seaway.rollout.begin import begin
from seaway.rollout.decide import decide

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "documents"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOME = "/home/ada/.local/state/seaway"
_MIGRATION, _START = timedelta(seconds=1.2), timedelta(milliseconds=400)
SEAWAY_YAML = """
services:
  shop:
    command: [python3, shop.py]
    artifact: .
    replicas: 2
    environment: {LOG_LEVEL: info}
    secrets: {DATABASE_URL: "env:SHOP_DATABASE_URL"}
    readiness: {http: {path: /healthz}}
    before: {command: [python3, migrate.py], rollback: revert}
    routes:
      - hosts: [shop.example.com]
        paths: [/]
        websocket: true
    sticky: {cookie: shop-side}
environments:
  production:
    traffic: {listen: "0.0.0.0:8080"}
    gates:
      - approval: {approvers: [ada, grace]}
    strategy:
      canary:
        steps:
          - set_weight: 10
          - pause: 30s
          - set_weight: 50
          - analysis: 2m
          - hold: look at the dashboard of the payments
    objectives:
      - success_rate: {at_least: 99%}
      - latency: {against: stable, margin: 20%}
    soak: 10m
    if_engine_lost: {action: stable, after: 10m}
"""


def plan(*, owner: PortOwner | None = None) -> Plan:
    """The plan of the story: a canary of a shop with a migration, a gate and two objectives."""
    found = loader.parse(SEAWAY_YAML.encode(), Path("/home/ada/shop/seaway.yaml"))
    shop, production = found.services["shop"], found.environments["production"]
    old, new = (
        revision(replace(shop, environment={"LOG_LEVEL": level}), Stored(f"{HOME}/artifacts/{digest}", digest))
        for level, digest in (("debug", "0" * 64), ("info", "1" * 64))
    )
    here = Placement("shop", "production", old, replicas=2, generation=7)
    return build.build(shop, production, new, here, now=NOW, owner=owner, site="ship")


@dataclass
class World:
    """Does what it is told and reports it with the next look. `ratio`: the share of the candidate's requests that succeed."""

    plan: Plan
    ratio: float = 1.0
    now: datetime = NOW
    events: list[dict[str, Any]] = field(default_factory=list)
    instances: dict[str, int] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    routing: Routing | None = None
    ready_at: datetime = NOW
    rollout: Rollout = field(init=False)

    def __post_init__(self) -> None:
        stable = self.plan.stable
        assert stable is not None
        self.instances = {stable.id: 2, self.plan.candidate.id: 0}
        self.rollout = begin("ro-06b3x1k9m-4fq7", self.plan, identity.plan_hash(self.plan), "ada", NOW, generation=7)
        self.feed(messages.Admit())

    def feed(self, event: messages.Event) -> None:
        """One event, and what follows from it."""
        self.rollout, commands = decide(self.rollout, event, self.now)
        self.rollout = replace(self.rollout, seq=self.rollout.seq + bool(commands))
        for command in commands:
            self._carry_out(command)

    def look(self) -> None:
        """Everything that the engine would look at; then time passes, and requests."""
        wanted = wants.wants(self.rollout)
        if wanted.job and self.now - NOW > _MIGRATION:
            self.feed(messages.JobsSeen(JobSeen(wanted.job, JobState.SUCCEEDED, 0)))
        self.feed(messages.InstancesSeen(tuple(self._instances())))
        self.feed(messages.RouteSeen(self._route()))
        if wants.wants(self.rollout).guards:
            self._judge()
        deadline = self.rollout.deadline
        if deadline and self.now >= deadline:
            self.feed(messages.DeadlinePassed(deadline))
        seconds = wants.wants(self.rollout).every
        for backend in self.routing.backends if self.routing else ():
            share = backend.weight / 1_000_000
            self.counts[backend.revision] = self.counts.get(backend.revision, 0.0) + share * 200 * seconds
        self.now += timedelta(seconds=seconds)

    def until(self, state: State, step: str = "") -> Rollout:
        """Look until the rollout is in this state (at this step)."""
        for _ in range(20_000):
            at = self.plan.steps[self.rollout.step].kind if self.rollout.step < len(self.plan.steps) else ""
            if self.rollout.state is state and step in ("", at):
                return self.rollout
            self.look()
        raise AssertionError(f"never {state}: {self.rollout.state} {self.rollout.reason} {self.rollout.waiting}")

    def _instances(self) -> list[InstanceSeen]:
        first = {name: 41000 + 100 * place for place, name in enumerate(self.instances)}
        return [
            InstanceSeen(f"{name}-{index}", name, self._state(name), f"127.0.0.1:{first[name] + index}")
            for name, count in self.instances.items()
            for index in range(count)
        ]

    def _state(self, name: str) -> InstanceState:
        young = name == self.plan.candidate.id and self.now < self.ready_at
        return InstanceState.STARTING if young else InstanceState.READY

    def _route(self) -> RoutingSeen:
        generation = self.routing.generation if self.routing else 7
        weights = {backend.revision: backend.weight for backend in self.routing.backends} if self.routing else {}
        counts = {name: Counts(int(number), 0, int(number)) for name, number in self.counts.items()}
        return RoutingSeen(self.now, "envoy", (generation,) * 2, 0, weights, counts)

    def _judge(self) -> None:
        """One more sample of both sides, and what the real judge says about them."""
        for name, count in self.counts.items():
            total = int(count)
            good = int(total * self.ratio) if name == self.plan.candidate.id else total
            latency = Histogram((10.0, 25.0, 50.0), (total - total // 100, total // 100, 0, 0))
            self.samples.setdefault(name, []).append(Sample(name, self.now, total, total - good, latency, "envoy"))
        candidate = self.samples.get(self.plan.candidate.id, [])
        stable = self.samples.get(self.plan.basis, [])
        verdicts = (evaluate(guard, candidate, stable, self.now, tick=self.plan.tick) for guard in self.plan.guards)
        self.feed(messages.VerdictSeen(tuple(verdicts)))

    def _carry_out(self, command: messages.Command) -> None:
        match command:
            case messages.Emit():
                event = cdevents.render(command, self.rollout, 118 + len(self.events), self.now)
                self.events.append(event)
            case messages.ConvergeInstances():
                side = self.plan.candidate if command.side == "candidate" else self.plan.stable
                assert side is not None
                self.ready_at = self.now + _START if command.replicas > self.instances[side.id] else self.now
                self.instances[side.id] = command.replicas
            case messages.ConvergeRouting():
                self.routing = command.routing
            case messages.CountLosses():
                sides = {
                    name: SideLoss(int(count * ratio), int(count) - int(count * ratio), 2, 3.1, 31.0, 48.2, 61.7)
                    for (name, count), ratio in zip(self.counts.items(), (self.ratio, 1.0), strict=False)
                }
                served, failed = (sum(getattr(side, name) for side in sides.values()) for name in ("served", "failed"))
                self.feed(messages.LossSeen(Loss(served, failed, 4, command.cut, 0.0, sides)))
            case _:
                pass


def held() -> World:
    """The story until it waits for a person at 50 %."""
    world = World(plan())
    world.feed(messages.Approve("grace", world.rollout.plan_hash, comment="load test passed"))
    world.until(State.HELD, "hold")
    return world


def rolled_back() -> World:
    """The story of a release that fails too many requests: its end, with its losses."""
    world = World(plan(), ratio=0.7)
    world.feed(messages.Approve("grace", world.rollout.plan_hash))
    world.until(State.ROLLED_BACK)
    return world


def documents() -> dict[str, str]:
    """File name -> text of every example document."""
    waiting, ended = held(), rolled_back()
    return {
        "plan.json": _pretty(plan_document.render(plan())),
        "rollout.json": _pretty(document.render(waiting.rollout)),
        "rollout-rolled-back.json": _pretty(document.render(ended.rollout)),
        "events.jsonl": "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in ended.events),
    }


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
