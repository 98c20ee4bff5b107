"""The end of a rollout. Called by every leg that ends one: the placement is recorded and the losses are asked for."""

from __future__ import annotations

from seaway.model.rollout import State
from seaway.rollout import hold
from seaway.rollout.messages import CountLosses
from seaway.rollout.turn import Turn

_OWN_EVENT = {State.ROLLED_BACK: "rolled_back", State.SUPERSEDED: "superseded"}


def finish(turn: Turn, state: State, reason: str = "") -> None:
    """End in this terminal state; an unfinished step is on record as failed."""
    if turn.step is not None and turn.rollout.steps[turn.rollout.step].started:
        turn.record(ended=turn.now, outcome="failed")
    turn.enter(state, reason=reason or turn.rollout.reason)
    turn.set(ended=turn.now)
    turn.do(hold.placement(turn))
    if turn.plan.gateway and turn.flag("wished"):
        turn.do(CountLosses(since=turn.rollout.created, until=turn.now, cut=turn.rollout.cut))
    if state in _OWN_EVENT:
        turn.emit(_OWN_EVENT[state], reason=turn.rollout.reason)
    turn.emit("rollout.finished", outcome=state.value, reason=turn.rollout.reason, cut=turn.rollout.cut)
