"""Holding a rollout for a person, and what may not happen by itself. Called by every leg that meets something it cannot decide."""

from __future__ import annotations

from datetime import timedelta

from seaway.model.plan import RunBefore
from seaway.model.rollout import State
from seaway.model.service import RollbackClass
from seaway.rollout.messages import RecordPlacement
from seaway.rollout.turn import BACK, PERSON, Turn

DEADLINE = timedelta(hours=1)
QUEUE_DEADLINE = timedelta(hours=24)
FREEZE = "freeze: "  # a hold on the placement that begins so stops every release, a person's too


def hold(turn: Turn, reason: str) -> None:
    """Stop here until a person decides. The time that was left of a timed wait is kept for `resume`."""
    if turn.state is State.HELD:
        if turn.rollout.reason == reason:
            return
        turn.set(resume_to=turn.rollout.resume_to or State.HELD, reason=reason)
    else:
        rest = (turn.rollout.deadline - turn.now).total_seconds() if turn.rollout.deadline else 0.0
        before = turn.state
        turn.remember({"left": max(0.0, rest) or None})
        turn.enter(State.HELD, reason=reason)
        turn.set(resume_to=before)
    _wait(turn)
    turn.emit("rollout.held", reason=reason)


def remind(turn: Turn) -> None:
    """Nobody decided in time and nothing may happen by itself: say so, and wait again."""
    _wait(turn)
    turn.emit("problem", reason=f"still held: {turn.rollout.reason}")


def rest(turn: Turn, seconds: float) -> None:
    """A timed wait goes on for what was left of it."""
    turn.wait("the rest of the time that was held", timedelta(seconds=seconds), "it goes on as planned")


def queue(turn: Turn) -> None:
    """Not admitted yet: wait for a turn."""
    turn.wait("its turn in this environment", QUEUE_DEADLINE, "it ends as failed; nothing was started")


def _wait(turn: Turn) -> None:
    then = "traffic goes back to stable"
    if turn.rollout.phase == BACK:
        then = "it is tried again"
    elif no_way_back(turn):
        then = "nothing happens by itself; it is said again"
    turn.wait("a decision: resume, promote or abort", DEADLINE, then, owner=PERSON)


def no_way_back(turn: Turn) -> str:
    """Why traffic is not brought back by itself, "" when it may be."""
    if turn.rollout.phase == BACK:
        return "it is on its way back already"
    if obstacle := irreversible(turn):
        return obstacle
    if turn.plan.stable is None and turn.flag("promoted"):
        return "it is the first release here: there is no earlier revision"
    return ""


def irreversible(turn: Turn) -> str:
    """What the `before` step that has run says about going back, "" when going back is safe."""
    if turn.flag("before") and rollback_class(turn) is not RollbackClass.REVERT:
        return f"its `before` step is {rollback_class(turn)}: the stable revision may not work any more"
    return ""


def rollback_class(turn: Turn) -> RollbackClass:
    """The declared class of the `before` step of this plan; revert where there is none."""
    for step in turn.plan.steps:
        if isinstance(step, RunBefore):
            return step.before.rollback
    return RollbackClass.REVERT


def freeze(turn: Turn) -> None:
    """A failing release after a `freeze` migration: no other release starts here until a person resumes or ends this one."""
    if rollback_class(turn) is RollbackClass.FREEZE and not turn.text("held").startswith(FREEZE):
        turn.remember({"held": f"{FREEZE}{turn.rollout.id} is held: {turn.rollout.reason}"})
        turn.do(placement(turn))


def unfreeze(turn: Turn) -> None:
    """Lift the hold that `freeze` put on the placement."""
    if turn.text("held").startswith(FREEZE):
        turn.forget("held")
        turn.do(placement(turn))


def placement(turn: Turn) -> RecordPlacement:
    """What serves here now, as far as this rollout knows; the same facts give the same record, so it can be repeated."""
    promoted = turn.flag("promoted")
    stable, old = turn.plan.stable, turn.old
    serving = turn.candidate if promoted or stable is None else stable
    replicas = serving.service.replicas if promoted or stable else 0
    warm: tuple[str, ...] = ()
    if promoted and old and not turn.flag("gone"):
        warm = (old.id,)
    return RecordPlacement("candidate" if promoted else "stable", replicas, warm, turn.text("held"))
