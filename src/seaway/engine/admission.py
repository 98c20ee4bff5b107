"""Who may go when: at most one rollout at a time per service and environment. Called by `engine` and `transition`.

`rollout.admission` decides; this module finds what it must know and carries the answer out, in the same transaction that makes
or ends a rollout: no crash can leave two at work, or one waiting for nobody.
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
from seaway.rollout import admission, begin
from seaway.rollout.messages import Admit, Event, Supersede

HEADROOM = 1000  # generations that the standing watch may use while a rollout waits to begin


def fitting(connection: sa.Connection, plan: Plan) -> Placement:
    """What runs now, if this plan was made against it. Raises PlanRefused."""
    now = _placement(connection, plan)
    stable = now.stable.id if now.stable else ""
    if stable != plan.basis:
        raise PlanRefused(
            f"the plan was made when {plan.basis or 'nothing'} was stable in {plan.environment}; "
            f"now {stable or 'nothing'} is",
            hint=f"seaway plan {plan.environment}",
        )
    return now


def enter(connection: sa.Connection, rollout: Rollout, now: datetime) -> tuple[str, ...]:
    """A new rollout was inserted. Returns the rollouts that got a message. Raises Conflict: `concurrency: reject`."""
    others = tuple(each for each in _here(connection, rollout.plan) if each.id != rollout.id)
    answer = admission.admission(rollout, others, _placement(connection, rollout.plan), now)
    if answer.action == "refuse":
        raise Conflict(answer.reason, hint="seaway rollout list, and watch the one that runs")
    return _carry_out(connection, rollout, answer, now)


def proceed(connection: sa.Connection, plan: Plan, now: datetime) -> tuple[str, ...]:
    """Something ended or was lifted in this plan's place: those that wait are asked again, oldest first."""
    woken: tuple[str, ...] = ()
    here = _here(connection, plan)
    for rollout in sorted(here, key=lambda each: (each.created, each.id)):
        if rollout.state.terminal or admission.is_admitted(rollout):
            continue
        waiting = _brought_up_to_date(connection, rollout, now)
        others = tuple(each for each in here if each.id != waiting.id)
        answer = admission.admission(waiting, others, _placement(connection, plan), now)
        woken += _carry_out(connection, waiting, answer, now)
        if answer.action == "admit":
            break
    return woken


def lift(connection: sa.Connection, environment: str, service: str, now: datetime) -> tuple[str, ...]:
    """Lift the hold on a placement. Returns the rollouts that got a message."""
    placed = placements.get(connection, environment, service)
    if placed is None or not placed.placement.held:
        return ()
    placements.put(connection, replace(placed, placement=replace(placed.placement, held="")))
    return proceed(connection, placed.plan, now)


def _carry_out(
    connection: sa.Connection, rollout: Rollout, answer: admission.Admission, now: datetime
) -> tuple[str, ...]:
    match answer.action:
        case "admit":
            generation = _placement(connection, rollout.plan).generation + HEADROOM
            _save(connection, replace(rollout, generation=max(rollout.generation, generation)), now)
            return (_post(connection, rollout.id, Admit(), "admit", now),)
        case "refuse":  # it waited, and what is stable has changed meanwhile
            event = Supersede(by=answer.reason, actor="engine")
            return (_post(connection, rollout.id, event, "stale", now),)
        case "supersede":
            event = Supersede(by=rollout.id, actor=rollout.actor)
            woken = [_post(connection, other, event, f"superseded:{rollout.id}", now) for other in answer.supersede]
            _save(connection, replace(rollout, waiting=answer.waiting), now)
            return (*woken, rollout.id)
        case _:
            if replace(rollout, waiting=answer.waiting) != rollout:
                _save(connection, replace(rollout, waiting=answer.waiting), now)
            return (rollout.id,)


def _brought_up_to_date(connection: sa.Connection, waiting: Rollout, now: datetime) -> Rollout:
    """A release that queued behind another one gets the same steps from what is stable now, where they fit it.

    Its hash changes with it, so one that somebody has approved already stays as it is, and is refused as stale.
    """
    plan, current = waiting.plan, _placement(connection, waiting.plan)
    stable, before = current.stable, plan.stable
    if stable is None or before is None or stable.id in {before.id, plan.candidate.id}:
        return waiting
    untouched = waiting.state is State.PENDING and not waiting.approvals and plan.concurrency is Concurrency.QUEUE
    if not untouched or current.replicas != before.service.replicas:
        return waiting
    home = replace(stable, service=replace(stable.service, replicas=current.replicas))
    again = replace(plan, stable=home, labels=(*plan.labels, ("planned-against", plan.basis)))
    made = begin.begin(
        waiting.id,
        again,
        codec.digest(again),
        waiting.actor,
        now,
        generation=current.generation + HEADROOM,
        origin=waiting.origin,
    )
    return _save(
        connection, replace(made, created=waiting.created, seq=waiting.seq, epoch=waiting.epoch), now, replan=True
    )


def _save(connection: sa.Connection, rollout: Rollout, now: datetime, *, replan: bool = False) -> Rollout:
    after = replace(rollout, seq=rollout.seq + 1)
    store.save(connection, after, now, replan=replan)
    return after


def _post(connection: sa.Connection, rollout: str, event: Event, key: str, now: datetime) -> str:
    actor = event.actor if isinstance(event, Supersede) else "engine"
    store.post(connection, rollout, event, key=f"{rollout}:{key}", actor=actor, now=now)
    return rollout


def _placement(connection: sa.Connection, plan: Plan) -> Placement:
    placed = placements.get(connection, plan.environment, plan.service)
    return placed.placement if placed else Placement(plan.service, plan.environment)


def _here(connection: sa.Connection, plan: Plan) -> tuple[Rollout, ...]:
    """What is active here, and what ended after the oldest of it began: an abort holds those that were queued then."""
    active = store.find(connection, service=plan.service, environment=plan.environment, active=True)
    since = min((each.created for each in active), default=None)
    if since is None:
        return ()
    ended = store.ended_since(connection, service=plan.service, environment=plan.environment, since=since)
    return (*active, *ended)
