"""A rollout: a plan being carried out. The whole record is one frozen value: `rollout.decide` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from seaway.model.plan import Plan
from seaway.model.routing import SideLoss
from seaway.model.verdict import Verdict


class State(StrEnum):
    """See DESIGN: the state machine of a rollout."""

    PENDING = "pending"
    ADMITTED = "admitted"
    PREPARING = "preparing"
    READY = "ready"
    SHIFTING = "shifting"
    VERIFYING_ROUTE = "verifying_route"
    OBSERVING = "observing"
    DECIDING = "deciding"
    PROMOTING = "promoting"
    SOAKING = "soaking"
    HELD = "held"
    ROLLING_BACK = "rolling_back"
    DRAINING = "draining"
    INDETERMINATE = "indeterminate"
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    SUPERSEDED = "superseded"

    @property
    def terminal(self) -> bool:
        """True when nothing will happen any more."""
        return self in _TERMINAL


_TERMINAL = frozenset({State.SUCCEEDED, State.ROLLED_BACK, State.FAILED, State.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class Observed:
    """Counter difference since `verified`: the candidate's share (ppm) of `requests`."""

    ppm: int
    requests: int


@dataclass(frozen=True, slots=True)
class Weight:
    """Three different truths about one revision (invariant 9); None = not known."""

    set: int = 0
    verified: int | None = None
    observed: Observed | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Every wait has what it is for, who can end it, until when, and what happens then."""

    what: str
    owner: str
    until: datetime
    then: str


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What became of one step of the plan."""

    started: datetime | None = None
    ended: datetime | None = None
    outcome: str = ""  # "", done, skipped, failed


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """One decision of one person, bound to the plan's hash."""

    actor: str
    decision: str  # approved | rejected
    at: datetime
    plan_hash: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss ledger: totals of the rollout's interval and per side; `unseen_s` = seconds without a proxy."""

    served: int = 0
    failed: int = 0
    retried: int = 0
    cut: int = 0
    unseen_s: float = 0.0
    sides: Mapping[str, SideLoss] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rollout:
    """`decide` owns the fields down to `verdicts`; `engine` writes `seq`, `epoch` and the times.

    `phase`: a word inside a state that says which leg it is on (e.g. verifying forward or back); owned by `decide`.
    `resume_to`: the state a hold returns to. `memory`: small facts `decide` keeps between events (JSON scalars).
    """

    id: str
    plan: Plan
    plan_hash: str
    actor: str
    created: datetime
    state: State = State.PENDING
    step: int = 0
    phase: str = ""
    since: datetime | None = None  # when the state was entered
    deadline: datetime | None = None  # when DeadlinePassed is due for the current wait
    generation: int = 0  # of the routing last wished
    weights: Mapping[str, Weight] = field(default_factory=dict)
    wanted: Mapping[str, int] = field(default_factory=dict)  # revision -> instances
    steps: tuple[StepRecord, ...] = ()
    approvals: tuple[ApprovalRecord, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    waiting: Waiting | None = None
    resume_to: State | None = None
    reason: str = ""  # why it is held, rolled back, failed or superseded
    cut: int = 0
    loss: Loss | None = None
    memory: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    origin: str = "person"  # or "automatic"
    ended: datetime | None = None
    seq: int = 0
    epoch: int = 0
