"""What a look at the instances means: who is ready, who flaps, who failed for good. Called by `looks`.

Facts in memory: `looked` (once); per revision `ready`, `sick` (addresses where none is ready), `lost` (was ready once and is not now), `detail` (why one is not ready); for the
candidate `flaps` (how often health changed) and `dark` (since when none is ready although it has weight).
"""

from __future__ import annotations

from seaway.model import weight
from seaway.model.instance import InstanceSeen, InstanceState
from seaway.model.plan import SetWeight
from seaway.model.revision import Revision
from seaway.model.rollout import State
from seaway.rollout import back, hold, routes
from seaway.rollout.messages import InstancesSeen
from seaway.rollout.turn import BACK, RETIRE, Turn, joined

MAX_FLAPS = 4
_DETAIL = 300  # characters of a reason that are kept
_HEALTHY_STATES = frozenset(
    {State.PREPARING, State.READY, State.SHIFTING, State.VERIFYING_ROUTE, State.OBSERVING, State.SOAKING}
)


def look(turn: Turn, event: InstancesSeen) -> None:
    """Take in what the target reports, follow it in the routing, and react to a candidate that cannot live."""
    turn.remember({"looked": True})
    for revision in (turn.candidate, turn.old):
        if revision:
            _note(turn, revision, [seen for seen in event.instances if seen.revision == revision.id])
    routes.refresh(turn)
    if turn.rollout.phase in {BACK, RETIRE}:
        return
    failed = [seen for seen in event.instances if seen.revision == turn.candidate.id]
    if failed and all(seen.state is InstanceState.FAILED for seen in failed):
        back.by_itself(turn, f"the candidate's instances failed: {failed[0].detail or 'no reason given'}")
    elif turn.number("flaps") >= MAX_FLAPS and turn.state in _HEALTHY_STATES:
        hold.hold(turn, f"the candidate's health flaps: {turn.number('flaps'):g} changes")
    else:
        _watch_darkness(turn)


def needed(turn: Turn, step: SetWeight) -> int:
    """Ready candidate instances that cover the weight of a step."""
    return step.instances or weight.replicas_for(step.weight, turn.candidate.service.replicas)


def covers(turn: Turn, step: SetWeight) -> bool:
    """Do the candidate's ready instances cover the weight of a step?"""
    return count_ready(turn, turn.candidate) >= needed(turn, step)


def count_ready(turn: Turn, revision: Revision) -> int:
    """How many instances of a revision are ready."""
    return len(turn.names(f"ready.{revision.id}"))


def _note(turn: Turn, revision: Revision, seen: list[InstanceSeen]) -> None:
    ready = {one.address or one.id for one in seen if one.state is InstanceState.READY}
    before = set(turn.names(f"ready.{revision.id}"))
    lost = set(turn.names(f"lost.{revision.id}"))
    leaving = set(turn.names(f"leaving.{revision.id}"))
    fallen, risen = before - ready - leaving, ready & lost
    details = [one.detail for one in seen if one.state is not InstanceState.READY and one.detail]
    turn.remember(
        {
            f"ready.{revision.id}": joined(ready),
            f"lost.{revision.id}": joined((lost | fallen) - ready),
            f"sick.{revision.id}": None if ready else joined(one.address for one in seen if one.address),
            f"detail.{revision.id}": details[0][:_DETAIL] if details and len(ready) < _wanted(turn, revision) else None,
        }
    )
    if revision is turn.candidate and (fallen or risen):
        turn.remember({"flaps": int(turn.number("flaps")) + len(fallen) + len(risen)})


def _wanted(turn: Turn, revision: Revision) -> int:
    return turn.rollout.wanted.get(revision.id, 0)


def _watch_darkness(turn: Turn) -> None:
    """A candidate that gets traffic and has no ready instance cannot be judged by its numbers: patience, then back."""
    exposed = turn.rollout.weights[turn.candidate.id].set > 0 and turn.state in _HEALTHY_STATES
    if not exposed or count_ready(turn, turn.candidate):
        turn.forget("dark")
    elif not turn.flag("dark"):
        turn.remember({"dark": turn.clock})
    elif turn.clock - turn.number("dark") >= turn.plan.verify_timeout.total_seconds() and turn.old:
        patience = turn.plan.verify_timeout.total_seconds()
        back.by_itself(turn, f"no candidate instance has been ready for {patience:g} s{_why(turn)}")


def _why(turn: Turn) -> str:
    detail = turn.text(f"detail.{turn.candidate.id}")
    return f": {detail}" if detail else ""
