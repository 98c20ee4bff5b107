"""What every plan must keep, whoever made it. Called by `build` and by `document` for plans that come from a file."""

from __future__ import annotations

from collections.abc import Iterable

from seaway.errors import PlanRefused
from seaway.model import weight
from seaway.model.analysis import JUDGE
from seaway.model.plan import Analysis, Approval, PauseUntil, Plan, Promote, Ramp, Scale, SetWeight, Soak

_GATES = (Approval, PauseUntil)


def check(plan: Plan) -> None:
    """Raises PlanRefused with the first promise that the plan could not keep."""
    for problem in _problems(plan):
        raise PlanRefused(problem, hint="seaway docs strategy")


def _problems(plan: Plan) -> Iterable[str]:
    kinds = [type(step) for step in plan.steps]
    if kinds.count(Promote) != 1:
        yield "a plan promotes exactly once"
        return
    promote = kinds.index(Promote)
    if any(kind not in {Promote, Soak} for kind in kinds[promote:]) or kinds.count(Soak) > 1:
        yield "after `promote` only one `soak` may follow"
    outside = 0
    while kinds[outside] in _GATES:
        outside += 1
    if any(kind in _GATES for kind in kinds[outside:]):
        yield "gates come first: nothing may have started when they are asked"
    if plan.candidate.service.replicas < 1:
        yield f"{plan.service} has {plan.candidate.service.replicas} replicas; to stop it use `seaway down`"
    names = [guard.name for guard in plan.guards] + ([JUDGE] if plan.judging else [])
    if len(set(names)) != len(names):
        yield "two guards have the same name, or one is called like the judge"
    if Analysis in kinds and not plan.guards and plan.judging is None:
        yield "an `analysis` step needs objectives or the judge: without them nothing could ever pass"
    if Ramp in kinds and plan.judging is None:
        yield "a ramp follows the judge's evidence, and the plan has no judge"
    if any(step.required < 1 for step in plan.steps if isinstance(step, Approval)):
        yield "an approval asks for at least one person"
    yield from _weights(plan)


def _weights(plan: Plan) -> Iterable[str]:
    """Capacity before weight, weights that only grow, and 100 % before promotion."""
    instances, reached = 0, 0
    for step in plan.steps:
        if isinstance(step, Scale):
            if step.candidate < instances:
                yield "the candidate's instances may only grow"
            if step.stable == 0 and reached < weight.WHOLE and _serves(plan):
                yield f"stable would have no instance while it has {weight.render(weight.WHOLE - reached)} of the traffic"
            instances = step.candidate
        if isinstance(step, Ramp):
            yield from _ramp(step, instances, reached, plan)
            reached = step.most
        if isinstance(step, SetWeight):
            needed = step.instances or weight.replicas_for(step.weight, plan.candidate.service.replicas)
            yield from _covered(instances, needed, step.weight)
            if not (reached < step.weight <= weight.WHOLE or reached == step.weight == weight.WHOLE):
                yield f"a weight of {weight.render(step.weight)} after {weight.render(reached)}: weights must grow to 100 %"
            reached = step.weight
    if plan.gateway and reached != weight.WHOLE:
        yield f"it would promote a candidate that has {weight.render(reached)} of the traffic"
    if plan.gateway is None and reached:
        yield "a worker has no traffic to divide"


def _covered(instances: int, needed: int, ppm: int) -> Iterable[str]:
    if instances < needed:
        yield f"{instances} instances do not cover {weight.render(ppm)} of the traffic"


def _ramp(step: Ramp, instances: int, reached: int, plan: Plan) -> Iterable[str]:
    yield from _covered(instances, weight.replicas_for(step.most, plan.candidate.service.replicas), step.most)
    if not reached < step.most < weight.WHOLE or step.budget <= 0:
        yield f"a ramp up to {weight.render(step.most)} after {weight.render(reached)}, with a budget of {step.budget:g}"


def _serves(plan: Plan) -> bool:
    """Does another revision than the candidate get the traffic now?"""
    stable = plan.stable
    other = stable is not None and stable.id != plan.candidate.id and stable.service.replicas > 0
    return other and plan.gateway is not None
