"""The way forward: the steps of the plan, one after the other, and then the old side out. Called after every event."""

from __future__ import annotations

from seaway.model.plan import Analysis, Hold, Pause, Ramp
from seaway.model.rollout import State, StepRecord
from seaway.rollout import leave, routes, steps
from seaway.rollout.finish import finish
from seaway.rollout.turn import RETIRE, SHRINK, Turn

_SKIPPED_IN_FULL = (Pause, Analysis, Ramp, Hold)


def advance(turn: Turn) -> None:
    """Go as far as the facts allow."""
    while _may_go(turn):
        step = turn.step
        if step is None:
            _retire(turn)
            return
        if turn.flag("full") and isinstance(step, _SKIPPED_IN_FULL):
            finish_step(turn, "skipped")
        elif turn.number("entered") != turn.rollout.step + 1:
            _enter(turn)
        elif steps.done(turn, step):
            finish_step(turn)
        else:
            return


def finish_step(turn: Turn, outcome: str = "done") -> None:
    """The current step is over: the next one is entered by `advance`."""
    record = turn.rollout.steps[turn.rollout.step]
    turn.record(started=record.started or turn.now, ended=turn.now, outcome=outcome)
    turn.emit("step.finished", step=turn.rollout.step, kind=_kind(turn), outcome=outcome)
    turn.set(step=turn.rollout.step + 1, reason="" if turn.state is State.HELD else turn.rollout.reason)


def again(turn: Turn) -> None:
    """Enter the current step once more."""
    turn.forget("entered")
    turn.set(resume_to=None, reason="", phase="")
    advance(turn)


def deadline(turn: Turn) -> None:
    """The time of a retiring side is over."""
    stage = turn.text("stage")
    if stage == "stop" or (stage == "drain" and routes.is_verified(turn)):
        leave.overdue(turn)
        advance(turn)
    else:
        routes.repeat(turn)
        turn.emit("problem", reason="the router has not let go of the old side yet; its instances stay until it has")
        turn.wait("the proxy to forget the old side", turn.plan.verify_timeout, "it is asked again")


def _may_go(turn: Turn) -> bool:
    if turn.state.terminal or turn.rollout.resume_to is not None:
        return False
    if turn.state is State.PENDING and not turn.flag("admitted"):
        return False
    return turn.rollout.phase in {"", SHRINK, RETIRE}


def _enter(turn: Turn) -> None:
    step = turn.step
    if step is None:
        return
    if not isinstance(step, steps.GATES) and not turn.flag("started"):
        turn.remember({"started": True})
        turn.enter(State.ADMITTED)
        turn.emit("rollout.started", strategy=turn.plan.strategy)
    turn.remember({"entered": turn.rollout.step + 1, "retries": None})
    if turn.rollout.steps[turn.rollout.step] == StepRecord():
        turn.record(started=turn.now)
        turn.emit("step.started", step=turn.rollout.step, kind=_kind(turn))
    steps.enter(turn, step)


def _retire(turn: Turn) -> None:
    """Every step is done: the old side drains, leaves the routing and stops."""
    if turn.rollout.phase != RETIRE:
        turn.set(phase=RETIRE)
        if turn.old is None or turn.flag("gone"):
            finish(turn, State.SUCCEEDED)
        elif turn.plan.gateway is None:
            leave.stop(turn, "stable")
        else:
            leave.drain(turn, "stable")
    elif leave.proceed(turn, "stable"):
        finish(turn, State.SUCCEEDED)


def _kind(turn: Turn) -> str:
    return turn.step.kind if turn.step else ""
