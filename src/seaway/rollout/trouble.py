"""Commands that could not be carried out, and deadlines that passed. Called by `decide`."""

from __future__ import annotations

from collections.abc import Callable

from seaway.model.plan import Approval, PauseUntil, RunBefore, Scale, SetWeight, TakeOver
from seaway.model.revision import Revision
from seaway.model.rollout import State
from seaway.rollout import back, forward, hold, instances, judging, leave, observe, routes, steps
from seaway.rollout.finish import finish
from seaway.rollout.messages import Command, CommandFailed, ConvergeInstances, RunJob, StopForeign
from seaway.rollout.turn import BACK, RETIRE, SHRINK, Side, Turn

_FIRST_PAUSE = 0.1  # seconds before a command is repeated, doubled each time
_LONGEST_PAUSE = 10.0
_LEAVE_IT = frozenset({"emit", "count_losses"})  # the outbox and the ledger repeat by themselves


def failed(turn: Turn, event: CommandFailed) -> None:
    """Repeat what may be repeated; else hold or go back, with the words of the system that said no."""
    if event.error == "fenced" or event.command in _LEAVE_IT:
        return
    words = f"{event.command}: {event.message}"
    if event.command == "send_probes":
        observe.give_up(turn)
    elif turn.rollout.phase in {BACK, RETIRE} or event.command == "record_placement":
        _repeat_later(turn, event.command, words)
    elif event.error == "full":
        hold.hold(turn, f"no space left: {words}. Make room, then `resume`; an abort works all the same")
    elif event.retry:
        _repeat_later(turn, event.command, words)
    elif event.error == "refused" or not turn.rollout.weights[turn.candidate.id].verified:
        back.by_itself(turn, words)
    else:
        hold.hold(turn, words)


def repeat_due(turn: Turn) -> None:
    """Repeat a command whose pause is over."""
    name = turn.text("retry")
    if not name or turn.clock < turn.number("retry_at"):
        return
    turn.forget("retry", "retry_at")
    if name == "converge_routing" and back.lost_its_home(turn):
        back.retry(turn)
    elif name != "converge_routing" or _still_covered(turn):
        turn.do(*_commands(turn, name))


def _still_covered(turn: Turn) -> bool:
    """A weight that was covered when it was wished may not be any more; the deadline then brings it back."""
    step = turn.step
    return turn.state is not State.SHIFTING or not isinstance(step, SetWeight) or instances.covers(turn, step)


def deadline(turn: Turn) -> None:
    """The current wait is over."""
    if turn.state is State.HELD:
        _nobody_decided(turn)
    elif turn.rollout.phase == BACK:
        back.deadline(turn)
    elif turn.rollout.phase == RETIRE:
        forward.deadline(turn)
    else:
        _FORWARD[turn.state](turn)


def _repeat_later(turn: Turn, command: str, words: str) -> None:
    retries = int(turn.number("retries"))
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**retries)
    turn.remember({"retry": command, "retry_at": turn.clock + pause, "retries": min(retries + 1, 10)})
    if retries == 0:
        turn.emit("problem", reason=words)


def _commands(turn: Turn, name: str) -> tuple[Command, ...]:
    step = turn.step
    if name == "converge_routing":
        return routes.command(turn)
    if name == "converge_instances" and turn.rollout.phase != SHRINK:
        return _instances(turn)
    if name == "record_placement":
        return (hold.placement(turn),)
    if name == "run_job" and isinstance(step, RunBefore):
        return (RunJob(steps.job_key(turn), step.before.command),)
    if name == "stop_foreign":
        return tuple(
            StopForeign(done) for done in turn.plan.steps[: turn.rollout.step + 1] if isinstance(done, TakeOver)
        )
    return ()


def _instances(turn: Turn) -> tuple[Command, ...]:
    sides: list[tuple[Side, Revision]] = [("candidate", turn.candidate)]
    if turn.old:
        sides.append(("stable", turn.old))
    return tuple(
        ConvergeInstances(side, turn.rollout.wanted[revision.id], leave.staying(turn, revision))
        for side, revision in sides
    )


def _nobody_decided(turn: Turn) -> None:
    words = f"nobody decided in time: {turn.rollout.reason}"
    if turn.rollout.phase == BACK:
        back.retry(turn)
    elif turn.rollout.resume_to is State.PENDING:
        finish(turn, State.ROLLED_BACK, words)
    elif hold.no_way_back(turn):
        hold.remind(turn)
    else:
        back.start(turn, words)


def _outside(turn: Turn) -> None:
    if not turn.flag("admitted"):
        finish(turn, State.FAILED, "it was not admitted in time")
    elif isinstance(turn.step, Approval):
        finish(turn, State.FAILED, "it was not approved in time")
    elif isinstance(turn.step, PauseUntil):
        forward.finish_step(turn)


def _unprepared(turn: Turn) -> None:
    if turn.rollout.phase == SHRINK:
        _unverified(turn)
        return
    detail = turn.text(f"detail.{turn.candidate.id}")
    what = turn.rollout.waiting.what if turn.rollout.waiting else "the candidate"
    back.by_itself(turn, f"waited in vain for {what}" + (f": {detail}" if detail else ""))


def _unverified(turn: Turn) -> None:
    """Ask the router once more; then forward is over."""
    if turn.flag("attempts"):
        back.by_itself(turn, f"the router did not report generation {turn.rollout.generation} on every worker")
        return
    if isinstance(turn.step, SetWeight) and not instances.covers(turn, turn.step):
        back.by_itself(turn, "the candidate lost instances before the router had taken its weight")
        return
    turn.remember({"attempts": 1})
    routes.repeat(turn)
    turn.wait("every worker of the router to report the new routing", turn.plan.verify_timeout, "traffic goes back")


def _drained(turn: Turn) -> None:
    """Instances leave. What is still open on a side that only shrinks may be on those that stay: it is not counted."""
    if isinstance(turn.step, Scale) and turn.step.stable == 0:
        forward.deadline(turn)
    else:
        turn.remember({"drained": True})


def _unobserved(turn: Turn) -> None:
    """Too little traffic; or an instance died, and the router has not taken that yet."""
    if routes.is_verified(turn):
        observe.give_up(turn)
    else:
        _unverified(turn)


def _observed(turn: Turn) -> None:
    if judging.conclude(turn):
        forward.finish_step(turn)


def _unpromoted(turn: Turn) -> None:
    hold.hold(turn, "it cannot be promoted: not all traffic is verified on the candidate")


_FORWARD: dict[State, Callable[[Turn], None]] = {
    State.PENDING: _outside,
    State.PREPARING: _unprepared,
    State.SHIFTING: _unverified,
    State.VERIFYING_ROUTE: _unobserved,
    State.OBSERVING: _observed,
    State.DRAINING: _drained,
    State.PROMOTING: _unpromoted,
    State.SOAKING: forward.finish_step,
}
