"""A guard's verdict from samples of the proxy's counters. Called by the engine's watch, each tick; pure, so it can be replayed.

The rule, the same for both measures. Every request is *bad* or not: it failed, or it was slower than the limit. The
objective allows a share of bad requests (1 - at_least, or 1 - quantile). Then

    error         the numbers are no evidence: stale, from the future, malformed
    no_data       fewer than min_samples requests in the window
    pass          the measured value keeps the objective
    fail          it does not, and so many bad requests would come by chance from a release that just keeps it in less than
                  1 of 100 cases (exact binomial tail)
    inconclusive  it does not, but chance explains it; or there is nothing to compare with

Against stable the objective comes from stable's own numbers in the same window: its success rate - margin, with one more
failure added to stable's (its rate is an estimate, too), or its quantile * (1 + margin). Where stable has too few requests or
misses the absolute objective itself, it is no measure: at_least/at_most counts if given, else the verdict is inconclusive.

This is a fixed rule that looks often, so it errs on some healthy releases: the risk of one look is 1 %, over many it grows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from seaway.judge import tail
from seaway.judge.window import Window, increase, malformed, quantile, slower
from seaway.model.verdict import Guard, Measure, Outcome, Sample, Verdict

RISK = 0.01
_STALE_TICKS = 3


@dataclass(frozen=True, slots=True)
class _Objective:
    """What the candidate must keep: `limit` (a rate, or milliseconds) and the share of bad requests it allows."""

    limit: float
    allowed: float
    source: str  # absolute | stable


def evaluate(guard: Guard, candidate: Sequence[Sample], stable: Sequence[Sample], now: datetime, *,
             tick: timedelta | None = None) -> Verdict:  # fmt: skip
    """`candidate`, `stable`: samples of one revision each, in any order; [] = none. Samples older than 3 ticks (without a
    tick: than the window) are stale. `evidence` holds every number that the verdict was computed from.
    """
    patience = _STALE_TICKS * tick if tick else guard.window
    if problem := _no_evidence(candidate, patience, now):
        return Verdict(guard.name, Outcome.ERROR, now, problem, {"samples": len(candidate)})
    counted = increase(candidate, guard.window, now)
    beside = Window() if _no_evidence(stable, patience, now) else increase(stable, guard.window, now)
    evidence = _evidence(guard, counted, beside)
    total = _total(guard, counted)
    if total < max(1, guard.min_samples):
        words = f"{total} of {guard.min_samples} requests that are needed"
        return Verdict(guard.name, Outcome.NO_DATA, now, words, evidence)
    objective = _objective(guard, beside)
    if objective is None:
        words = "stable has no numbers to compare with, and no absolute objective is given"
        return Verdict(guard.name, Outcome.INCONCLUSIVE, now, words, evidence)
    return _judge(guard, counted, objective, now, evidence)


def _judge(guard: Guard, counted: Window, objective: _Objective, now: datetime, evidence: dict[str, float | int | str | None],
           ) -> Verdict:  # fmt: skip
    value, total, bad = _value(guard, counted), _total(guard, counted), _bad(guard, counted, objective.limit)
    chance = tail.at_least(bad, total, objective.allowed)
    evidence |= {"limit": objective.limit, "against": objective.source, "bad": bad, "chance": chance}
    success = guard.measure is Measure.SUCCESS_RATE
    kept = value >= objective.limit if success else value <= objective.limit
    outcome = Outcome.PASS if kept else Outcome.FAIL if chance < RISK else Outcome.INCONCLUSIVE
    compared = ">=" if success == kept else "<=" if kept else "<" if success else ">"
    words = f"{_shown(guard, value)} {compared} {_shown(guard, objective.limit)} ({objective.source}), {total} requests"
    return Verdict(guard.name, outcome, now, words + (f", chance {chance:.1g}" if not kept else ""), evidence)


def _objective(guard: Guard, stable: Window) -> _Objective | None:
    if guard.compare != "stable":
        return _absolute(guard)
    if _total(guard, stable) < max(1, guard.min_samples) or _is_sick(guard, stable):
        return _absolute(guard) if _has_absolute(guard) else None
    value = _value(guard, stable)
    if guard.measure is Measure.SUCCESS_RATE:
        allowed = min(1.0, (stable.failed + 1) / (stable.requests + 1) + guard.margin)
        return _Objective(max(0.0, value - guard.margin), allowed, "stable")
    return _Objective(value * (1 + guard.margin), 1 - guard.quantile, "stable") if math.isfinite(value) else None


def _absolute(guard: Guard) -> _Objective:
    if guard.measure is Measure.SUCCESS_RATE:
        return _Objective(guard.at_least, 1 - guard.at_least, "absolute")
    return _Objective(guard.at_most, 1 - guard.quantile, "absolute")


def _has_absolute(guard: Guard) -> bool:
    return (guard.at_least if guard.measure is Measure.SUCCESS_RATE else guard.at_most) > 0


def _is_sick(guard: Guard, stable: Window) -> bool:
    """Stable misses the absolute objective itself."""
    if not _has_absolute(guard):
        return False
    value = _value(guard, stable)
    return value < guard.at_least if guard.measure is Measure.SUCCESS_RATE else value > guard.at_most


def _value(guard: Guard, counted: Window) -> float:
    if guard.measure is Measure.SUCCESS_RATE:
        return counted.success_rate
    found = quantile(counted.latency, guard.quantile)
    return math.inf if found is None else found


def _total(guard: Guard, counted: Window) -> int:
    return counted.requests if guard.measure is Measure.SUCCESS_RATE else sum(counted.latency.counts)


def _bad(guard: Guard, counted: Window, limit: float) -> int:
    return counted.failed if guard.measure is Measure.SUCCESS_RATE else slower(counted.latency, limit)


def _no_evidence(samples: Sequence[Sample], patience: timedelta, now: datetime) -> str:
    if not samples:
        return ""
    last = max(samples, key=lambda sample: sample.at)
    age = (now - last.at).total_seconds()
    if abs(age) > patience.total_seconds():
        return (
            f"the last numbers are {age:.0f} s old" if age > 0 else f"the last numbers are {-age:.0f} s in the future"
        )
    return next((problem for sample in samples if (problem := malformed(sample))), "")


def _evidence(guard: Guard, counted: Window, stable: Window) -> dict[str, float | int | str | None]:
    found: dict[str, float | int | str | None] = {
        "requests": counted.requests,
        "failed": counted.failed,
        "resets": counted.resets,
        "seconds": counted.seconds,
        "stable_requests": stable.requests,
        "stable_failed": stable.failed,
    }
    if guard.measure is Measure.SUCCESS_RATE:
        return found | {
            "value": counted.success_rate if counted.requests else None,
            "stable_value": stable.success_rate if stable.requests else None,
        }
    return found | {
        "quantile": guard.quantile,
        "value": _finite(quantile(counted.latency, guard.quantile)),
        "stable_value": _finite(quantile(stable.latency, guard.quantile)),
    }


def _finite(value: float | None) -> float | None:
    """Evidence is stored as JSON, which has no infinity; None with counts means: above the last bucket."""
    return value if value is None or math.isfinite(value) else None


def _shown(guard: Guard, value: float) -> str:
    if guard.measure is Measure.SUCCESS_RATE:
        return f"{value * 100:.4g} %"
    return f"p{guard.quantile * 100:g} {value:.4g} ms" if math.isfinite(value) else "above the last bucket"
