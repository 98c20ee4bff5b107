"""What goes into the state machine (events) and what comes out of it (commands). Both are stored, so both are data.

Events come from people (through the API), from looks at the world (the engine's watch) and from the clock.
Commands are carried out by `engine.hands`: each is "converge to this", quick and idempotent. Nothing waits in a command:
what takes time is seen by a later look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from seaway.model.instance import InstanceSeen, JobSeen
from seaway.model.plan import TakeOver
from seaway.model.rollout import Loss
from seaway.model.routing import Probed, Routing, RoutingSeen
from seaway.model.verdict import Verdict

# ---------------------------------------------------------------- events: people


@dataclass(frozen=True, slots=True)
class Admit:
    """The engine admits the rollout: no other is active here (or this one waited its turn)."""

    kind: Literal["admit"] = "admit"


@dataclass(frozen=True, slots=True)
class Approve:
    """A decision of a named person about this plan hash."""

    actor: str
    plan_hash: str
    approved: bool = True
    comment: str = ""
    kind: Literal["approve"] = "approve"


@dataclass(frozen=True, slots=True)
class PromoteNow:
    """End the current pause or hold and go on; `full`: skip every remaining pause and analysis, guards stay on."""

    actor: str
    full: bool = False
    kind: Literal["promote_now"] = "promote_now"


@dataclass(frozen=True, slots=True)
class PauseNow:
    """Hold here until somebody resumes."""

    actor: str
    kind: Literal["pause_now"] = "pause_now"


@dataclass(frozen=True, slots=True)
class Resume:
    """Leave a hold and go on where it was."""

    actor: str
    kind: Literal["resume"] = "resume"


@dataclass(frozen=True, slots=True)
class Abort:
    """Bring all traffic back to stable and end. During soak this is an undo."""

    actor: str
    reason: str = ""
    kind: Literal["abort"] = "abort"


@dataclass(frozen=True, slots=True)
class Supersede:
    """A newer rollout takes this one's place. During soak it ends the soak early; before that it brings traffic back."""

    by: str
    actor: str
    kind: Literal["supersede"] = "supersede"


# ---------------------------------------------------------------- events: the world and the clock


@dataclass(frozen=True, slots=True)
class InstancesSeen:
    """All instances of the service, of every revision."""

    instances: tuple[InstanceSeen, ...]
    kind: Literal["instances_seen"] = "instances_seen"


@dataclass(frozen=True, slots=True)
class JobsSeen:
    """The `before` job."""

    job: JobSeen
    kind: Literal["job_seen"] = "job_seen"


@dataclass(frozen=True, slots=True)
class RouteSeen:
    """What the running proxy reports."""

    seen: RoutingSeen
    kind: Literal["route_seen"] = "route_seen"


@dataclass(frozen=True, slots=True)
class ProbeSeen:
    """Answers to probes through the public listener."""

    probed: Probed
    kind: Literal["probe_seen"] = "probe_seen"


@dataclass(frozen=True, slots=True)
class VerdictSeen:
    """A guard's or the judge's verdict that differs from its last one, or that ends an analysis."""

    verdicts: tuple[Verdict, ...]
    kind: Literal["verdict_seen"] = "verdict_seen"


@dataclass(frozen=True, slots=True)
class RampDue:
    """The weight (ppm) that a ramp wishes now, by the evidence so far; `note`: what the router made of it."""

    weight: int
    note: str = ""
    kind: Literal["ramp_due"] = "ramp_due"


@dataclass(frozen=True, slots=True)
class LossSeen:
    """The loss ledger of the finished rollout."""

    loss: Loss
    kind: Literal["loss_seen"] = "loss_seen"


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The current deadline is over; `deadline` tells a late message from a current one."""

    deadline: datetime
    kind: Literal["deadline_passed"] = "deadline_passed"


@dataclass(frozen=True, slots=True)
class CommandFailed:
    """A command could not be carried out; `error` is the kind of the port error, `retry` whether trying again may help."""

    command: str
    error: str
    message: str
    retry: bool
    kind: Literal["command_failed"] = "command_failed"


Event = (
    Admit
    | Approve
    | PromoteNow
    | PauseNow
    | Resume
    | Abort
    | Supersede
    | InstancesSeen
    | JobsSeen
    | RouteSeen
    | ProbeSeen
    | VerdictSeen
    | RampDue
    | LossSeen
    | DeadlinePassed
    | CommandFailed
)

# ---------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class ConvergeInstances:
    """Target: this many instances of this revision of the plan ("candidate" or "stable"); `keep`: addresses to spare."""

    side: Literal["candidate", "stable"]
    replicas: int
    keep: tuple[str, ...] = ()
    kind: Literal["converge_instances"] = "converge_instances"


@dataclass(frozen=True, slots=True)
class ConvergeRouting:
    """Router: this routing."""

    routing: Routing
    kind: Literal["converge_routing"] = "converge_routing"


@dataclass(frozen=True, slots=True)
class RunJob:
    """Target: the `before` command, once per rollout."""

    key: str
    command: tuple[str, ...]
    kind: Literal["run_job"] = "run_job"


@dataclass(frozen=True, slots=True)
class StopForeign:
    """Router: take the port over from this process."""

    step: TakeOver
    kind: Literal["stop_foreign"] = "stop_foreign"


@dataclass(frozen=True, slots=True)
class SendProbes:
    """Router: probes through the public listener; the answer comes back as ProbeSeen."""

    count: int
    kind: Literal["send_probes"] = "send_probes"


@dataclass(frozen=True, slots=True)
class RecordPlacement:
    """Engine: the service's stable revision here is now this side; `held`: stop queued and automatic releases, and why."""

    stable: Literal["candidate", "stable"]
    replicas: int
    warm: tuple[str, ...] = ()
    held: str = ""
    kind: Literal["record_placement"] = "record_placement"


@dataclass(frozen=True, slots=True)
class CountLosses:
    """Router: the loss ledger of this interval; the answer comes back as LossSeen."""

    since: datetime
    until: datetime
    cut: int
    kind: Literal["count_losses"] = "count_losses"


@dataclass(frozen=True, slots=True)
class Emit:
    """Ledger and outbox: a CDEvent about this rollout. `type`: e.g. `service.upgraded`; `data` goes to customData."""

    type: str
    data: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    kind: Literal["emit"] = "emit"


Command = ConvergeInstances | ConvergeRouting | RunJob | StopForeign | SendProbes | RecordPlacement | CountLosses | Emit


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the engine should look at while the rollout is in its present state, and how often (seconds)."""

    instances: bool = False
    job: str = ""
    route: bool = False
    guards: bool = False
    every: float = 1.0
