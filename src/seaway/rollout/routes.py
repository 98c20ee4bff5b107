"""The router's side of a rollout: what is wished, and whether the running proxy says that it is so. Called by every leg.

Facts in memory: `wished` (generation), `verified` (the last one that every worker served), `proxy` and `rejected` (whose
counter it is, and how far it stood), `attempts` (of the current wish), `drift` (changes behind Seaway's back).
"""

from __future__ import annotations

from dataclasses import replace

from seaway.model import weight
from seaway.model.revision import Revision
from seaway.model.rollout import State
from seaway.model.routing import Backend, Routing, RoutingSeen
from seaway.rollout import observe
from seaway.rollout.messages import Command, ConvergeRouting
from seaway.rollout.turn import BACK, SHRINK, Turn, joined

MAX_DRIFT = 3
SETTLED = 0.25  # seconds
_STEADY = frozenset({State.OBSERVING, State.SOAKING})
_FOLLOWING = frozenset({*_STEADY, State.HELD, State.DRAINING})  # states in which new instances join the routing


def wish(turn: Turn, ppm: int | None = None) -> None:
    """Ask the router for the candidate at `ppm` (None: the weights stay), with the instances that are ready now."""
    if ppm is not None:
        assign(turn, ppm)
    turn.set(generation=turn.rollout.generation + 1)
    turn.remember({"wished": turn.rollout.generation, "wished_at": turn.clock})
    observe.stop(turn)
    for revision in members(turn):
        turn.remember({f"routed.{revision.id}": joined(addresses(turn, revision))})
    repeat(turn)


def repeat(turn: Turn) -> None:
    """Ask for the present wish again: the same generation, so that a router which was only slow is still right."""
    turn.do(*command(turn))


def command(turn: Turn) -> tuple[Command, ...]:
    """The present wish as a command; none before the first wish."""
    return (ConvergeRouting(routing(turn)),) if turn.plan.gateway and turn.flag("wished") else ()


def routing(turn: Turn) -> Routing:
    """The present wish. Candidate first, then stable: the order matters to sticky hashing."""
    service = turn.candidate.service
    preview = turn.text("preview")
    backends = tuple(
        Backend(revision.id, turn.rollout.weights[revision.id].set, turn.names(f"routed.{revision.id}"))
        for revision in members(turn)
    )
    return Routing(
        service=service.name,
        generation=turn.rollout.generation,
        backends=backends,
        routes=service.routes,
        readiness=service.readiness,
        sticky=service.sticky,
        preview=turn.candidate.id if preview else "",
        preview_host=preview,
        listen=not turn.flag("unbound"),
    )


def members(turn: Turn) -> tuple[Revision, ...]:
    """Revisions that have a place in the routing: those that were not taken out."""
    sides = (turn.candidate, turn.old) if turn.old else (turn.candidate,)
    return tuple(side for side in sides if side and not turn.flag(f"out.{side.id}"))


def addresses(turn: Turn, revision: Revision) -> tuple[str, ...]:
    """Ready instances that are not about to leave. Where none is ready: the last ones routed to, or whatever runs; a side
    that is sick altogether must not make the routing impossible.
    """
    staying = set(turn.names(f"ready.{revision.id}")) - set(turn.names(f"leaving.{revision.id}"))
    return tuple(sorted(staying)) or turn.names(f"routed.{revision.id}") or turn.names(f"sick.{revision.id}")


def refresh(turn: Turn) -> None:
    """Follow the instances: a dead one leaves the routing by a new wish, a new one joins while nothing else is going on."""
    if not turn.flag("wished"):
        return
    shrinking = turn.rollout.phase == SHRINK or (turn.rollout.phase == BACK and turn.old is None)
    joining = turn.state in _FOLLOWING and is_verified(turn) and not shrinking
    for revision in members(turn):
        now, before = set(addresses(turn, revision)), set(turn.names(f"routed.{revision.id}"))
        if before - now or (joining and now - before):
            wish(turn)
            return


def is_verified(turn: Turn) -> bool:
    """Does every worker serve the present wish?"""
    return turn.flag("wished") and turn.number("verified") == turn.rollout.generation


