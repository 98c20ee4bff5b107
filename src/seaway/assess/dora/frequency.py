"""Deployment frequency: how often users get something. Called by `report`. Redeployments of the same commit and failed attempts count apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from seaway.assess.dora.owners import Move, Step
from seaway.assess.dora.spread import SEED, Estimate, Z, interval, median
from seaway.model.delivery import Deployment

DAY = 86_400.0
_WEEK = 7
_EPOCH_MONDAY = 3  # 1 January 1970 was a Thursday: day 3 before it began a week
_ROUNDS, _FEWEST_ROUNDS, _DRAWS = 2000, 100, 2_000_000
FEW_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Frequency:
    """`per_day`: deployments per calendar day (UTC) of the window, its first and last included. `active_days`: the median of days with a deployment, over its weeks (fourkeys).

    `between`: seconds between deployments. `bucket`: fourkeys' word for it.
    """

    n: int
    days: float
    per_day: Estimate
    active_days: float | None
    bucket: str | None
    between: float | None
    redeployments: int
    failed: int
    moves: dict[str, int]
    steps: tuple[Step, ...]
    attempts: tuple[Deployment, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One per deployment and failed attempt, in the order of finishing."""
        moved = [(step.deployment, step.move.value, step.new, step.again) for step in self.steps]
        moved += [(each, "failed", 0, 0) for each in self.attempts]
        for deployment, move, new, again in sorted(moved, key=lambda one: (one[0].finished, one[0].id)):
            yield {
                "deployment": deployment.id,
                "commit": deployment.sha,
                "finished": deployment.finished,
                "day": datetime.fromtimestamp(deployment.finished, UTC).date().isoformat(),
                "move": move,
                "counts": move not in (Move.REDEPLOY.value, "failed"),
                "new": new,
                "again": again,
                "parts": list(deployment.parts),
            }


def measure(steps: Sequence[Step], attempts: Sequence[Deployment], begin: float, end: float) -> Frequency:
    """`steps` and failed `attempts` inside the window from `begin` to `end` (seconds since 1970)."""
    counted = [step for step in steps if step.move is not Move.REDEPLOY]
    times = np.array([step.deployment.finished for step in counted], float)
    days = float(end // DAY - begin // DAY + 1)
    active, daily = _weeks(times, begin, end)
    rate = Estimate(len(times) / days, *_interval(daily, days))
    moves: dict[str, int] = {}
    for step in steps:
        moves[step.move.value] = moves.get(step.move.value, 0) + 1
    return Frequency(
        len(times),
        days,
        rate,
        median(active) if len(times) else None,
        _bucket(active, times) if len(times) else None,
        float(np.median(np.diff(np.sort(times)))) if len(times) > 1 else None,
        len(steps) - len(counted),
        len(attempts),
        moves,
        tuple(steps),
        tuple(attempts),
    )


def _weeks(times: np.ndarray, begin: float, end: float) -> tuple[list[int], np.ndarray]:
    """Per week from the first to the last: days with a deployment; and deployments."""
    days = (times // DAY).astype(np.int64)
    first, size = _week(begin), _week(end) - _week(begin) + 1
    active = np.bincount((np.unique(days) + _EPOCH_MONDAY) // _WEEK - first, minlength=size)
    return active.tolist(), np.bincount((days + _EPOCH_MONDAY) // _WEEK - first, minlength=size)


def _week(time: float) -> int:
    return (int(time // DAY) + _EPOCH_MONDAY) // _WEEK


def _interval(weekly: np.ndarray, days: float) -> tuple[float, float]:
    """Whole weeks are resampled: deployments of one week are not independent of each other. Below FEW_WEEKS they are too few for that:
    then it is the interval of a Poisson count (Byar's approximation; Breslow and Day 1987), which is never empty.
    """
    if len(weekly) >= FEW_WEEKS and weekly.any():
        dice = np.random.default_rng(SEED)
        rounds = max(_FEWEST_ROUNDS, min(_ROUNDS, _DRAWS // len(weekly)))
        drawn = weekly[dice.integers(0, len(weekly), size=(rounds, len(weekly)))].sum(axis=1) / days
        return interval(drawn)
    n = int(weekly.sum())
    low = n * (1 - 1 / (9 * n) - Z / (3 * math.sqrt(n))) ** 3 if n else 0.0
    high = (n + 1) * (1 - 1 / (9 * (n + 1)) + Z / (3 * math.sqrt(n + 1))) ** 3
    return max(0.0, low) / days, high / days


def _bucket(active: Sequence[int], times: np.ndarray) -> str:
    """The words of fourkeys: daily for a median of three days a week, weekly for one in most weeks, monthly, yearly."""
    if median(active) >= 3:
        return "daily"
    if median([min(1, days) for days in active]) >= 1:
        return "weekly"
    months = [(when.year, when.month) for when in (datetime.fromtimestamp(time, UTC) for time in times)]
    first, last = min(months), max(months)
    span = (last[0] - first[0]) * 12 + last[1] - first[1] + 1
    return "monthly" if len(set(months)) * 2 >= span else "yearly"
