"""Canary: the written steps, with the instances that each weight needs brought up before it. Called by `build`."""

from __future__ import annotations

from datetime import timedelta

from seaway.errors import PlanRefused
from seaway.model import weight
from seaway.model.environment import Budget, CanaryStep, Strategy
from seaway.model.plan import Analysis, Hold, Pause, Ramp, Scale, SetWeight, Step
from seaway.model.revision import Revision


def ramp(budget: Budget, candidate: Revision, stable: Revision, tick: timedelta) -> tuple[Step, ...]:
    """The weight follows the evidence, up to `most`; what is left goes in one step once the judge has passed."""
    step = Ramp(budget.risk, budget.deadline, budget.most, budget.lag if budget.lag is not None else tick)
    needed = weight.replicas_beside(budget.most, candidate.service.replicas, stable.service.replicas)
    rest = [Scale(candidate.service.replicas, stable.service.replicas)] if needed < candidate.service.replicas else []
    return (Scale(needed, stable.service.replicas), step, *rest, SetWeight(weight.WHOLE))


def steps(
    strategy: Strategy, candidate: Revision, stable: Revision, judged: timedelta | None = None
) -> tuple[Step, ...]:
    """Ends at 100 %, whatever was written last. Stable keeps all its instances until the end: the way back stays open.

    `judged`: the judge must have passed within this time before the last step to 100 %; None without a judge.
    Raises PlanRefused for a weight that does not grow: users who were moved once are never moved back by a step.
    """
    made: list[Step] = []
    reached = 0
    for number, written in enumerate(strategy.steps, 1):
        if written.set_weight is None:
            made.append(_wait(written, number, strategy))
            continue
        if written.set_weight <= reached:
            raise PlanRefused(
                f"step {number} sets the weight to {weight.render(written.set_weight)} after {weight.render(reached)}: "
                "weights of a canary must grow",
                hint="seaway docs strategy",
            )
        made += _to(written.set_weight, reached, candidate, stable, compared=judged is not None)
        reached = written.set_weight
    if judged and 0 < reached < weight.WHOLE and not isinstance(made[-1], Analysis):
        made.append(Analysis(judged))
    if reached < weight.WHOLE:
        made += _to(weight.WHOLE, reached, candidate, stable, compared=judged is not None)
    return tuple(made)


def _to(ppm: int, reached: int, candidate: Revision, stable: Revision, *, compared: bool) -> list[Step]:
    """What is compared has as many instances for its share as stable has for the rest: else it is slower by itself."""
    replicas, others = candidate.service.replicas, stable.service.replicas
    needed, have = (
        weight.replicas_beside(share, replicas, others) if compared and share else weight.replicas_for(share, replicas)
        for share in (ppm, reached)
    )
    grow: list[Step] = [Scale(needed, stable.service.replicas)] if needed > have else []
    return [*grow, SetWeight(ppm)]


def _wait(written: CanaryStep, number: int, strategy: Strategy) -> Step:
    if written.pause is not None:
        return Pause(written.pause)
    if written.pause_until_promoted:
        return Pause(None, strategy.deadline)
    if written.analysis is not None:
        return Analysis(written.analysis)
    if written.hold:
        return Hold(written.hold, strategy.deadline)
    raise PlanRefused(f"step {number} of the canary says nothing", hint="seaway docs strategy")
