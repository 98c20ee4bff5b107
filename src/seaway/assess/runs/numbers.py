"""Quantiles and shares with their intervals, of a few hundred values, without numpy. Used by the rules and bottlenecks of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seaway.model.bottleneck import Figure

_Z = 1.6448536269514722  # the normal quantile of 0.95: two sides of 5 %


def quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest of some sorted values (Hyndman and Fan's type 7)."""
    at = (len(ordered) - 1) * share
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def spread(values: Sequence[float], share: float = 0.5) -> Figure:
    """A quantile, and between which order statistics it lies in 90 of 100 samples, whatever the distribution (Conover 1999, 3.2)."""
    ordered = sorted(values)
    n = len(ordered)
    half = _Z * math.sqrt(n * share * (1 - share))
    low = max(0, math.floor(n * share - half))
    high = min(n - 1, math.ceil(n * share + half) - 1)
    point = quantile(ordered, share)
    return Figure(point, min(point, ordered[low]), max(point, ordered[high]), n)


def proportion(count: int, n: int) -> Figure:
    """A share and its interval (Wilson 1927), which stays within 0 and 1 and is no point for none of few."""
    if not n:
        return Figure(0.0, 0.0, 1.0, 0)
    point, square = count / n, _Z * _Z
    middle = (point + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(point * (1 - point) / n + square / (4 * n * n))
    return Figure(point, max(0.0, middle - half), min(1.0, middle + half), n)
