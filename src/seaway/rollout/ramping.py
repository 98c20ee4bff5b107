"""The ramp: a step whose weight follows the judge's evidence, tick by tick. Called by `steps`, `judging` and `decide`.

Each change is a wish like any other: verified on every worker before the next one. What is observed is not waited for at each
small weight: the judge compares the split of all of them together, and the step to 100 % is observed as always. Users may lose
the new revision again when the evidence turns: a ramp lowers its weight.

Facts in memory: `ramp.until` (when the ramp must be over, seconds since 1970), `ramp.note` (what the router made of the weight).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from seaway.model import weight
from seaway.model.plan import Ramp
from seaway.model.rollout import State
from seaway.rollout import instances, routes
from seaway.rollout.messages import RampDue
from seaway.rollout.turn import Turn

LEAST = 0.1  # a smaller change, as a share of the weight, is not worth a shift


def enter(turn: Turn, step: Ramp) -> None:
    """Begin, or go on after a hold, with the time that is left."""
    if turn.number("ramp.until") <= turn.clock:
        turn.remember({"ramp.until": turn.clock + step.deadline.total_seconds()})
    _observe(turn)


def verified(turn: Turn) -> None:
    """The weight that was set last is in force: look on."""
    if turn.state is State.SHIFTING and routes.is_verified(turn):
        _observe(turn)


def due(turn: Turn, event: RampDue) -> None:
    """Move to the wished weight, as far as ready instances carry it."""
    step = turn.step
    if not isinstance(step, Ramp) or turn.state is not State.OBSERVING or turn.rollout.phase:
        return
    before = turn.rollout.weights[turn.candidate.id].set
    target = min(event.weight, step.most, _covered(turn))
    if before and not routes.is_verified(turn):
        return
    if target == before or (before and abs(target - before) < LEAST * before and target != step.most):
        return
    turn.remember({"attempts": None, "ramp.note": event.note})
    turn.enter(State.SHIFTING)
    routes.wish(turn, target)
    turn.wait("every worker of the router to report the new routing", turn.plan.verify_timeout, "it is asked once more")


def extend(turn: Turn, more: timedelta) -> None:
    """The ramp may take longer."""
    turn.remember({"ramp.until": turn.clock + more.total_seconds()})


def _observe(turn: Turn) -> None:
    until = datetime.fromtimestamp(turn.number("ramp.until"), UTC)
    note = turn.text("ramp.note")
    turn.enter(State.OBSERVING)
    what = "the judge to pass, while the weight follows the evidence" + (f" ({note})" if note else "")
    turn.wait(what, until, "its policies decide")


def _covered(turn: Turn) -> int:
    """The largest weight that the candidate's ready instances carry, and never all of it."""
    replicas = max(1, turn.candidate.service.replicas)
    return min(weight.WHOLE * instances.count_ready(turn, turn.candidate) // replicas, weight.WHOLE)
