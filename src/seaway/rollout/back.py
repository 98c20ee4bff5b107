"""The way back: all traffic to stable, then the candidate out. Called whenever a rollout is aborted, fails or is superseded.

Capacity first: stable is brought to its full number and waited for. After the prepare timeout it takes the traffic with
what is ready (a degraded stable beats a failing candidate); with nothing ready at all a person is asked. Then one shift,
verified and observed; then the candidate drains, leaves the routing and stops.
"""

from __future__ import annotations

from seaway.model import weight
from seaway.model.rollout import State
from seaway.rollout import hold, leave, observe, routes
from seaway.rollout.finish import finish
from seaway.rollout.messages import ConvergeInstances
from seaway.rollout.turn import BACK, Fact, Turn

_ARRIVING = frozenset(
    {(State.ROLLING_BACK, "shift"), (State.INDETERMINATE, "shift"), (State.INDETERMINATE, "drain")}
)  # verified now: all traffic is on stable


def by_itself(turn: Turn, reason: str) -> None:
    """Something failed: go back, unless that may not happen without a person."""
    obstacle = hold.no_way_back(turn)
    if not obstacle:
        start(turn, reason)
        return
    if turn.rollout.phase == BACK:
        return
    hold.hold(
        turn, f"{reason}; traffic stays because {obstacle}. Release a fix after `promote`, `resume`, or abort twice"
    )
    hold.freeze(turn)


def start(turn: Turn, reason: str, *, end: State = State.ROLLED_BACK) -> None:
    """Begin, or begin again, from any state that is not terminal."""
    if turn.step is not None and turn.rollout.steps[turn.rollout.step].started:
        turn.record(ended=turn.now, outcome="failed")
    facts: dict[str, Fact] = {key: None for key in turn.rollout.memory if key.startswith(("out.", "leaving."))}
    gone = ("gone", "preview", "stage", "attempts", "retries", "shrinking", "drift")
    turn.remember({**facts, **dict.fromkeys(gone), "end": end.value})
    turn.enter(State.ROLLING_BACK, phase=BACK, reason=reason)
    _gather(turn)
    advance(turn)


def retry(turn: Turn) -> None:
    """Try again where the way back was held: from the capacity on."""
    turn.enter(State.ROLLING_BACK)
    turn.remember({"stage": None, "attempts": None, "drift": None})
    _gather(turn)
    advance(turn)


def lost_its_home(turn: Turn) -> bool:
    """Was traffic about to go to a stable that has no ready instance any more?"""
    shifting = turn.state is State.ROLLING_BACK and turn.text("stage") == "shift"
    return shifting and turn.rollout.phase == BACK and _ready(turn) == 0


def advance(turn: Turn) -> None:
    """Go as far as the facts allow."""
    stage, verified = turn.text("stage"), routes.is_verified(turn)
    if turn.state is State.ROLLING_BACK and stage == "capacity" and _covered(turn):
        _shift(turn)
    elif turn.state is State.HELD and stage == "capacity" and _ready(turn):  # held for want of any: that is over
        _short(turn)
    elif verified and (turn.state, stage) in _ARRIVING:
        _arrived(turn)
    elif turn.state is State.VERIFYING_ROUTE and observe.finding(turn):
        _judged(turn)
    elif turn.old is None and turn.plan.stable and turn.flag("drained"):  # only the number of instances was to change
        number = turn.plan.stable.service.replicas
        turn.set(wanted={turn.plan.stable.id: number})
        turn.do(ConvergeInstances("stable", number, leave.staying(turn, turn.candidate)))
        _end(turn)
    elif leave.proceed(turn, "candidate"):
        _end(turn)


def deadline(turn: Turn) -> None:
    """A wait of the way back is over."""
    stage = turn.text("stage")
    if turn.state is State.ROLLING_BACK and stage == "capacity":
        _short(turn)
    elif turn.state is State.VERIFYING_ROUTE and routes.is_verified(turn):
        observe.give_up(turn)
        advance(turn)
    elif turn.state is State.DRAINING and (stage == "stop" or (stage == "drain" and routes.is_verified(turn))):
        leave.overdue(turn)
        advance(turn)
    else:
        unverified(turn)


