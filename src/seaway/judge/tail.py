"""The upper tail of a binomial distribution: how often chance alone gives so many bad requests. Called by `guard`."""

from __future__ import annotations

import math

_NEGLIGIBLE = 1e-17  # of the sum so far


def at_least(count: int, trials: int, share: float) -> float:
    """The probability of `count` or more bad ones among `trials` when each is bad with probability `share` (0..1)."""
    if count <= 0:
        return 1.0
    if share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    if count > trials * share:
        return min(1.0, _outward(count, trials, share))
    return max(0.0, 1 - _outward(trials - count + 1, trials, 1 - share))


def _outward(count: int, trials: int, share: float) -> float:
    """The sum from `count`, which lies above the mean, to `trials`."""
    term, total = 1.0, 1.0
    for number in range(count, trials):
        term *= (trials - number) / (number + 1) * share / (1 - share)
        total += term
        if term < _NEGLIGIBLE * total:
            break
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return math.exp(ways + count * math.log(share) + (trials - count) * math.log1p(-share)) * total
