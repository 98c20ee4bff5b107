"""What a judge is asked: metrics, error rates and limits, fixed before the first batch and never changed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from seaway.model.verdict import Reaction

JUDGE = "judge"  # the name under which its verdicts stand beside those of the guards


class Kind(StrEnum):
    """rate: events out of exposure, compared. latency: a distribution, compared. objective: candidate alone against a limit."""

    RATE = "rate"
    LATENCY = "latency"
    OBJECTIVE = "objective"


class Direction(StrEnum):
    """Which change of a rate is harm."""

    INCREASE = "increase"
    DECREASE = "decrease"
    EITHER = "either"


class Stop(StrEnum):
    """When a verdict is given: at the first decision, or at the deadline (a crossing on the way stays a crossing)."""

    FIRST_DECISION = "first_decision"
    DEADLINE = "deadline"


class Mismatch(StrEnum):
    """What follows when traffic is not split as configured: hold (no pass), rollback (fail) or warn (say so)."""

    HOLD = "hold"
    ROLLBACK = "rollback"
    WARN = "warn"


class Judge(StrEnum):
    """Who decides: Seaway's own method, or the classifier and score of Kayenta, once at the end, for people who migrate."""

    SEAWAY = "seaway"
    KAYENTA = "kayenta"


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is compared.

    `margin`: what a promotion proves. rate: "not `margin` times worse" (above 1). latency: "no quantile slower by this
    fraction". None = nothing is proven for it. `weight`: its part of alpha for rollback (parts are scaled to sum to 1). `at_most`: the
    objective's limit as a fraction. `tolerance`: its own, else the one of the whole. `of`: an objective reads this metric's batches.
    `enough`: good enough whatever stable does, so that a service without errors can pass: a share of a rate, or milliseconds
    below which differences of latency do not matter. 0 = only the comparison counts.
    """

    name: str
    kind: Kind
    direction: Direction = Direction.INCREASE
    margin: float | None = None
    weight: float | None = None
    quantiles: tuple[float, ...] = (0.5, 0.9, 0.99)
    at_most: float = 0.0
    tolerance: float | None = None
    of: str = ""
    enough: float = 0.0


@dataclass(frozen=True, slots=True)
class Spec:
    """One analysis. `alpha`: chance that a harmless release is rolled back; `alpha_promote`: that one worse than a margin passes.

    Counts are batches in time (all metrics of one time are one batch). `must_have` None = every metric with a margin.
    `restarts`: starts of the evidence spread over the deadline, for regressions that come late (1 = only the beginning).
    `points`: of the ratio grid. `stale_batches`: a must-have metric silent for longer blocks a pass.
    `judge: kayenta` looks once, at the deadline or the end of the batches; `pass_score` and `marginal_score` are its limits (0 to 100).
    """

    metrics: tuple[Metric, ...]
    alpha: float = 0.01
    alpha_promote: float = 0.05
    tolerance: float = 0.1
    deadline_batches: int = 600
    min_samples: int = 20
    warmup_batches: int = 0
    must_have: tuple[str, ...] | None = None
    stop: Stop = Stop.FIRST_DECISION
    restarts: int = 1
    points: int = 257
    stale_batches: int = 60
    on_mismatch: Mismatch = Mismatch.HOLD
    judge: Judge = Judge.SEAWAY
    pass_score: float = 95.0
    marginal_score: float = 75.0

    @property
    def required(self) -> tuple[str, ...]:
        """The metrics without whose proof nothing passes."""
        return tuple(m.name for m in self.metrics if m.margin is not None) if self.must_have is None else self.must_have


class Underpowered(StrEnum):
    """What follows when the plan shows that its canary cannot prove enough in its time: start and hold at the end (hold),
    start and look longer (extend), start with synthetic requests (load), or do not start (refuse).
    """

    HOLD = "hold"
    EXTEND = "extend"
    LOAD = "load"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Judging:
    """The judge of a release: what it is asked, and what follows from each of its answers. `fail` counts at once, the others
    when an analysis or a ramp ends. `extend_max`: how long `extend` may look in all; then it becomes a hold.
    `requests_per_minute`: declared traffic of the service, 0 = as measured.
    """

    spec: Spec
    on_fail: Reaction = Reaction.ROLLBACK
    on_inconclusive: Reaction = Reaction.EXTEND
    on_no_data: Reaction = Reaction.HOLD
    on_error: Reaction = Reaction.HOLD
    extend_max: timedelta = timedelta(minutes=10)
    deadline: timedelta = timedelta(hours=1)
    underpowered: Underpowered = Underpowered.HOLD
    requests_per_minute: float = 0.0
