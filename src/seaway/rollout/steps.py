"""What each step of a plan asks for when it is entered, and when it is done. Called by `forward`.

`enter` sets the state and its wait and gives commands; `done` looks at facts only and may take the step one stage further.
Both are idempotent: a step that was interrupted by a hold is simply entered again.
"""

from __future__ import annotations

from datetime import timedelta

from seaway.model import duration, weight
from seaway.model.environment import OnUnobservable
from seaway.model.plan import (
    Analysis,
    Approval,
    Hold,
    Pause,
    PauseUntil,
    Preview,
    Promote,
    Ramp,
    RunBefore,
    Scale,
    SetWeight,
    Soak,
    Step,
    TakeOver,
)  # fmt: skip
from seaway.model.revision import Revision
from seaway.model.rollout import State
from seaway.rollout import hold, instances, judging, leave, observe, ramping, routes
from seaway.rollout.messages import ConvergeInstances, RunJob, StopForeign
from seaway.rollout.turn import ENGINE, PERSON, SHRINK, Side, Turn

GATES = (Approval, PauseUntil)


def enter(turn: Turn, step: Step) -> None:
    """Begin the step."""
    match step:
        case Approval() | PauseUntil():
            _gate(turn, step)
        case RunBefore() | TakeOver():
            _prepare(turn, step)
        case Scale():
            _scale(turn, step)
        case Preview():
            turn.remember({"preview": step.host})
            _shift(turn, 0)
        case SetWeight():
            _set_weight(turn, step)
        case Pause() | Hold() | Analysis():
            _observe(turn, step)
        case Ramp():
            turn.forget("extended")
            ramping.enter(turn, step)
        case Promote() | Soak():
            _settle(turn, step)


def done(turn: Turn, step: Step) -> bool:
    """Is the step over? What waits for the clock or a person is ended by `trouble` and `people`, not here."""
    match step:
        case Approval():
            return approvals(turn) >= step.required
        case RunBefore():
            return turn.flag("before")
        case TakeOver():
            return True
        case Scale():
            return _scaled(turn, step)
        case Preview():
            return routes.is_verified(turn)
        case SetWeight():
            return _weight_reached(turn, step)
        case Analysis():
            return turn.state is State.OBSERVING and judging.all_pass(turn)
        case Ramp():
            ramping.verified(turn)
            return turn.state is State.OBSERVING and judging.all_pass(turn)
        case Promote():
            return _promoted(turn)
        case _:
            return False


def job_key(turn: Turn) -> str:
    """The key under which the target runs the `before` command once."""
    return f"{turn.rollout.id}-before"


def approvals(turn: Turn) -> int:
    """Valid approvals of this plan."""
    return sum(record.decision == "approved" for record in turn.rollout.approvals)


# ---------------------------------------------------------------- gates


def _gate(turn: Turn, step: Approval | PauseUntil) -> None:
    turn.enter(State.PENDING if outside(turn) else State.HELD)
    if isinstance(step, PauseUntil):
        turn.wait("the moment that the plan names", step.until, "it goes on")
        return
    who = " or ".join(step.approvers) if step.approvers else PERSON
    turn.wait("an approval of this plan", step.deadline, "it ends as failed; nothing was started", owner=who)


def outside(turn: Turn) -> bool:
    """True while nothing was asked of the world yet: only gates have been passed."""
    return all(isinstance(step, GATES) for step in turn.plan.steps[: turn.rollout.step])


# ---------------------------------------------------------------- instances


def _prepare(turn: Turn, step: RunBefore | TakeOver) -> None:
    turn.enter(State.PREPARING)
    if isinstance(step, TakeOver):
        _take_over(turn, step)
        return
    turn.do(RunJob(job_key(turn), step.before.command))
    turn.wait("the `before` command to end", step.before.timeout, "the release is given up")


