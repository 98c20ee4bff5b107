"""An environment: a place with a target, a traffic router, gates and a strategy. Written by `config`, read by `plan`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from seaway.model.analysis import Judging
from seaway.model.metrics import MetricsSource
from seaway.model.service import Tls
from seaway.model.verdict import Guard


class Concurrency(StrEnum):
    """What a newer release does to a running rollout of the same service and environment."""

    SUPERSEDE = "supersede"
    QUEUE = "queue"
    REJECT = "reject"


class OnUnobservable(StrEnum):
    """What to do when too little traffic passes to observe a weight."""

    HOLD = "hold"
    CONTINUE = "continue"


class EngineLost(StrEnum):
    """What the keeper does when the engine gives no sign of life until the deadline."""

    STAY = "stay"
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class IfEngineLost:
    """`stay`: leave the weights. `stable`: after `after` without an engine the keeper puts all traffic on stable."""

    action: EngineLost = EngineLost.STAY
    after: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Gate:
    """Holds a rollout before it starts. approval: `required` named people of `approvers` ([] = anyone). until: a time."""

    kind: str  # "approval" | "until"
    required: int = 1
    approvers: tuple[str, ...] = ()
    until: datetime | None = None
    deadline: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CanaryStep:
    """One written step: exactly one of the fields is set (Argo Rollouts' words)."""

    set_weight: int | None = None  # ppm
    pause: timedelta | None = None
    pause_until_promoted: bool = False
    analysis: timedelta | None = None  # guards must pass within this time
    hold: str = ""  # reason; waits for a person


@dataclass(frozen=True, slots=True)
class Budget:
    """A canary without steps: its weight follows the evidence. `risk`: requests that may be harmed per feedback loop."""

    risk: float = 3.0
    deadline: timedelta = timedelta(hours=1)
    most: int = 500_000  # ppm
    lag: timedelta | None = None  # None: the environment's tick


@dataclass(frozen=True, slots=True)
class Strategy:
    """How traffic moves. kind: rolling | blue-green | canary. Fields of other kinds keep their defaults."""

    kind: str = "canary"
    steps: tuple[CanaryStep, ...] = ()
    ramp: Budget | None = None  # canary: instead of steps
    max_surge: str = "25%"  # rolling: instances above the wished number, count or percent
    max_unavailable: str = "0"  # rolling: instances below it
    auto_promotion: bool = True  # blue-green: switch by itself, or wait for `promote`
    auto_promotion_after: timedelta = timedelta()  # blue-green: time on the preview route first
    preview_host: str = ""  # blue-green: host that reaches the candidate before the switch
    deadline: timedelta = timedelta(hours=1)  # of every wait for a person inside the strategy


@dataclass(frozen=True, slots=True)
class Environment:
    """A place releases go to. `tick` is the interval of looks at metrics."""

    name: str
    target: str = "process"
    router: str = "envoy"
    listen: str = "127.0.0.1:8080"
    tls: Tls | None = None
    metrics: str = "envoy"
    metrics_source: MetricsSource = field(default_factory=MetricsSource)
    strategy: Strategy = Strategy()
    gates: tuple[Gate, ...] = ()
    objectives: tuple[Guard, ...] = ()
    judging: Judging | None = None
    soak: timedelta = timedelta(minutes=5)
    promote_from: str = ""
    concurrency: Concurrency = Concurrency.SUPERSEDE
    on_unobservable: OnUnobservable = OnUnobservable.CONTINUE
    if_engine_lost: IfEngineLost = IfEngineLost()
    tick: timedelta = timedelta(seconds=1)
