"""What a look at the world brings: facts first, then whatever they allow. Called by `decide`."""

from __future__ import annotations

from seaway.model.instance import JobSeen, JobState
from seaway.model.plan import RunBefore
from seaway.model.rollout import State
from seaway.model.routing import Probed, RoutingSeen
from seaway.model.verdict import Verdict
from seaway.rollout import back, hold, instances, judging, leave, observe, routes, steps
from seaway.rollout.messages import InstancesSeen
from seaway.rollout.turn import BACK, RETIRE, Side, Turn

_OBSERVED = frozenset({State.VERIFYING_ROUTE, State.OBSERVING, State.SOAKING})
_TAIL = 500  # characters of a job's output that go into the reason


def seen_instances(turn: Turn, event: InstancesSeen) -> None:
    """The target's instances."""
    leave.look_at_instances(turn, _leaving_side(turn), event)
    instances.look(turn, event)


def seen_route(turn: Turn, seen: RoutingSeen) -> None:
    """The running proxy."""
    going_back = turn.rollout.phase == BACK
    words = routes.look(turn, seen)
    if words and going_back:
        back.unverified(turn, words)
    elif words and turn.rollout.phase != RETIRE:
        back.by_itself(turn, f"the proxy rejected the configuration: {words}")
    if turn.number("drift") >= routes.MAX_DRIFT and not routes.is_verified(turn):
        _drifting(turn)
    if turn.state in _OBSERVED:
        observe.look(turn, seen)
        _mismatch(turn)
    leave.look(turn, _leaving_side(turn), seen)


def seen_probes(turn: Turn, answers: Probed) -> None:
    """Answers to probes."""
    if turn.state in _OBSERVED:
        observe.probed(turn, answers)
        _mismatch(turn)


def seen_job(turn: Turn, job: JobSeen) -> None:
    """The `before` command."""
    current = isinstance(turn.step, RunBefore) and turn.state is State.PREPARING and turn.rollout.phase == ""
    if not current or job.key != steps.job_key(turn):
        return
    if job.state is JobState.SUCCEEDED:
        turn.remember({"before": True})
    elif job.state is JobState.FAILED:
        back.start(turn, f"the `before` command failed with exit code {job.exit_code}: {job.tail[-_TAIL:]}")


def seen_verdicts(turn: Turn, verdicts: tuple[Verdict, ...]) -> None:
    """The guards."""
    judging.look(turn, verdicts)


def _mismatch(turn: Turn) -> None:
    """A split that is not what the router claims, while it is observed on the way forward."""
    found = observe.finding(turn)
    wrong = found not in {"", observe.SEEN, observe.BLIND}
    if wrong and turn.state in {State.OBSERVING, State.SOAKING}:
        hold.hold(turn, found)


def _drifting(turn: Turn) -> None:
    reason = f"the router was changed behind Seaway's back {int(turn.number('drift'))} times"
    if turn.rollout.phase == BACK:
        back.lost(turn, reason)
    elif turn.rollout.phase == RETIRE:
        turn.forget("drift")
        routes.wish(turn)
    else:
        hold.hold(turn, reason)


def _leaving_side(turn: Turn) -> Side:
    if turn.rollout.phase == RETIRE:
        return "stable"
    return "candidate" if turn.rollout.phase == BACK else steps.shrinking_side(turn)