def _take_over(turn: Turn, step: TakeOver) -> None:
    """Everything is loaded before the port changes hands: the next step only has to listen."""
    turn.emit("take_over", pid=step.owner.pid, command=step.owner.command)
    turn.remember({"unbound": True})
    routes.wish(turn, weight.WHOLE if turn.old is None else None)
    turn.forget("unbound")
    turn.do(StopForeign(step))


def _scale(turn: Turn, step: Scale) -> None:
    """Grow first; a side that shrinks follows when those that grow are ready."""
    turn.enter(State.PREPARING, phase="")
    wanted = dict(turn.rollout.wanted)
    candidate = turn.candidate
    if step.candidate >= wanted[candidate.id]:
        wanted[candidate.id] = step.candidate
        turn.forget(f"leaving.{candidate.id}")
        turn.do(ConvergeInstances("candidate", step.candidate))
    if turn.old and step.stable > wanted[turn.old.id]:
        wanted[turn.old.id] = step.stable
        turn.forget(f"leaving.{turn.old.id}")
        turn.do(ConvergeInstances("stable", step.stable))
    turn.set(wanted=wanted)
    turn.wait(
        f"{step.candidate} ready instances of {candidate.id}", turn.plan.prepare_timeout, "traffic stays with stable"
    )


def _scaled(turn: Turn, step: Scale) -> bool:
    if turn.rollout.phase == SHRINK:
        return _shrunk(turn, step)
    if not turn.flag("looked") or instances.count_ready(turn, turn.candidate) < step.candidate:
        return False
    wanted = {turn.candidate.id: step.candidate}
    if turn.old:
        wanted[turn.old.id] = step.stable
    if turn.flag("shrinking") or any(turn.rollout.wanted[name] > number for name, number in wanted.items()):
        return _begin_to_shrink(turn, wanted)
    turn.enter(State.READY)
    return True


def _begin_to_shrink(turn: Turn, wanted: dict[str, int]) -> bool:
    """First the router lets go of the instances that shall stop. Without a router they may stop at once."""
    if turn.plan.gateway and turn.old and wanted[turn.old.id] == 0:
        turn.set(phase=SHRINK)
        leave.drain(turn, "stable")
        return False
    for revision in (turn.candidate, turn.old):
        if revision:
            leave.choose(turn, revision, wanted[revision.id])
    turn.set(wanted={**turn.rollout.wanted, **wanted})
    turn.remember({"shrinking": True, "drained": None, "drain_over": None, "stage": None, "attempts": None})
    if turn.plan.gateway is None:
        return _stop_leaving(turn)
    turn.enter(State.PREPARING, phase=SHRINK)
    routes.wish(turn)
    turn.wait("the router to let go of instances", turn.plan.verify_timeout, "it is asked once more")
    return False


def _shrunk(turn: Turn, step: Scale) -> bool:
    if turn.old and step.stable == 0:
        ended = leave.proceed(turn, "stable")
        if ended:
            turn.enter(State.READY, phase="")
        return ended
    if turn.state is State.PREPARING and routes.is_verified(turn):
        leave.drain(turn, shrinking_side(turn))
    drained = turn.state is State.DRAINING and turn.flag("drained") and routes.is_verified(turn)
    return drained and _stop_leaving(turn)


def shrinking_side(turn: Turn) -> Side:
    """The side that gives up instances."""
    return "candidate" if turn.names(f"leaving.{turn.candidate.id}") else "stable"


def _stop_leaving(turn: Turn) -> bool:
    """The router has let go of the chosen instances: they may stop."""
    turn.forget("stage", "shrinking")
    turn.enter(State.READY, phase="")
    if turn.names(f"leaving.{turn.candidate.id}"):
        turn.do(_fewer(turn, "candidate", turn.candidate))
    if turn.old and turn.names(f"leaving.{turn.old.id}"):
        turn.do(_fewer(turn, "stable", turn.old))
    return True


