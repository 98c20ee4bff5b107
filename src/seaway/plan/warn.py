"""Sentences that a person should read before a plan starts. Called by `build`."""

from __future__ import annotations

from seaway.model import duration, weight
from seaway.model.environment import Environment
from seaway.model.plan import Plan, Ramp, RunBefore, SetWeight
from seaway.model.routing import PortOwner
from seaway.model.service import RollbackClass


def warnings(plan: Plan, environment: Environment, owner: PortOwner | None) -> tuple[str, ...]:
    """The most important first: what users will lose, then what cannot be undone, then what is not guarded."""
    made: list[str] = []
    if owner:
        made.append(
            f"takes port {environment.listen} over from `{owner.command}` (pid {owner.pid}, {owner.user}): its open "
            "connections are cut, and connections are refused for the moment between its end and Envoy's start"
        )
    if plan.stable is None:
        made.append("first release here: there is nothing to go back to, and nothing to compare with")
    elif plan.stable.id == plan.candidate.id:
        made.append(f"the revision stays {plan.candidate.id}; only the number of instances changes")
    made += _about_going_back(plan)
    made += _about_guards(plan, environment)
    return tuple(made)


def _about_going_back(plan: Plan) -> list[str]:
    made = []
    for step in plan.steps:
        if isinstance(step, RunBefore) and step.before.rollback is RollbackClass.FORWARD_ONLY:
            made.append("`before` is forward-only: after it a failing release is held for a person, not rolled back")
        if isinstance(step, RunBefore) and step.before.rollback is RollbackClass.FREEZE:
            made.append(
                "`before` is freeze: after it a failing release is held, and no other release starts until it ends"
            )
    stable = plan.stable
    if stable and stable.id != plan.candidate.id and not stable.immutable:
        made.append(
            f"stable ({stable.id}) runs in place: an instance that restarts would run the code that lies there now"
        )
    return made


def _about_guards(plan: Plan, environment: Environment) -> list[str]:
    if plan.gateway is None:
        made = ["a worker has no traffic: no weights, no guards, its instances are replaced one batch after the other"]
        return made if plan.stable is None or plan.stable.id != plan.candidate.id else []
    made = []
    first = next((_weight(step) for step in plan.steps if isinstance(step, (SetWeight, Ramp))), 0)
    if not plan.guards and plan.judging is None and not plan.undo:
        made.append("no objectives: only failing instances and people can stop it")
    if plan.strategy == "canary" and first == weight.WHOLE:
        made.append("the canary has no smaller step: it goes to 100 % at once")
    if plan.judging and first == weight.WHOLE:
        made.append("the judge has nothing to compare: all traffic moves at once, so only an objective of its can fail")
    for guard in plan.guards:
        if environment.soak and guard.window > environment.soak:
            made.append(
                f"guard {guard.name} looks at {duration.render(guard.window)}, longer than the soak of "
                f"{duration.render(environment.soak)}"
            )
    return made


def _weight(step: SetWeight | Ramp) -> int:
    return step.weight if isinstance(step, SetWeight) else step.most
