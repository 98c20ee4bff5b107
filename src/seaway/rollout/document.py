"""`seaway.rollout/v1`: a rollout as a document. Called by the API and the CLI; the keys are a contract and only ever grow."""

from __future__ import annotations

from seaway.model import codec, duration, weight
from seaway.model.plan import (
    Analysis,
    Approval,
    Hold,
    Pause,
    PauseUntil,
    Preview,
    Promote,
    Ramp,
    RunBefore,
    Scale,
    SetWeight,
    Soak,
    Step,
    TakeOver,
)
from seaway.model.rollout import Rollout

FORMAT = "seaway.rollout/v1"


def render(rollout: Rollout) -> dict[str, codec.Json]:
    """Times are RFC 3339 UTC, weights parts per million, null = not known. `loss` is counted when the rollout ends."""
    plan = rollout.plan
    return {
        "format": FORMAT,
        "id": rollout.id,
        "service": plan.service,
        "environment": plan.environment,
        "state": rollout.state.value,
        "plan_hash": rollout.plan_hash,
        "strategy": plan.strategy,
        "undo": plan.undo,
        "actor": rollout.actor,
        "origin": rollout.origin,
        "created": codec.encode(rollout.created),
        "since": codec.encode(rollout.since),
        "ended": codec.encode(rollout.ended),
        "reason": rollout.reason,
        "revisions": {"stable": plan.stable.id if plan.stable else None, "candidate": plan.candidate.id},
        "weights": codec.encode(rollout.weights),
        "instances": dict(rollout.wanted),
        "step": rollout.step,
        "steps": _steps(rollout),
        "guards": codec.encode(plan.guards),
        "judging": codec.encode(plan.judging),
        "power": list(plan.power),
        "verdicts": codec.encode(rollout.verdicts),
        "approvals": codec.encode(rollout.approvals),
        "waiting": _waiting(rollout),
        "loss": _loss(rollout),
        "warnings": list(plan.warnings),
        "sequence": rollout.seq,
    }


def step_text(step: Step) -> str:
    """One step in a few words."""
    match step:
        case SetWeight():
            return f"set weight {weight.render(step.weight)}"
        case Scale():
            return f"scale candidate {step.candidate}, stable {step.stable}"
        case Pause():
            return f"pause {duration.render(step.duration)}" if step.duration else "pause until promoted"
        case Analysis():
            return f"analysis, at most {duration.render(step.duration)}"
        case Ramp():
            return f"ramp, at most {duration.render(step.deadline)}"
        case Soak():
            return f"soak {duration.render(step.duration)}"
        case Hold():
            return f"hold: {step.reason}"
        case _:
            return _rare_step_text(step)


def _rare_step_text(step: Approval | PauseUntil | RunBefore | TakeOver | Preview | Promote) -> str:
    match step:
        case Approval():
            return f"approval by {step.required} of {' or '.join(step.approvers) or 'anyone'}"
        case PauseUntil():
            return f"wait until {codec.encode(step.until)}"
        case RunBefore():
            return f"run {' '.join(step.before.command)}"
        case TakeOver():
            return f"take the port over from pid {step.owner.pid}"
        case Preview():
            return f"preview on {step.host}"
        case Promote():
            return "promote"


def _steps(rollout: Rollout) -> list[dict[str, codec.Json]]:
    return [
        {
            "kind": step.kind,
            "text": step_text(step),
            "outcome": record.outcome,
            "started": codec.encode(record.started),
            "ended": codec.encode(record.ended),
        }
        for step, record in zip(rollout.plan.steps, rollout.steps, strict=True)
    ]


def _waiting(rollout: Rollout) -> dict[str, codec.Json] | None:
    waiting = rollout.waiting
    if waiting is None:
        return None
    return {"for": waiting.what, "owner": waiting.owner, "until": codec.encode(waiting.until), "then": waiting.then}


def _loss(rollout: Rollout) -> dict[str, codec.Json]:
    """Before it was counted every number is null: what is not known is not zero."""
    if rollout.loss is None:
        return dict.fromkeys(("served", "failed", "retried", "cut", "unseen_s", "sides"))
    return dict(codec.encode(rollout.loss))
