"""The exact two-sided binomial test of a traffic split. Called by `observe` on counter differences.

Both tails are summed outward from where they begin, so a test costs some standard deviations of terms, not all n.
"""

from __future__ import annotations

import math

_NEGLIGIBLE = 1e-17  # of the sum so far: below what a float can still add
_TIE = 1e-9  # logarithms this close count as equally likely


def two_sided(count: int, trials: int, chance: float) -> float:
    """P-value: the probability of all outcomes at most as likely as `count` (the minimum-likelihood method).

    Raises ValueError for a count outside 0..trials or a chance outside 0..1.
    """
    if not 0 <= count <= trials or not 0 <= chance <= 1:
        raise ValueError(f"{count} of {trials} at {chance} is no binomial count")
    if chance in {0, 1}:
        return 1.0 if count == trials * chance else 0.0
    if count > trials * chance:  # mirror, so that `count` lies on the lower side
        count, chance = trials - count, 1 - chance
    likelihood = log_pmf(count, trials, chance)
    mode = min(trials, int((trials + 1) * chance))
    if log_pmf(mode, trials, chance) <= likelihood + _TIE:
        return 1.0
    opposite = _first_as_rare(likelihood, mode, trials, chance)
    return min(1.0, _lower_tail(count, trials, chance) + _lower_tail(trials - opposite, trials, 1 - chance))


def log_pmf(count: int, trials: int, chance: float) -> float:
    """Logarithm of the probability of `count` successes; 0 < chance < 1.

    Saddle-point form (C. Loader, Fast and Accurate Computation of Binomial Probabilities, 2000): the large terms that
    cancel in a difference of log-gammas never appear, so it keeps 1e-12 where n is a million.
    """
    if count == 0:
        return trials * math.log1p(-chance)
    if count == trials:
        return trials * math.log(chance)
    rest = trials - count
    return (
        _stirling_error(trials)
        - _stirling_error(count)
        - _stirling_error(rest)
        - _deviance(count, trials * chance)
        - _deviance(rest, trials * (1 - chance))
        + 0.5 * math.log(trials / (2 * math.pi * count * rest))
    )


def _stirling_error(number: int) -> float:
    """log(n!) minus Stirling's formula."""
    if number <= 15:
        return math.lgamma(number + 1) - (number + 0.5) * math.log(number) + number - 0.5 * math.log(2 * math.pi)
    square = float(number) * number
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - (1 / 1188) / square) / square) / square) / square) / number


def _deviance(value: float, mean: float) -> float:
    """The deviance value * log(value / mean) + mean - value, without cancellation near the mean."""
    if abs(value - mean) >= 0.1 * (value + mean):
        return value * math.log(value / mean) + mean - value
    ratio = (value - mean) / (value + mean)
    total, term, power = (value - mean) * ratio, 2 * value * ratio, 1
    while abs(term) > 1e-18 * abs(total):
        term *= ratio * ratio
        power += 2
        total += term / power
    return total


def _first_as_rare(likelihood: float, mode: int, trials: int, chance: float) -> int:
    """The smallest outcome above the mode that is at most as likely; trials + 1 when there is none."""
    low, high = mode, trials + 1
    while high - low > 1:
        middle = (low + high) // 2
        if log_pmf(middle, trials, chance) <= likelihood + _TIE:
            high = middle
        else:
            low = middle
    return high


def _lower_tail(count: int, trials: int, chance: float) -> float:
    """The probability of at most `count`, where `count` lies below the mean (terms fall quickly); 0 below zero."""
    if count < 0:
        return 0.0
    odds, term, total = (1 - chance) / chance, 1.0, 1.0
    for number in range(count, 0, -1):
        term *= number / (trials - number + 1) * odds
        total += term
        if term < _NEGLIGIBLE * total:
            break
    return math.exp(log_pmf(count, trials, chance)) * total
