"""What the counters say about a verified weight: invariant 9's third truth. Called by `routes` (baseline) and `looks`.

At 0 and 100 %: of at least 20 requests that started after `verified`, none reached the other side. In between: an exact
two-sided binomial test on counter differences does not reject the set weight at p < 1e-6. The test is repeated whenever the
evidence has grown by a quarter, so long observation neither floods the journal nor invites false alarms. With too little
traffic 20 probes through the public listener count instead; without answers the weight stays unobserved.

Facts in memory: `base.at`, `base.proxy`, `base.REVISION` (started), `base.assigned.REVISION`, `verified_at`, `tested` (requests
at the last test), `probes` (asked | failed), `sight` (seen | blind | what is wrong).
"""

from __future__ import annotations

from dataclasses import replace

from seaway.model import weight
from seaway.model.plan import Ramp
from seaway.model.rollout import Observed
from seaway.model.routing import Counts, Probed, RoutingSeen
from seaway.rollout import binomial
from seaway.rollout.messages import SendProbes
from seaway.rollout.turn import Turn

ENOUGH = 20  # requests, or answers to probes
ALPHA = 1e-6
QUIET = 0.5  # seconds with too little traffic before probes are sent
GRACE = 1.0  # seconds after `verified` in which a request that was routed before may still be counted
GROWTH = 1.25

SEEN = "seen"
BLIND = "blind"
_NONE = Counts(started=0, active=0)


def stop(turn: Turn) -> None:
    """A new wish: what was observed belongs to the old one."""
    turn.forget(*(key for key in turn.rollout.memory if key.startswith("base.")))
    turn.forget("tested", "probes", "sight", "verified_at")


def begin(turn: Turn, seen: RoutingSeen) -> None:
    """The weight was verified: count from here."""
    stop(turn)
    turn.remember({"verified_at": turn.clock})
    _baseline(turn, seen)


def finding(turn: Turn) -> str:
    """SEEN, BLIND, what is wrong with the split, or "" while there is too little evidence."""
    return turn.text("sight")


def look(turn: Turn, seen: RoutingSeen) -> None:
    """Compare the counters with the weight; ask for probes when it is too quiet."""
    if not turn.text("base.proxy") or turn.text("preview") or finding(turn) not in {"", SEEN, BLIND}:
        return
    if _was_reset(turn, seen):
        _baseline(turn, seen)
        return
    started = {name: seen.counts.get(name, _NONE).started - int(turn.number(f"base.{name}")) for name in _names(turn)}
    ppm = _ppm(turn)
    if ppm in {0, weight.WHOLE}:
        _all_on_one_side(turn, seen, started)
    else:
        _divided(turn, _assigned(turn, seen) or started)
    _ask(turn)


def probed(turn: Turn, answers: Probed) -> None:
    """Answers to probes count where requests are missing."""
    if turn.text("probes") != "asked":
        return
    turn.remember({"probes": "answered"})
    counts = {name: answers.answered.get(name, 0) for name in _names(turn)}
    if sum(counts.values()) < ENOUGH:
        give_up(turn)
    elif _ppm(turn) in {0, weight.WHOLE}:
        stray = counts.get(_other(turn), 0)
        _conclude(turn, counts, f"{stray} of {sum(counts.values())} probes reached {_other(turn)}" if stray else "")
    else:
        _divided(turn, counts)


def give_up(turn: Turn) -> None:
    """No evidence can be had: unobserved, said as such."""
    if finding(turn) == "" and turn.flag("verified_at"):
        turn.remember({"sight": BLIND})


def _all_on_one_side(turn: Turn, seen: RoutingSeen, started: dict[str, int]) -> None:
    stray, total = started.get(_other(turn), 0), sum(started.values())
    if stray and turn.clock - turn.number("verified_at") < GRACE:
        _baseline(turn, seen)
    elif stray:
        _conclude(turn, started, f"{stray} of {total} requests reached {_other(turn)} at {weight.render(0)}")
    elif total >= max(ENOUGH, turn.number("tested") * GROWTH):
        _conclude(turn, started, "")


def _divided(turn: Turn, counts: dict[str, int]) -> None:
    total = sum(counts.values())
    if total < max(ENOUGH, turn.number("tested") * GROWTH):
        return
    count, ppm = counts[turn.candidate.id], _ppm(turn)
    chance = binomial.two_sided(count, total, ppm / weight.WHOLE)
    wrong = f"{count} of {total} requests on the candidate at {weight.render(ppm)} (p = {chance:.1e})"
    _conclude(turn, counts, wrong if chance < ALPHA else "")


def _conclude(turn: Turn, counts: dict[str, int], wrong: str) -> None:
    total = sum(counts.values())
    first = finding(turn) != SEEN
    turn.remember({"tested": total, "sight": f"sample ratio mismatch: {wrong}" if wrong else SEEN})
    weights = dict(turn.rollout.weights)
    for name, count in counts.items():
        weights[name] = replace(weights[name], observed=Observed(weight.share(count, total), total))
    turn.set(weights=weights)
    if first and not wrong:
        turn.emit("weight.observed", weight=_ppm(turn), requests=total, candidate=counts[turn.candidate.id])


def _ask(turn: Turn) -> None:
    if isinstance(turn.step, Ramp) and turn.rollout.phase == "":
        return  # its many small weights are compared together, by the judge
    quiet = turn.clock - turn.number("base.at") >= QUIET
    if quiet and finding(turn) == "" and not turn.text("probes"):
        turn.remember({"probes": "asked"})
        turn.do(SendProbes(ENOUGH))


def _baseline(turn: Turn, seen: RoutingSeen) -> None:
    facts: dict[str, str | int | float | bool | None] = {
        "base.proxy": seen.proxy or "?",
        "base.at": turn.clock,
        "tested": None,
    }
    for name in _names(turn):
        counts = seen.counts.get(name, _NONE)
        facts[f"base.{name}"] = counts.started
        facts[f"base.assigned.{name}"] = counts.assigned
    turn.remember(facts)


def _was_reset(turn: Turn, seen: RoutingSeen) -> bool:
    """Another proxy process, or a counter that went back."""
    if (seen.proxy or "?") != turn.text("base.proxy"):
        return True
    return any(
        counts.started < turn.number(f"base.{name}") or (counts.assigned or 0) < turn.number(f"base.assigned.{name}")
        for name, counts in ((name, seen.counts.get(name, _NONE)) for name in _names(turn))
    )


def _assigned(turn: Turn, seen: RoutingSeen) -> dict[str, int] | None:
    """New users per side, for a sticky service: only they are independent draws."""
    if turn.candidate.service.sticky is None:
        return None
    return {
        name: (seen.counts.get(name, _NONE).assigned or 0) - int(turn.number(f"base.assigned.{name}"))
        for name in _names(turn)
    }


def _names(turn: Turn) -> tuple[str, ...]:
    return (turn.candidate.id, turn.old.id) if turn.old else (turn.candidate.id,)


def _ppm(turn: Turn) -> int:
    return turn.rollout.weights[turn.candidate.id].set


def _other(turn: Turn) -> str:
    """The side that must not get anything at 0 or 100 %."""
    if _ppm(turn) == 0:
        return turn.candidate.id
    return turn.old.id if turn.old else ""
