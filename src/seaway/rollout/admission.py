"""May this rollout begin now? At most one is active per service and environment. Called by the engine for pending rollouts.

The newer rollout's plan says what happens to an older one: supersede (the default), queue, or reject. A rollout that cannot
be ended by itself (it went forward-only, or nobody knows what its router serves) is waited for, whatever the plan says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from seaway.model.environment import Concurrency
from seaway.model.placement import Placement
from seaway.model.rollout import Rollout, State, Waiting
from seaway.rollout import hold
from seaway.rollout.turn import BACK, ENGINE, PERSON, RETIRE, Turn


@dataclass(frozen=True, slots=True)
class Admission:
    """admit: send `Admit`. wait: look again when something ends. refuse: end it as failed, with the reason.

    supersede: send `Supersede` to each of `supersede`, then wait.
    """

    action: Literal["admit", "wait", "refuse", "supersede"]
    reason: str = ""
    supersede: tuple[str, ...] = ()
    waiting: Waiting | None = None


def admission(rollout: Rollout, others: Sequence[Rollout], placement: Placement, now: datetime) -> Admission:
    """`others`: every other rollout of the same service and environment; ended ones at least if they ended after this began."""
    older = [other for other in others if not other.state.terminal and _is_before(other, rollout)]
    newer = [other for other in others if not other.state.terminal and not _is_before(other, rollout)]
    if any(other.plan.concurrency is Concurrency.SUPERSEDE for other in newer):
        return _wait(rollout, now, f"{newer[-1].id} is newer and takes this one's place", ENGINE)
    if older:
        return _behind(rollout, older, now)
    if obstacle := _held(rollout, others, placement):
        return _wait(rollout, now, obstacle, PERSON)
    if rollout.plan.basis != (placement.stable.id if placement.stable else ""):
        return Admission("refuse", _stale(rollout, placement))
    return Admission("admit")


def is_admitted(rollout: Rollout) -> bool:
    """Has the engine said yes already? Approvals and other gates may still hold it in `pending`."""
    return bool(rollout.memory.get("admitted"))


def _is_before(other: Rollout, rollout: Rollout) -> bool:
    return is_admitted(other) or (other.created, other.id) < (rollout.created, rollout.id)


def _behind(rollout: Rollout, older: list[Rollout], now: datetime) -> Admission:
    policy = rollout.plan.concurrency
    names = ", ".join(other.id for other in older)
    if policy is Concurrency.REJECT:
        return Admission("refuse", f"{names} is not over yet, and this environment takes one release at a time")
    stuck = [other for other in older if _cannot_be_ended(other)]
    if stuck:
        return _wait(rollout, now, f"{stuck[0].id}, which only a person can end: {stuck[0].reason}", PERSON)
    going = [other for other in older if not _is_ending(other)]
    if policy is Concurrency.SUPERSEDE and going:
        waiting = _wait(rollout, now, f"{names} to give way", ENGINE).waiting
        return Admission(
            "supersede", f"a newer release takes the place of {names}", tuple(o.id for o in going), waiting
        )
    return _wait(rollout, now, f"{names} to end", ENGINE)


def _cannot_be_ended(other: Rollout) -> bool:
    going_on = not other.memory.get("promoted") and other.phase not in {BACK, RETIRE}
    return other.state is State.INDETERMINATE or (going_on and bool(hold.irreversible(Turn(other, other.created))))


def _is_ending(other: Rollout) -> bool:
    return other.phase in {BACK, RETIRE}


def _held(rollout: Rollout, others: Sequence[Rollout], placement: Placement) -> str:
    """After an abort queued and automatic releases wait; after a `freeze` all do."""
    if not placement.held:
        return ""
    queued = any(other.ended is not None and other.ended > rollout.created for other in others)
    if rollout.origin == "automatic" or queued or placement.held.startswith(hold.FREEZE):
        return f"releases are held here ({placement.held}) until a person lifts it"
    return ""


def _stale(rollout: Rollout, placement: Placement) -> str:
    made = rollout.plan.basis or "nothing"
    now = placement.stable.id if placement.stable else "nothing"
    return f"the plan is stale: it was made when {made} was stable here, and now it is {now}; make a new one"


def _wait(rollout: Rollout, now: datetime, what: str, owner: str) -> Admission:
    until = rollout.deadline or now + hold.QUEUE_DEADLINE
    return Admission("wait", what, waiting=Waiting(what, owner, until, "it ends as failed; nothing was started"))
