"""What a figure is worth: quantiles, shares and their intervals. Used by every metric.

Commits of one deployment share their fate, so whole deployments are resampled (a cluster bootstrap; Davison and Hinkley 1997, 3.8).
The interval of a quantile inverts the resampled share below it (Woodruff 1952), which costs one product of matrices for all figures
of a lane instead of a sort per resample. The seed is fixed: the same data give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SEED = 20_260_105
LEVEL = 0.95
SHARES = (0.5, 0.75, 0.9)
_MOST, _LEAST, _DRAWS = 2000, 200, 2_000_000
_MANY, _FEW = 50_000, 50  # so many deployments have so narrow an interval that few resamples show it, in bounded memory
Z = 1.959963984540054  # the normal quantile of 0.975


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval at LEVEL; None: not known, or not reached."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution: p50, p75, p90 of `n` values in `clusters` deployments."""

    n: int
    clusters: int
    p50: Estimate
    p75: Estimate
    p90: Estimate


NOTHING = Spread(0, 0, Estimate(None), Estimate(None), Estimate(None))


class Resamples:
    """How often each of `size` deployments is drawn in each of the resamples: (rounds, size)."""

    def __init__(self, size: int, seed: int = SEED) -> None:
        self.size = size
        self.rounds = max(_LEAST if size < _MANY else _FEW, min(_MOST, _DRAWS // max(1, size)))
        dice = np.random.default_rng(seed)
        drawn = dice.integers(0, size, size=(self.rounds, size), dtype=np.int32)
        drawn += np.arange(self.rounds, dtype=np.int32)[:, None] * size
        counts = np.bincount(drawn.ravel(), minlength=self.rounds * size)
        self.weights = counts.reshape(self.rounds, size).astype(np.float32)

    def spread(self, values: Floats, clusters: Ints) -> Spread:
        """Quantiles of values that belong to deployments (indices below `size`), with intervals."""
        n = len(values)
        if not n:
            return NOTHING
        ordered = np.sort(values)
        points = [_between(ordered, share) for share in SHARES]
        totals = np.bincount(clusters, minlength=self.size)
        below = [np.bincount(clusters[values <= point], minlength=self.size) for point in points]
        sums = self.weights @ np.column_stack([totals, *below]).astype(np.float32)
        drawn = sums[sums[:, 0] > 0]
        shares = drawn[:, 1:] / drawn[:, :1]
        estimates = [
            self._inverted(ordered, point, share, shares[:, index])
            for index, (point, share) in enumerate(zip(points, SHARES, strict=True))
        ]
        return Spread(n, int(np.count_nonzero(totals)), *estimates)

    @staticmethod
    def _inverted(ordered: Floats, point: float, share: float, drawn: NDArray[np.float32]) -> Estimate:
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(drawn - float(np.mean(drawn)), (tail, 1 - tail))
        n = len(ordered)
        left = ordered[max(0, math.floor((share - high) * n) - 1)]
        right = ordered[min(n - 1, math.ceil((share - low) * n))]
        return Estimate(float(point), float(min(left, point)), float(max(right, point)))

    def means(self, values: Floats) -> tuple[float, float]:
        """Interval of the mean of one value per deployment."""
        return interval(self.weights @ values.astype(np.float32) / self.size)


def _between(ordered: Floats, share: float) -> float:
    """The quantile of ascending values, linear between ranks (Hyndman and Fan 1996, type 7)."""
    at = share * (len(ordered) - 1)
    low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
    return float(low + (high - low) * (at - math.floor(at)))


def interval(drawn: NDArray[np.floating]) -> tuple[float, float]:
    """The percentile interval of resampled figures (Efron 1979)."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)


def share(hits: int, n: int) -> Estimate:
    """A share with its score interval (Wilson 1927): a bootstrap of none of n would claim certainty."""
    if not n:
        return Estimate(None)
    p, z = hits / n, Z**2 / n
    middle = (p + z / 2) / (1 + z)
    half = Z * math.sqrt(p * (1 - p) / n + z / (4 * n)) / (1 + z)
    return Estimate(p, max(0.0, middle - half) if hits else 0.0, min(1.0, middle + half) if hits < n else 1.0)


def median(values: Sequence[float]) -> float:
    """Of at least one value."""
    return float(np.median(np.asarray(values, float)))