def unverified(turn: Turn, words: str = "") -> None:
    """The router does not say what was asked: ask once more, then say that nobody knows, and keep asking."""
    attempts = int(turn.number("attempts")) + 1
    turn.remember({"attempts": attempts})
    routes.repeat(turn)
    reason = (
        words or f"the router did not report generation {turn.rollout.generation} within {turn.plan.verify_timeout}"
    )
    if attempts > 1 and turn.state is not State.INDETERMINATE:
        turn.enter(State.INDETERMINATE)
        turn.emit("problem", reason=reason)
    turn.wait(f"the router: {reason}", turn.plan.verify_timeout, "it is asked again")


def _gather(turn: Turn) -> None:
    """Bring the instances that will carry everything to their full number."""
    home = turn.plan.stable
    if home is None:
        _without_home(turn)
        return
    full, wanted = max(1, home.service.replicas), turn.rollout.wanted.get(home.id, 0)
    grown = turn.old is None and wanted > full  # only the number of instances was to change, and it has
    if turn.plan.gateway and not turn.flag("wished") and not grown:  # no request ever went anywhere else
        _let_go(turn)
        return
    turn.remember({"stage": "capacity"})
    if wanted < full or not _covered(turn):
        turn.do(ConvergeInstances("stable", max(full, wanted)))
    turn.set(wanted={**turn.rollout.wanted, home.id: max(full, wanted)})
    turn.wait(
        f"{full} ready instances of {home.id}", turn.plan.prepare_timeout, "it takes the traffic with what is ready"
    )


def _covered(turn: Turn) -> bool:
    home = turn.plan.stable
    return home is not None and _ready(turn) >= max(1, home.service.replicas)


def _ready(turn: Turn) -> int:
    home = turn.plan.stable
    return len(turn.names(f"ready.{home.id}")) if home else 0


def _short(turn: Turn) -> None:
    home, ready = turn.plan.stable, _ready(turn)
    if _covered(turn):
        _shift(turn)
    elif home and ready:
        words = (
            f"only {ready} of {home.service.replicas} instances of {home.id} are ready; traffic goes there all the same"
        )
        turn.emit("problem", reason=words)
        turn.set(reason=f"{turn.rollout.reason} ({words})")
        _shift(turn)
    else:
        hold.hold(turn, f"{turn.rollout.reason}; stable has no ready instance, so traffic stays where it is")


def _shift(turn: Turn) -> None:
    if turn.plan.gateway is None:
        _let_go(turn)
        return
    turn.remember({"stage": "shift", "attempts": None})
    turn.enter(State.ROLLING_BACK)
    if turn.old is None:
        leave.choose(turn, turn.candidate, turn.plan.stable.service.replicas if turn.plan.stable else 0)
    routes.wish(turn, 0 if turn.old else weight.WHOLE)
    turn.wait("the router to bring all traffic back", turn.plan.verify_timeout, "it is asked once more")


def _arrived(turn: Turn) -> None:
    turn.enter(State.VERIFYING_ROUTE)
    turn.wait("requests that show where traffic goes", turn.plan.verify_timeout, "it goes on unobserved")
    if turn.flag("promoted"):
        turn.remember({"promoted": None})
        turn.do(hold.placement(turn))


def _judged(turn: Turn) -> None:
    wrong = observe.finding(turn)
    if wrong in {observe.SEEN, observe.BLIND}:
        leave.drain(turn, "candidate")
        return
    lost(turn, wrong)


def lost(turn: Turn, reason: str) -> None:
    """The router claims one thing and does another: nobody knows which revision is served. Keep asking for stable."""
    turn.remember({"stage": "shift", "drift": None})
    turn.enter(State.INDETERMINATE)
    turn.emit("problem", reason=reason)
    routes.wish(turn)
    turn.wait(f"the router: {reason}", turn.plan.verify_timeout, "it is asked again")


def _without_home(turn: Turn) -> None:
    """The first release here: nothing to go back to, so the service leaves the router, then its instances stop."""
    if turn.plan.gateway and turn.flag("wished"):
        routes.assign(turn, 0)
        leave.remove(turn, "candidate")
    else:
        leave.stop(turn, "candidate")


def _let_go(turn: Turn) -> None:
    """No router names the candidate: its instances stop at once, if it ever had any."""
    if turn.old and turn.rollout.wanted[turn.candidate.id]:
        leave.stop(turn, "candidate")
        return
    _end(turn)


def _end(turn: Turn) -> None:
    end = State(turn.text("end") or State.ROLLED_BACK.value)
    turn.forget("promoted")
    finish(turn, State.FAILED if turn.plan.stable is None and end is State.ROLLED_BACK else end)
