"""Taking one side out without cutting anybody off. Called by the way forward (the old side) and the way back (the candidate).

Drain: until nothing is open on the side, or the drain time is over; what is left then is recorded as cut. Remove: a routing
without the side, verified by every worker. Stop: only now its instances may end, and are waited for.

Facts in memory: `stage` (drain | remove | stop), `drained`, `drain_over`, `stopped`, `out.REVISION` (it has no place in the
routing any more), `gone` (its instances were told to stop), `leaving.REVISION` (instances that go when a side only shrinks).
"""

from __future__ import annotations

from datetime import timedelta

from seaway.model.revision import Revision
from seaway.model.rollout import State
from seaway.model.routing import RoutingSeen
from seaway.rollout import routes
from seaway.rollout.messages import ConvergeInstances, InstancesSeen
from seaway.rollout.turn import Side, Turn, joined

_MARGIN = timedelta(seconds=10)  # beyond the service's own stop grace


def drain(turn: Turn, side: Side) -> None:
    """Wait until nothing is open on this side; it is at weight 0, verified."""
    turn.enter(State.DRAINING)
    turn.remember({"stage": "drain", "drained": None, "drain_over": None})
    turn.wait(f"open requests on {revision(turn, side).id}", turn.plan.drain, "the rest is cut, and counted")


def remove(turn: Turn, side: Side) -> None:
    """A routing without the side."""
    turn.enter(State.DRAINING)
    turn.remember({"stage": "remove", "attempts": None, f"out.{revision(turn, side).id}": True})
    routes.wish(turn)
    turn.wait("the proxy to forget the side", turn.plan.verify_timeout, "it is asked again")


def stop(turn: Turn, side: Side) -> None:
    """No worker names it: its instances may end."""
    leaving = revision(turn, side)
    turn.enter(State.DRAINING)
    turn.remember({"stage": "stop", "stopped": None, "gone": True})
    turn.do(ConvergeInstances(side, 0))
    turn.set(wanted={**turn.rollout.wanted, leaving.id: 0})
    turn.wait(
        f"the instances of {leaving.id} to end", leaving.service.stop_grace + _MARGIN, "the rollout ends all the same"
    )


def proceed(turn: Turn, side: Side) -> bool:
    """One stage further when the facts allow; True when the side is out and ended."""
    stage = turn.text("stage")
    if stage == "drain" and turn.flag("drained") and routes.is_verified(turn):
        remove(turn, side)
    elif stage == "remove" and routes.is_verified(turn):
        stop(turn, side)
    return stage == "stop" and turn.flag("stopped")


def look(turn: Turn, side: Side, seen: RoutingSeen) -> None:
    """Is anything still open on the side?"""
    counts = seen.counts.get(revision(turn, side).id)
    active = counts.active if counts else 0
    if turn.text("stage") == "remove" and not routes.members(turn) and routes.is_verified(turn):
        turn.set(cut=turn.rollout.cut + active)  # a service that leaves altogether has nowhere to drain to
    elif turn.state is State.DRAINING and turn.text("stage") == "drain" and not turn.flag("drained"):
        if active and not turn.flag("drain_over"):
            return
        turn.set(cut=turn.rollout.cut + active)
        turn.remember({"drained": True})


def look_at_instances(turn: Turn, side: Side, event: InstancesSeen) -> None:
    """Has every instance of the side ended?"""
    leaving = revision(turn, side).id
    if turn.text("stage") == "stop" and not any(seen.revision == leaving for seen in event.instances):
        turn.remember({"stopped": True})


def overdue(turn: Turn) -> None:
    """The time of draining or of stopping is over."""
    if turn.text("stage") == "stop":
        turn.emit("problem", reason="instances that were told to stop have not ended in time")
        turn.remember({"stopped": True})
    elif turn.flag("drain_over"):
        turn.emit("problem", reason="the router does not answer: streams that were still open are cut uncounted")
        turn.remember({"drained": True})
    else:
        turn.remember({"drain_over": True})
        turn.wait("a last count of open requests", turn.plan.verify_timeout, "the side is taken out uncounted")


def choose(turn: Turn, leaver: Revision, keep: int) -> None:
    """Name the instances that shall leave when a revision shrinks to `keep`: those beyond the first ones in order."""
    ready = turn.names(f"ready.{leaver.id}")
    turn.remember({f"leaving.{leaver.id}": joined(ready[keep:])})


def staying(turn: Turn, revision: Revision) -> tuple[str, ...]:
    """Instances that must survive when a side shrinks: those the router names, or (without one) those not chosen to leave."""
    if turn.plan.gateway and turn.flag("wished"):
        return turn.names(f"routed.{revision.id}")
    leaving = set(turn.names(f"leaving.{revision.id}"))
    return tuple(name for name in turn.names(f"ready.{revision.id}") if name not in leaving)


def revision(turn: Turn, side: Side) -> Revision:
    """The revision of a side."""
    return turn.old if side == "stable" and turn.old else turn.candidate
