"""Who may go when: at most one rollout at a time per service and environment. Called by `engine` and `transition`.

A newer release supersedes the running one, waits behind it or is refused, as its plan says; a soak it always ends early. All
of it happens in the transaction that makes or ends a rollout, so no crash can leave two, or none, at the door.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from seaway.engine import placements, store
from seaway.errors import Conflict, PlanRefused
from seaway.model import codec
from seaway.model.environment import Concurrency
from seaway.model.placement import Placement
from seaway.model.plan import Plan
from seaway.model.rollout import Rollout, State
from seaway.rollout import begin, forward, hold
from seaway.rollout.messages import Admit, Supersede


def check(connection: sa.Connection, plan: Plan, *, origin: str) -> Placement:
    """What runs now, if this plan fits it. Raises PlanRefused: stale, or the place is frozen or held."""
    placed = placements.get(connection, plan.environment, plan.service)
    now = placed.placement if placed else Placement(plan.service, plan.environment)
    again = f"seaway plan {plan.environment}"
    stable = now.stable.id if now.stable else ""
    if stable != plan.basis:
        raise PlanRefused(
            f"the plan was made when {plan.basis or 'nothing'} was stable in {plan.environment}; "
            f"now {stable or 'nothing'} is",
            hint=again,
        )
    if now.held.startswith(hold.FREEZE):
        raise PlanRefused(
            f"{plan.service} is frozen in {plan.environment}: {now.held.removeprefix(hold.FREEZE)}",
            hint="seaway rollout list, then resume or abort the held one",
        )
    if now.held and origin != "person":
        raise PlanRefused(
            f"automatic releases of {plan.service} wait in {plan.environment}: {now.held}",
            hint="a person's release, or `seaway rollout resume` of the aborted one, lifts it",
        )
    return now


def enter(connection: sa.Connection, rollout: Rollout, *, now: datetime) -> tuple[str, ...]:
    """A new rollout was inserted: who makes room for it. Returns the rollouts that got a message. Raises Conflict."""
    plan = rollout.plan
    others = [other for other in _here(connection, plan) if other.id != rollout.id]
    if not others:
        return _admit(connection, rollout, now)
    woken = []
    for other in others:
        if plan.concurrency is Concurrency.SUPERSEDE or other.state is State.SOAKING:
            event = Supersede(by=rollout.id, actor=rollout.actor)
            store.post(
                connection, other.id, event, key=f"{other.id}:superseded:{rollout.id}", actor=rollout.actor, now=now
            )
            woken.append(other.id)
        elif plan.concurrency is Concurrency.REJECT and other.phase != forward.RETIRE:
            raise Conflict(
                f"{other.id} is {other.state.value} in {plan.environment}, and `concurrency: reject` lets nothing in "
                "before it has ended",
                hint=f"seaway rollout watch {other.id}",
            )
    return tuple(woken)


def leave(connection: sa.Connection, ended: Rollout, *, now: datetime) -> tuple[str, ...]:
    """A rollout has ended: the next one may go. Returns the rollouts that got a message."""
    waiting = sorted(_here(connection, ended.plan), key=lambda other: (other.created, other.id))
    for other in waiting:
        if other.id != ended.id:
            return _next(connection, other, now)
    return ()


def lift(connection: sa.Connection, environment: str, service: str, *, now: datetime) -> tuple[str, ...]:
    """Lift the hold on a placement; a rollout that waited for it may go. Returns the rollouts that got a message."""
    placed = placements.get(connection, environment, service)
    if placed is None or not placed.placement.held:
        return ()
    placements.put(connection, replace(placed, placement=replace(placed.placement, held="")))
    return leave(connection, _nobody(placed.plan, now), now=now)


def _next(connection: sa.Connection, waiting: Rollout, now: datetime) -> tuple[str, ...]:
    """Admit a rollout that waited; one that waited behind another release is brought to what is stable now."""
    plan = waiting.plan
    placed = placements.get(connection, plan.environment, plan.service)
    current = placed.placement if placed else Placement(plan.service, plan.environment)
    if waiting.memory.get("admitted"):
        return ()
    if current.held and (waiting.origin != "person" or plan.concurrency is Concurrency.QUEUE):
        return ()  # its own deadline ends it; a person who lifts the hold lets it go on
    stable = current.stable.id if current.stable else ""
    if stable != plan.basis:
        moved = _moved(waiting, current, now)
        if moved is None:
            event = Supersede(by=f"{stable or 'nothing'}, which is stable now", actor="engine")
            store.post(connection, waiting.id, event, key=f"{waiting.id}:stale", actor="engine", now=now)
            return (waiting.id,)
    else:
        moved = replace(waiting, generation=max(waiting.generation, current.generation), seq=waiting.seq + 1)
    store.save(connection, moved, now, replan=True)
    return _admit(connection, moved, now)


def _moved(waiting: Rollout, current: Placement, now: datetime) -> Rollout | None:
    """The same steps from another stable revision; None when they would not fit it."""
    plan, stable = waiting.plan, current.stable
    untouched = waiting.state is State.PENDING and not waiting.approvals and plan.concurrency is Concurrency.QUEUE
    if not untouched or plan.stable is None or stable is None or stable.id == plan.candidate.id:
        return None
    if current.replicas != plan.stable.service.replicas or stable.service.routes != plan.stable.service.routes:
        return None
    home = replace(stable, service=replace(stable.service, replicas=current.replicas))
    labels = (*plan.labels, ("planned-against", plan.basis))
    again = replace(plan, stable=home, labels=labels)
    made = begin.begin(
        waiting.id,
        again,
        codec.digest(again),
        waiting.actor,
        now,
        generation=current.generation,
        origin=waiting.origin,
    )
    return replace(made, created=waiting.created, seq=waiting.seq + 1, epoch=waiting.epoch)


def _admit(connection: sa.Connection, rollout: Rollout, now: datetime) -> tuple[str, ...]:
    store.post(connection, rollout.id, Admit(), key=f"{rollout.id}:admit", actor="engine", now=now)
    return (rollout.id,)


def _here(connection: sa.Connection, plan: Plan) -> tuple[Rollout, ...]:
    return store.find(connection, service=plan.service, environment=plan.environment, active=True)


def _nobody(plan: Plan, now: datetime) -> Rollout:
    """Stands for a rollout that has ended in this plan's place."""
    return begin.begin("", plan, "", "engine", now)