def look(turn: Turn, seen: RoutingSeen) -> str:
    """Take in what the proxy reports. Returns the proxy's words when it rejected the present wish, else "".

    A wish is verified when every worker serves its generation with its weights and no rejection was counted since.
    """
    same_proxy = seen.proxy == turn.text("proxy")
    refused = same_proxy and seen.rejected > turn.number("rejected")
    if not same_proxy or refused:
        turn.remember({"proxy": seen.proxy, "rejected": seen.rejected})
    if not turn.flag("wished"):
        return ""
    if is_verified(turn):
        if not _matches(turn, seen) and seen.workers:
            _drifted(turn, seen)
        return ""
    if _came_back(turn, seen):
        return ""
    if refused:
        return seen.problem or "the proxy rejected the configuration"
    if _matches(turn, seen):
        _verified(turn, seen)
    elif turn.state in _STEADY and turn.number("drift") < MAX_DRIFT and _is_overdue(turn):
        _drifted(turn, seen)
    return ""


def _came_back(turn: Turn, seen: RoutingSeen) -> bool:
    """A side that is being taken out has got weight from somebody else: first it is at 0 again, then it drains again."""
    out = [side.id for side in (turn.candidate, turn.old) if side and turn.flag(f"out.{side.id}")]
    back = [name for name in out if seen.weights.get(name)]
    if turn.text("stage") != "remove" or not back or not members(turn):
        return False
    turn.remember({"stage": "drain", "drained": None, **{f"out.{name}": None for name in back}})
    _drifted(turn, seen)
    return True


def _is_overdue(turn: Turn) -> bool:
    """A wish outside the states that have a deadline for it."""
    return turn.clock - turn.number("wished_at") > turn.plan.verify_timeout.total_seconds()


def _matches(turn: Turn, seen: RoutingSeen) -> bool:
    wished = {revision.id: turn.rollout.weights[revision.id].set for revision in members(turn)}
    if not wished:  # a service that is gone has no generation to report: nothing of it may have come up for a moment
        settled = turn.clock - turn.number("wished_at") >= SETTLED
        return (settled or seen.verified(turn.rollout.generation)) and not any(seen.weights.values())
    reported = {revision: ppm for revision, ppm in seen.weights.items() if ppm}
    return seen.verified(turn.rollout.generation) and reported == {name: ppm for name, ppm in wished.items() if ppm}


def _verified(turn: Turn, seen: RoutingSeen) -> None:
    news = any(held.verified != held.set for held in turn.rollout.weights.values())
    turn.remember({"verified": turn.rollout.generation, "attempts": None, "retries": None})
    turn.set(weights={name: replace(held, verified=held.set) for name, held in turn.rollout.weights.items()})
    observe.begin(turn, seen)
    if news:
        ppm = turn.rollout.weights[turn.candidate.id].set
        turn.emit("weight.verified", weight=ppm, generation=turn.rollout.generation, workers=len(seen.workers))


def _drifted(turn: Turn, seen: RoutingSeen) -> None:
    """Somebody changed the router behind Seaway's back: put it right, and count."""
    count = int(turn.number("drift")) + 1
    turn.remember({"drift": count, "verified": None, "drained": None})
    turn.set(weights={name: replace(held, verified=None) for name, held in turn.rollout.weights.items()})
    found = ", ".join(f"{name} {weight.render(ppm)}" for name, ppm in sorted(seen.weights.items())) or "no weights"
    turn.emit("problem", reason=f"the router was changed behind Seaway's back: {found}", count=count)
    if count < MAX_DRIFT:
        wish(turn)


def assign(turn: Turn, ppm: int) -> None:
    """Wish the candidate at `ppm` and the rest on the old revision; what was known of a changed weight is void."""
    wished = {turn.candidate.id: ppm}
    if turn.old:
        wished[turn.old.id] = weight.WHOLE - ppm
    weights = dict(turn.rollout.weights)
    for name, value in wished.items():
        if weights[name].set != value:
            weights[name] = replace(weights[name], set=value, verified=None, observed=None)
    turn.set(weights=weights)