def _fewer(turn: Turn, side: Side, revision: Revision) -> ConvergeInstances:
    return ConvergeInstances(side, turn.rollout.wanted[revision.id], leave.staying(turn, revision))


# ---------------------------------------------------------------- traffic


def _set_weight(turn: Turn, step: SetWeight) -> None:
    if instances.covers(turn, step):
        turn.forget("preview")
        _shift(turn, step.weight)
        return
    needed = instances.needed(turn, step)
    turn.enter(State.PREPARING)
    turn.wait(
        f"{needed} ready instances, to carry {weight.render(step.weight)}",
        turn.plan.prepare_timeout,
        "traffic goes back",
    )


def _shift(turn: Turn, ppm: int) -> None:
    turn.remember({"attempts": None})
    turn.enter(State.SHIFTING)
    routes.wish(turn, ppm)
    turn.wait("every worker of the router to report the new routing", turn.plan.verify_timeout, "it is asked once more")


def _weight_reached(turn: Turn, step: SetWeight) -> bool:
    if turn.state is State.PREPARING:
        if instances.covers(turn, step):
            turn.forget("preview")
            _shift(turn, step.weight)
        return False
    if turn.state is State.SHIFTING and routes.is_verified(turn):
        turn.enter(State.VERIFYING_ROUTE)
        goes = "it goes on without" if turn.plan.on_unobservable is OnUnobservable.CONTINUE else "a person decides"
        then = f"{goes} (on_unobservable: {turn.plan.on_unobservable.value})"
        turn.wait("requests that show how traffic is divided", turn.plan.verify_timeout, then)
    return turn.state is State.VERIFYING_ROUTE and _observed(turn)


def _observed(turn: Turn) -> bool:
    found = observe.finding(turn)
    if found == observe.SEEN:
        return True
    if found == observe.BLIND:
        if turn.plan.on_unobservable.value == "continue":
            return True
        hold.hold(turn, "the weight cannot be observed: too little traffic, and probes were not answered")
    elif found:
        hold.hold(turn, found)
    return False


# ---------------------------------------------------------------- waits and the end


def _observe(turn: Turn, step: Pause | Hold | Analysis) -> None:
    turn.forget("extended")
    match step:
        case Hold():
            turn.enter(State.HELD, reason=step.reason)
            turn.wait(step.reason, step.deadline, "traffic goes back to stable", owner=PERSON)
            turn.emit("rollout.held", reason=step.reason)
        case Pause(duration=None):
            reason = "the plan pauses here until it is promoted"
            turn.enter(State.HELD, reason=reason)
            turn.wait("`promote`", step.deadline, "traffic goes back to stable", owner=PERSON)
            turn.emit("rollout.held", reason=reason)
        case Pause():
            turn.enter(State.OBSERVING)
            turn.wait("the pause to pass under the guards", step.duration or timedelta(), "the next step begins")
        case Analysis():
            turn.enter(State.OBSERVING)
            length = duration.render(step.duration)
            who = judging.who(turn)
            turn.wait(f"{who} to pass within {length}", step.duration, "their policies decide", owner=ENGINE)


def _settle(turn: Turn, step: Promote | Soak) -> None:
    if isinstance(step, Soak):
        turn.enter(State.SOAKING)
        turn.wait("the soak to pass under the guards", step.duration, "the old side is stopped and the rollout ends")
        return
    turn.enter(State.PROMOTING)
    turn.wait("all traffic to be verified on the candidate", turn.plan.verify_timeout, "it is held")


def _promoted(turn: Turn) -> bool:
    """Only what every worker sends all traffic to becomes stable."""
    complete = routes.is_verified(turn) and turn.rollout.weights[turn.candidate.id].verified == weight.WHOLE
    if turn.plan.gateway and not complete:
        return False
    turn.remember({"promoted": True})
    turn.do(hold.placement(turn))
    turn.emit("promoted", revision=turn.candidate.id)
    return True
