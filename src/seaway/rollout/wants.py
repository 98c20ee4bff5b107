"""What the engine should look at while a rollout is in its present state, and how often. Called by the engine's watch."""

from __future__ import annotations

from seaway.model.plan import RunBefore
from seaway.model.rollout import Rollout, State
from seaway.rollout import judging, routes, steps
from seaway.rollout.messages import Wanted
from seaway.rollout.turn import Turn

FAST = 0.02  # seconds: a route is being verified, or the rollout could go on at once
BUSY = 0.05  # seconds: instances start or stop, requests drain

_FAST_STATES = frozenset({State.SHIFTING, State.VERIFYING_ROUTE, State.PROMOTING})
_BUSY_STATES = frozenset({State.ADMITTED, State.PREPARING, State.READY, State.ROLLING_BACK, State.DRAINING})


def wants(rollout: Rollout) -> Wanted:
    """`guards`: feed every tick's verdicts of all guards; `decide` tells what is news. A look that fails is just left out."""
    if rollout.state.terminal or not rollout.memory.get("started"):
        return Wanted(every=rollout.plan.tick.total_seconds())
    turn = Turn(rollout, rollout.created)
    job = isinstance(turn.step, RunBefore) and rollout.state is State.PREPARING and not rollout.phase
    return Wanted(
        instances=True,
        job=steps.job_key(turn) if job else "",
        route=rollout.plan.gateway is not None,
        guards=judging.applies(turn),
        every=_cadence(turn),
    )


def _cadence(turn: Turn) -> float:
    """Never slower than the tick of the plan."""
    tick = turn.plan.tick.total_seconds()
    shifting = turn.state is State.ROLLING_BACK and turn.text("stage") == "shift"
    unverified = turn.flag("wished") and not routes.is_verified(turn) and turn.state is not State.INDETERMINATE
    if turn.state in _FAST_STATES or shifting or (unverified and turn.state is not State.HELD):
        return min(FAST, tick)
    return min(BUSY, tick) if turn.state in _BUSY_STATES else tick
