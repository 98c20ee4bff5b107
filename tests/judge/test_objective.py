"""The absolute objective: valid on both sides of its limit, quick, and usable at extreme limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from seaway.judge import objective


@pytest.mark.parametrize("limit", [0.001, 0.005, 0.3, 0.9, 0.9995])
@pytest.mark.parametrize("n", [1, 7, 40])
def test_no_bet_gains_on_average_exactly_at_the_limit(limit: float, n: int) -> None:
    y = np.arange(n + 1.0)
    steps = objective.increments(y, np.full(n + 1, float(n)), limit)
    assert (stats.binom.pmf(y, n, limit) @ np.exp(steps)).max() <= 1 + 1e-9


def test_below_the_limit_bets_on_broken_lose_and_above_it_they_gain() -> None:
    n, y = 200, np.arange(201.0)
    steps = objective.increments(y, np.full(201, float(n)), 0.05)[:, 12:]
    assert (stats.binom.pmf(y, n, 0.03) @ np.exp(steps)).max() <= 1
    assert (stats.binom.pmf(y, n, 0.12) @ np.exp(steps)).max() > 1


def test_a_clean_candidate_is_proven_below_half_a_percent_within_1300_requests() -> None:
    rng = np.random.default_rng(1)
    needed = []
    for _ in range(200):
        y = rng.binomial(20, 0.001, 400).astype(float)
        ell = np.cumsum(objective.increments(y, np.full(400, 20.0), 0.005), axis=0)
        hit = np.flatnonzero(objective.promote(ell) >= math.log(20))
        needed.append(20 * (hit[0] + 1) if len(hit) else math.inf)
    assert np.median(needed) <= 1400


def test_a_broken_candidate_is_found() -> None:
    ell = objective.increments(np.array(6.0), np.array(60.0), 0.005)
    assert float(objective.harm(ell)) > math.log(100)
    assert float(objective.promote(ell)) < 0
