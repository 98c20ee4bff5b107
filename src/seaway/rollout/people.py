"""What people may ask of a rollout, and what comes of it. Called by `decide`; `refusal` by the API, to say no with a reason.

Abort is accepted in every state that is not terminal. One exception, kept simple: after a `before` step whose class is not
`revert`, the first abort only holds and says why traffic stays; an abort that is repeated is carried out.
"""

from __future__ import annotations

from datetime import timedelta

from seaway.model.plan import Analysis, Approval, Hold, Pause, Ramp
from seaway.model.rollout import ApprovalRecord, Rollout, State
from seaway.rollout import back, forward, hold, observe, ramping, routes
from seaway.rollout.finish import finish
from seaway.rollout.messages import Abort, Approve, Event, PauseNow, PromoteNow, Resume, Supersede
from seaway.rollout.turn import BACK, RETIRE, Turn

_PAUSABLE = frozenset(
    {
        State.PENDING,
        State.ADMITTED,
        State.PREPARING,
        State.READY,
        State.SHIFTING,
        State.VERIFYING_ROUTE,
        State.OBSERVING,
        State.SOAKING,
    }
)
_SKIPPABLE = (Pause, Analysis, Ramp, Hold)
_TIMED = frozenset({State.OBSERVING, State.SOAKING})


def refusal(rollout: Rollout, event: Event) -> str:
    """Why this would change nothing now, "" when it will be carried out."""
    if rollout.state.terminal:
        return f"rollout {rollout.id} is over: {rollout.state.value}"
    going_back = rollout.phase == BACK
    match event:
        case Resume() if rollout.state is not State.HELD:
            return f"it is not held, it is {rollout.state.value}"
        case PromoteNow() if going_back:
            return "it is on its way back to stable"
        case PromoteNow(full=False) if not _promotable(rollout):
            return f"there is no pause or hold to end; it is {rollout.state.value}"
        case PauseNow() if going_back or rollout.state not in _PAUSABLE:
            return f"it cannot be paused while it is {rollout.state.value}"
        case Approve():
            return _vote_refusal(rollout, event)
        case Abort() if going_back and rollout.state is not State.HELD and rollout.memory.get("held"):
            return "it is on its way back already"
        case Supersede() if going_back or rollout.phase == RETIRE:
            return "it is ending already"
        case _:
            return ""


def approve(turn: Turn, event: Approve) -> None:
    """A decision of a named person, bound to this plan's hash; one per person."""
    decision = "approved" if event.approved else "rejected"
    vote = ApprovalRecord(event.actor, decision, turn.now, event.plan_hash, event.comment)
    turn.set(approvals=(*turn.rollout.approvals, vote))
    turn.emit("approval", actor=event.actor, decision=decision, comment=event.comment)
    if not event.approved:
        words = f"rejected by {event.actor}" + (f": {event.comment}" if event.comment else "")
        finish(turn, State.FAILED, words)


def promote(turn: Turn, event: PromoteNow) -> None:
    """End the current pause or hold; `full`: skip every remaining one."""
    if event.full:
        turn.remember({"full": True})
    if turn.state not in {State.HELD, State.OBSERVING}:
        return
    turn.emit("rollout.resumed", actor=event.actor, by="promote")
    if isinstance(turn.step, _SKIPPABLE) and turn.rollout.resume_to not in {State.SOAKING, State.PENDING}:
        turn.set(resume_to=None)
        forward.finish_step(turn, "skipped")
    elif turn.state is State.HELD:
        _leave_hold(turn)


def pause(turn: Turn, event: PauseNow) -> None:
    """Hold here until somebody resumes."""
    hold.hold(turn, f"paused by {event.actor}")


def resume(turn: Turn, event: Resume) -> None:
    """Go on where it was."""
    turn.emit("rollout.resumed", actor=event.actor, by="resume")
    hold.unfreeze(turn)
    if turn.rollout.phase == BACK:
        back.retry(turn)
    elif turn.rollout.resume_to is not None:
        _leave_hold(turn)
    elif isinstance(turn.step, _SKIPPABLE):
        forward.finish_step(turn)


def abort(turn: Turn, event: Abort) -> None:
    """All traffic back to stable; the placement is held, so that no automatic or queued release undoes it."""
    words = f"aborted by {event.actor}" + (f": {event.reason}" if event.reason else "")
    if turn.rollout.phase == BACK:
        turn.remember({"held": words})
        if turn.state is State.HELD:
            back.retry(turn)
        return
    obstacle = hold.irreversible(turn)
    if obstacle and not turn.flag("refused"):
        turn.remember({"refused": True})
        hold.hold(turn, f"{words}; traffic stays because {obstacle}. Abort again to bring it back all the same")
        hold.freeze(turn)
        return
    turn.remember({"held": words})
    if turn.state is State.PENDING or _never_started(turn):
        finish(turn, State.ROLLED_BACK, words)
    else:
        back.start(turn, words)


def supersede(turn: Turn, event: Supersede) -> None:
    """A newer release wants this place."""
    words = f"superseded by {event.by}"
    turn.emit("supersede_requested", by=event.by, actor=event.actor)
    if turn.flag("promoted"):
        turn.set(resume_to=None)
        forward.finish_step(turn, "skipped")
        turn.set(reason=f"soak ended early: {words}", step=len(turn.plan.steps))
    elif turn.state is State.PENDING or _never_started(turn):
        finish(turn, State.SUPERSEDED, words)
    elif hold.no_way_back(turn):
        back.by_itself(turn, words)
    else:
        back.start(turn, words, end=State.SUPERSEDED)


def _leave_hold(turn: Turn) -> None:
    """Back to the state that was held: a timed one with the time it had left, any other by entering its step again."""
    to, left = turn.rollout.resume_to, turn.number("left")
    turn.forget("flaps", "drift", "left", "dark")
    if to is State.PENDING and not turn.flag("admitted"):
        turn.enter(State.PENDING, reason="")
        hold.queue(turn)
    elif to in _TIMED and left and to is not None:
        turn.enter(to, reason="")
        hold.rest(turn, left)
        if isinstance(turn.step, Ramp):
            ramping.extend(turn, timedelta(seconds=left))
        wrong = observe.finding(turn) not in {"", observe.SEEN, observe.BLIND}
        if turn.flag("wished") and (wrong or not routes.is_verified(turn)):
            routes.wish(turn)
    else:
        forward.again(turn)


def _promotable(rollout: Rollout) -> bool:
    return rollout.state in {State.HELD, State.OBSERVING}


def _vote_refusal(rollout: Rollout, event: Approve) -> str:
    gate = next((step for step in rollout.plan.steps[rollout.step :] if isinstance(step, Approval)), None)
    if gate is None:
        return "no approval is waited for"
    if event.plan_hash != rollout.plan_hash:
        return f"the vote is for plan {event.plan_hash:.12}, this rollout carries out {rollout.plan_hash:.12}"
    if gate.approvers and event.actor not in gate.approvers:
        return f"{event.actor} is not among the approvers: {', '.join(gate.approvers)}"
    if any(vote.actor == event.actor for vote in rollout.approvals):
        return f"{event.actor} has voted already"
    return ""


def _never_started(turn: Turn) -> bool:
    return turn.state is State.HELD and turn.rollout.resume_to is State.PENDING
