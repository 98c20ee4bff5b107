"""Failed deployment recovery time: from the begin of the impact until users were well again. Called by `report`.

Unit: a failed deployment. One that users still suffer from is right-censored, not dropped: the median is that of Kaplan and Meier (1958).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seaway.assess.dora.failures import Failure
from seaway.assess.dora.spread import SEED, SHARES, Estimate, interval

Floats = NDArray[np.float64]
_ROUNDS = 1000
_DRAWS = 100_000
NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Recovery:
    """The four times of one failed deployment; None: not known, or not yet. `restored`: the one that ends it, None while it goes on."""

    deployment: str
    incidents: tuple[str, ...]
    impact_start: float
    detected: float | None
    mitigated: float | None
    resolved: float | None
    restored: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Quantiles of times of which some are not over; an Estimate of None with `n` above zero was not reached."""

    n: int
    open: int
    p50: Estimate
    p75: Estimate
    p90: Estimate


@dataclass(frozen=True, slots=True)
class RecoveryTime:
    """`from_impact` is the metric; `from_detected` begins when somebody noticed, as other tools count."""

    from_impact: Curve
    from_detected: Curve
    table: tuple[Recovery, ...]
    until: float

    def rows(self) -> Iterator[dict[str, Any]]:
        """One per failed deployment."""
        for each in self.table:
            yield {
                "deployment": each.deployment,
                "incidents": list(each.incidents),
                "impact_start": each.impact_start,
                "detected": each.detected,
                "mitigated": each.mitigated,
                "resolved": each.resolved,
                "seconds": max(0.0, (self.until if each.restored is None else each.restored) - each.impact_start),
                "open": each.restored is None,
            }


def measure(failures: Sequence[Failure], until: float) -> RecoveryTime:
    """`until`: when one looked; what was not over then is censored there (seconds since 1970)."""
    table = tuple(_recovery(each) for each in failures if each.counts and (each.causes or each.mended is not None))
    return RecoveryTime(
        _curve([(each.impact_start, each.restored) for each in table], until),
        _curve([(each.detected, each.restored) for each in table if each.detected is not None], until),
        table,
        until,
    )


def _recovery(failure: Failure) -> Recovery:
    """Impact begins with the first bad signal that is known, else when users first saw the deployment."""
    incidents = [cause.incident for cause in failure.causes]
    signals = [each.impact for each in incidents if each.impact is not None]
    seen = failure.deployment.seen
    start = min(signals) if signals else failure.deployment.finished if seen is None else seen
    detected = min((each.started for each in incidents), default=None)
    ends = [each.resolved for each in incidents]
    resolved = None if None in ends or not ends else max(end for end in ends if end is not None)
    mitigated = _mitigated(failure, start)
    restored = min((time for time in (mitigated, resolved) if time is not None), default=None)
    return Recovery(
        failure.deployment.id, tuple(each.id for each in incidents), start, detected, mitigated, resolved, restored
    )


def _mitigated(failure: Failure, start: float) -> float | None:
    """The last of what was reported as mitigated where every incident was; else the rollback or hotfix."""
    told = [cause.incident.mitigated for cause in failure.causes]
    if told and None not in told:
        return max(time for time in told if time is not None)
    return failure.mended if failure.mended is not None and failure.mended >= start else None


def _curve(spans: Sequence[tuple[float, float | None]], until: float) -> Curve:
    if not spans:
        return Curve(0, 0, Estimate(None), Estimate(None), Estimate(None))
    times = np.array([max(0.0, (until if end is None else end) - begin) for begin, end in spans])
    over = np.array([end is not None for _, end in spans])
    order = np.lexsort((~over, times))  # at one time, what ended comes before what was still open
    times, over = times[order], over[order]
    n = len(times)
    points = kaplan_meier(times, over, np.ones((1, n)))[0]
    rounds = max(200, min(_ROUNDS, _DRAWS // n))
    dice = np.random.default_rng(SEED)
    chosen = dice.integers(0, n, size=(rounds, n)) + np.arange(rounds)[:, None] * n
    weights = np.bincount(chosen.ravel(), minlength=rounds * n).reshape(rounds, n).astype(float)
    drawn = kaplan_meier(times, over, weights)
    estimates = [_estimate(float(point), drawn[:, index]) for index, point in enumerate(points)]
    return Curve(n, int(np.count_nonzero(~over)), *estimates)


def _estimate(point: float, drawn: Floats) -> Estimate:
    """An upper bound that some resamples did not reach is none."""
    reached = drawn[np.isfinite(drawn)]
    if not len(reached):
        return Estimate(None)
    low, high = interval(reached)
    whole = np.count_nonzero(np.isinf(drawn)) <= 0.025 * len(drawn)
    value = point if np.isfinite(point) else None
    return Estimate(
        value,
        low if value is None else min(low, point),
        (max(high, point) if value is not None else high) if whole else None,
    )


def kaplan_meier(times: Floats, over: NDArray[np.bool_], weights: Floats) -> Floats:
    """The times at which survival falls to 1 - p for each p of SHARES; inf where it does not. One row per row of `weights`.

    `times` ascending, at ties what is over first; weights say how often each was drawn.
    """
    risk = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
    ended = np.where(over, weights, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.where(risk > 0, 1 - ended / risk, 1.0)
    alive = np.cumprod(step, axis=1)
    found = np.full((len(weights), len(SHARES)), np.inf)
    for index, share in enumerate(SHARES):
        below = alive <= 1 - share + 1e-9
        hit = below.any(axis=1)
        found[hit, index] = times[np.argmax(below, axis=1)[hit]]
    return found
