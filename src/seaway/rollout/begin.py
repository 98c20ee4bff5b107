"""A new rollout of a plan. Called by the engine when a plan was accepted; the first event it gets is `Admit`."""

from __future__ import annotations

from datetime import datetime

from seaway.model import weight
from seaway.model.plan import Plan
from seaway.model.rollout import Rollout, Waiting, Weight
from seaway.rollout.hold import QUEUE_DEADLINE
from seaway.rollout.turn import ENGINE, blank


def begin(identifier: str, plan: Plan, plan_hash: str, actor: str, now: datetime, *, generation: int = 0,
          origin: str = "person") -> Rollout:  # fmt: skip
    """`generation`: the last one used for this service here (`Placement.generation`); `origin`: person | automatic."""
    weights = {plan.candidate.id: Weight()}
    wanted = {plan.candidate.id: 0}
    if plan.stable:
        weights[plan.stable.id] = Weight(set=weight.WHOLE)
        wanted[plan.stable.id] = plan.stable.service.replicas
    until = now + QUEUE_DEADLINE
    return Rollout(
        id=identifier,
        plan=plan,
        plan_hash=plan_hash,
        actor=actor,
        created=now,
        since=now,
        deadline=until,
        waiting=Waiting("its turn in this environment", ENGINE, until, "it ends as failed; nothing was started"),
        generation=generation,
        weights=weights,
        wanted=wanted,
        steps=blank(plan),
        origin=origin,
    )
