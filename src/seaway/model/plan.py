"""A plan: the release as data. Ordered steps that are printed, diffed, saved and hashed; the saved plan is what runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from seaway.model.analysis import Judging
from seaway.model.environment import Concurrency, IfEngineLost, OnUnobservable
from seaway.model.metrics import MetricsSource
from seaway.model.revision import Revision
from seaway.model.routing import Gateway, PortOwner
from seaway.model.service import Before
from seaway.model.verdict import Guard


@dataclass(frozen=True, slots=True)
class Approval:
    """Waits until `required` people of `approvers` (empty: anyone) approve this plan's hash; then or never."""

    kind: Literal["approval"] = "approval"
    required: int = 1
    approvers: tuple[str, ...] = ()
    deadline: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PauseUntil:
    """Waits until a moment (UTC)."""

    until: datetime
    kind: Literal["pause_until"] = "pause_until"


@dataclass(frozen=True, slots=True)
class RunBefore:
    """Runs the service's `before` command once (migrations)."""

    before: Before
    kind: Literal["before"] = "before"


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Stops the foreign process that owns the gateway's port and takes the port; what it loses was said in the plan."""

    owner: PortOwner
    kind: Literal["take_over"] = "take_over"


@dataclass(frozen=True, slots=True)
class Scale:
    """Converges both sides to these numbers of instances and waits until those that grow are ready.

    A side that shrinks gives up instances only after the router has stopped using them and they have drained.
    """

    candidate: int
    stable: int
    kind: Literal["scale"] = "scale"


@dataclass(frozen=True, slots=True)
class Preview:
    """Makes the candidate reachable on the preview host, at weight 0."""

    host: str
    kind: Literal["preview"] = "preview"


@dataclass(frozen=True, slots=True)
class SetWeight:
    """Moves the candidate to this weight (ppm): shift, verify on every worker, observe.

    `instances`: ready ones that are enough for it, where a strategy may run with fewer (max_unavailable); 0 = the share of
    the candidate's replicas that covers the weight.
    """

    weight: int
    instances: int = 0
    kind: Literal["set_weight"] = "set_weight"


@dataclass(frozen=True, slots=True)
class Pause:
    """Waits under the guards for a time, or (duration None) until a person promotes, at most `deadline`."""

    duration: timedelta | None = None
    deadline: timedelta = timedelta(hours=1)
    kind: Literal["pause"] = "pause"


@dataclass(frozen=True, slots=True)
class Analysis:
    """Every guard, and the judge where there is one, must pass within `duration`; then the next step begins at once."""

    duration: timedelta
    kind: Literal["analysis"] = "analysis"


@dataclass(frozen=True, slots=True)
class Ramp:
    """The weight follows the judge's evidence, so that at most `budget` requests are expected to be harmed until the next
    look can react. Over when the judge passes; at most `deadline`. `most`: the largest weight on the way (ppm); `lag`: how old
    the judge's numbers may be.
    """

    budget: float = 3.0
    deadline: timedelta = timedelta(hours=1)
    most: int = 500_000
    lag: timedelta = timedelta(seconds=1)
    kind: Literal["ramp"] = "ramp"


@dataclass(frozen=True, slots=True)
class Hold:
    """Waits for a person, who promotes or aborts, at most `deadline`."""

    reason: str
    deadline: timedelta = timedelta(hours=1)
    kind: Literal["hold"] = "hold"


@dataclass(frozen=True, slots=True)
class Promote:
    """The candidate is at 100 %, verified: it becomes the stable revision of the service in this environment."""

    kind: Literal["promote"] = "promote"


@dataclass(frozen=True, slots=True)
class Soak:
    """Guards go on after promotion, the old revision stays warm; then the old side drains and stops."""

    duration: timedelta
    kind: Literal["soak"] = "soak"


Step = (
    Approval
    | PauseUntil
    | RunBefore
    | TakeOver
    | Scale
    | Preview
    | SetWeight
    | Pause
    | Analysis
    | Ramp
    | Hold
    | Promote
    | Soak
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a rollout needs, bound to what ran when it was made.

    `stable` None: the first release of the service here. `basis` is the stable revision's id the plan was made against;
    when another is stable at the start, the plan is stale and refused. `warnings` are sentences for people.
    """

    service: str
    environment: str
    strategy: str
    candidate: Revision
    stable: Revision | None
    gateway: Gateway | None  # None for workers
    target: str
    router: str
    metrics: str
    steps: tuple[Step, ...]
    guards: tuple[Guard, ...]
    tick: timedelta
    concurrency: Concurrency
    on_unobservable: OnUnobservable
    if_engine_lost: IfEngineLost
    drain: timedelta
    prepare_timeout: timedelta
    verify_timeout: timedelta = timedelta(seconds=10)
    warnings: tuple[str, ...] = ()
    undo: bool = False  # a return to an earlier revision: no pauses, no analysis
    judging: Judging | None = None  # None: only the guards decide
    power: tuple[str, ...] = ()  # what the canary can detect and prove, in sentences
    underpowered: bool = False
    site: str = ""  # the host that holds its files and processes
    labels: tuple[tuple[str, str], ...] = field(default=())
    metrics_source: MetricsSource = field(
        default_factory=MetricsSource
    )  # where `metrics` asks, when it is not the gateway itself

    @property
    def basis(self) -> str:
        """Id of the stable revision this plan was made against, "" for a first release."""
        return self.stable.id if self.stable else ""
