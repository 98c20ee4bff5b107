"""Forecasts that are kept, and compared with what came. Called by `app.forecasts`.

Only a person knows that a change has landed, and says so; whatever else changed at the same time is in the result, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from seaway.assess.runs.bottlenecks import by_pipeline, whole
from seaway.assess.runs.numbers import spread
from seaway.model.bottleneck import Bottleneck, Outcome, Promise
from seaway.model.runs import RunHistory

LEAST = 5  # whole runs after the change before anything is said
OPEN, WAITING, HELD, MISSED = "open", "waiting", "held", "missed"


def promised(found: Iterable[Bottleneck], now: float) -> list[Promise]:
    """Every forecast of the bottlenecks, as made now."""
    return [
        Promise(f"{one.pipeline}#{each.id}", one.pipeline, each.change, each.assumes, now, each.before, each.after)
        for one in found
        for each in one.what_if
    ]


def merged(kept: Sequence[Promise], new: Sequence[Promise]) -> list[Promise]:
    """What was foretold first stays until it has been checked; what was not foretold before is added."""
    known = {one.id for one in kept}
    return [*kept, *(one for one in new if one.id not in known)]


def landed(kept: Sequence[Promise], name: str, when: float, by: str) -> list[Promise]:
    """The promises, one of them with its landing. Raises KeyError for a name that none has."""
    if name not in {one.id for one in kept}:
        raise KeyError(name)
    return [replace(one, landed=when, by=by) if one.id == name else one for one in kept]


def first_run(history: RunHistory, sha: str) -> float | None:
    """When a commit first ran, None where it never did."""
    return min((run.queued for run in history.runs if run.sha and run.sha.startswith(sha)), default=None)


def outcomes(kept: Sequence[Promise], history: RunHistory) -> list[Outcome]:
    """What came of each."""
    runs = by_pipeline(history)
    return [
        _outcome(one, [run.seconds for run in whole(runs.get(one.pipeline, ())) if _after(one, run.queued)])
        for one in kept
    ]


def _after(one: Promise, when: float) -> bool:
    return one.landed is not None and when >= one.landed


def _outcome(one: Promise, seconds: Sequence[float]) -> Outcome:
    if one.landed is None:
        return Outcome(one, OPEN)
    if len(seconds) < LEAST:
        return Outcome(one, WAITING)
    seen = spread(seconds)
    held = one.after.low <= seen.high and seen.low <= one.after.high
    return Outcome(one, HELD if held else MISSED, seen, seen.value - one.after.value)
