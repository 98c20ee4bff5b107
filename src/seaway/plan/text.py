"""A plan for people: numbered steps, who ends each wait, gates, guards, and how it goes back. Called by `seaway plan`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from seaway.model import duration, weight
from seaway.model.environment import EngineLost
from seaway.model.plan import (
    Analysis,
    Approval,
    Hold,
    Pause,
    PauseUntil,
    Plan,
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
from seaway.model.service import RollbackClass
from seaway.model.verdict import Guard, Measure
from seaway.plan import judged
from seaway.plan.identity import plan_hash

WIDTH = 80


def render(plan: Plan) -> str:
    """80 columns, no colour; ends with a line feed."""
    lines = [
        f"{plan.service} to {plan.environment}: {plan.candidate.id}",
        f"{plan.strategy}, from {plan.basis or 'nothing'}, plan {plan_hash(plan)[:12]}",
        "",
    ]
    for warning in plan.warnings:
        lines += _wrapped(f"! {warning}", "  ")
    lines += [""] if plan.warnings else []
    for number, step in enumerate(plan.steps, 1):
        lines += _wrapped(f"{number:>3}. {words(step, plan)}", "     ")
    parts = [("guards", _guards(plan)), ("going back", _back(plan)), ("if the engine is lost", _lost(plan))]
    if plan.judging:
        parts.insert(0, ("the judge", judged.lines(plan, plan.judging)))
    for title, body in parts:
        lines += ["", f"{title}:"]
        for line in body:
            lines += _wrapped(f"  {line}", "    ")
    return "\n".join(lines) + "\n"


def words(step: Step, plan: Plan) -> str:
    """One step: what happens, what it waits for, and who ends it."""
    match step:
        case Approval() | PauseUntil() | Hold():
            return _gate(step)
        case Pause():
            return _pause(step)
        case RunBefore():
            return f"run `{' '.join(step.before.command)}` once, at most {duration.render(step.before.timeout)}"
        case TakeOver():
            return f"take the port over from `{step.owner.command}` (pid {step.owner.pid})"
        case Scale():
            stable = f", stable {step.stable}" if plan.stable and plan.stable.id != plan.candidate.id else ""
            limit = duration.render(plan.prepare_timeout)
            return f"instances: candidate {step.candidate}{stable}; wait until they are ready, at most {limit}"
        case _:
            return _traffic(step, plan)


def _traffic(step: Preview | SetWeight | Analysis | Ramp | Promote | Soak, plan: Plan) -> str:
    match step:
        case Preview():
            return f"the candidate answers on {step.host}, and gets no other traffic"
        case SetWeight():
            limit = duration.render(plan.verify_timeout)
            return f"traffic: candidate {weight.render(step.weight)}; verified on every worker within {limit}, then observed"
        case Analysis():
            who = " and ".join((["every guard"] if plan.guards else []) + (["the judge"] if plan.judging else []))
            return f"{who} must pass within {duration.render(step.duration)}"
        case Ramp():
            return (
                f"ramp: the weight follows the evidence up to {weight.render(step.most)}, at most {step.budget:g} requests harmed "
                f"until it can react; until the judge passes, at most {duration.render(step.deadline)}"
            )
        case Promote():
            return "promote: the candidate becomes stable"
        case Soak():
            return f"soak {duration.render(step.duration)} under the guards, the old side stays warm; then it drains and stops"


def _gate(step: Approval | PauseUntil | Hold) -> str:
    if isinstance(step, Approval):
        who = " or ".join(step.approvers) if step.approvers else "anyone"
        return f"gate: approval by {who} within {duration.render(step.deadline)}, or it ends; nothing has started then"
    if isinstance(step, PauseUntil):
        return f"gate: wait until {step.until.isoformat(timespec='seconds').replace('+00:00', 'Z')}"
    return f"hold: {step.reason}; a person promotes within {duration.render(step.deadline)}, or traffic goes back"


def _pause(step: Pause) -> str:
    if step.duration is None:
        return f"pause until a person promotes, at most {duration.render(step.deadline)}, then traffic goes back"
    return f"pause {duration.render(step.duration)} under the guards"


def _guards(plan: Plan) -> Iterable[str]:
    if not plan.guards:
        yield "none"
    for guard in plan.guards:
        yield (
            f"{guard.name}: {_objective(guard)}, over {duration.render(guard.window)}, from {guard.min_samples} requests on; "
            f"fail: {guard.on_fail.value}, inconclusive: {guard.on_inconclusive.value}, no data: {guard.on_no_data.value}, "
            f"error: {guard.on_error.value}"
        )


def _objective(guard: Guard) -> str:
    against = guard.compare == "stable"
    if guard.measure is Measure.SUCCESS_RATE:
        return f"success >= stable - {guard.margin * 100:g} %" if against else f"success >= {guard.at_least * 100:g} %"
    limit = f"stable + {guard.margin * 100:g} %" if against else f"{guard.at_most:g} ms"
    return f"p{guard.quantile * 100:g} <= {limit}"


def _back(plan: Plan) -> Iterable[str]:
    if plan.stable is None:
        yield "nothing to go back to: an abort takes the service out of the router and stops it"
        return
    for step in plan.steps:
        if isinstance(step, RunBefore) and step.before.rollback is not RollbackClass.REVERT:
            yield f"not by itself after `before` ({step.before.rollback.value}): it is held, and a person decides"
    if plan.gateway is None:
        yield f"the instances of {plan.stable.id} are brought back, then the candidate stops"
        return
    count = plan.stable.service.replicas
    yield (
        f"one shift to {plan.stable.id}, once {count} of its instances are ready; the candidate drains for at most "
        f"{duration.render(plan.drain)}, then stops"
    )


def _lost(plan: Plan) -> Iterable[str]:
    if plan.if_engine_lost.action is EngineLost.STABLE:
        yield f"after {duration.render(plan.if_engine_lost.after)} without a sign of life all traffic goes to stable"
    else:
        yield "the weights stay as they are"


def _wrapped(line: str, indent: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
