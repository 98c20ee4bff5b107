"""The sample-ratio check: silent for fair splits and small deviations, quick for wrong ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from seaway.judge.mismatch import ALPHA, Split


def highest(true: float, configured: float, ticks: int = 200, n: int = 1000, seed: int = 1) -> float:
    rng = np.random.default_rng(seed)
    candidate = rng.binomial(n, true, ticks).astype(float)
    return float(Split().add(candidate, n - candidate, np.full(ticks, configured)).max())


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_a_fair_split_is_never_alarming(share: float) -> None:
    assert all(highest(share, share, seed=seed) < math.log(1 / ALPHA) for seed in range(20))


def test_a_deviation_of_five_percent_is_let_be() -> None:
    assert highest(0.0525, 0.05, ticks=1000) < math.log(1 / ALPHA)


@pytest.mark.parametrize(("true", "configured"), [(0.1, 0.05), (0.02, 0.05), (0.5, 0.25), (0.0, 0.05)])
def test_a_wrong_split_is_noticed_in_both_directions(true: float, configured: float) -> None:
    assert highest(true, configured) > math.log(1 / ALPHA)


def test_unknown_weights_nothing_and_everything_say_nothing() -> None:
    found = Split().add(np.array([10.0, 0.0, 50.0]), np.array([10.0, 50.0, 0.0]), np.array([np.nan, 0.0, 1.0]))
    assert found == pytest.approx(0.0, abs=1e-12)


def test_pieces_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(5)
    candidate = rng.binomial(1000, 0.06, 30).astype(float)
    share = np.full(30, 0.05)
    whole, pieces = Split(), Split()
    whole.add(candidate, 1000 - candidate, share)
    for i in range(0, 30, 7):
        pieces.add(candidate[i : i + 7], 1000 - candidate[i : i + 7], share[i : i + 7])
    assert whole.ell.tobytes() == pieces.ell.tobytes()
