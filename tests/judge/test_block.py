"""The block kernel: valid by enumeration, predictable, and the check would notice if it were not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from seaway.judge import block
from seaway.judge.evidence import Counts, Evidence
from seaway.judge.lanes import Lane


def outcomes(n_c: int, n_b: int, p: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y_c, y_b = np.meshgrid(np.arange(n_c + 1.0), np.arange(n_b + 1.0), indexing="ij")
    return y_c.ravel(), y_b.ravel(), (stats.binom.pmf(y_c, n_c, p) * stats.binom.pmf(y_b, n_b, p)).ravel()


def expectation(n_c: int, n_b: int, p: float, rate: np.ndarray) -> np.ndarray:
    y_c, y_b, chance = outcomes(n_c, n_b, p)
    full = np.broadcast_to(rate, y_c.shape)
    steps = block.increments(y_c, np.full_like(y_c, n_c), y_b, np.full_like(y_c, n_b), full)
    return chance @ np.exp(steps)


@pytest.mark.parametrize("bet", [0.01, 0.1, 0.5, 0.93])
@pytest.mark.parametrize(("n_c", "n_b", "p"), [(1, 1, 0.5), (1, 19, 0.1), (5, 20, 0.5), (12, 4, 0.9), (20, 20, 0.02)])
def test_no_bet_gains_on_average_whatever_rate_was_predicted(n_c: int, n_b: int, p: float, bet: float) -> None:
    assert expectation(n_c, n_b, p, np.array(bet)).max() <= 1 + 1e-9


def test_a_bet_that_has_seen_its_own_block_gains_and_is_caught() -> None:
    """The control of predictability: the block's own events leak into the prediction."""
    y_c, y_b, chance = outcomes(10, 10, 0.5)
    leaked = np.clip((y_b + 0.5) / 11, 0.01, 0.99)
    steps = block.increments(y_c, np.full_like(y_c, 10.0), y_b, np.full_like(y_c, 10.0), leaked)
    assert (chance @ np.exp(steps)).max() > 1.01


def counts(rows: list[tuple[int, int, int, int]]) -> Counts:
    table = np.array(rows, dtype=float)
    return Counts(*(table[:, [i]] for i in range(4)), np.full(len(rows), np.nan))


def test_the_prediction_uses_earlier_blocks_only() -> None:
    first = Evidence((Lane("block", harm=1.0, prior=0.5),), 1, 257)
    path = first.path(counts([(10, 5, 100, 99)]), 1)
    again = Evidence((Lane("block", harm=1.0, prior=0.5),), 1, 257)
    other = again.path(counts([(10, 5, 100, 1)]), 1)
    by_hand = block.increments(np.array([5.0]), np.array([10.0]), np.array([99.0]), np.array([100.0]), np.array([0.5]))
    assert path.ell[1, 0, 0] == pytest.approx(by_hand[0])
    assert not np.allclose(path.ell[1], other.ell[1])  # the outcome counts, but not in the prediction
    assert first.past[:, 0].tolist() == [99.0, 100.0]


def test_batches_with_an_empty_side_wait_for_the_other() -> None:
    split = Evidence((Lane("block", harm=1.0, prior=0.5),), 1, 257)
    path = split.path(counts([(0, 0, 50, 20), (0, 0, 45, 20), (5, 4, 0, 0)]), 1)
    whole = Evidence((Lane("block", harm=1.0, prior=0.5),), 1, 257).path(counts([(5, 4, 95, 40)]), 1)
    assert path.rows.tolist() == [2]
    assert path.ell[-1] == pytest.approx(whole.ell[-1])


def test_single_requests_reach_the_same_verdict_as_whole_batches() -> None:
    rng = np.random.default_rng(2)
    slow = Evidence((Lane("block", harm=1.0, prior=0.5),), 1, 257)
    rows = []
    for _ in range(2000):
        candidate = rng.random() < 0.25
        event = rng.random() < (0.75 if candidate else 0.5)
        rows.append((int(candidate), int(candidate and event), int(not candidate), int(event and not candidate)))
    single = slow.harm(slow.path(counts(rows), 1))[-1, 0]
    table = np.array(rows).reshape(20, 100, 4).sum(axis=1)
    quick = Evidence((Lane("block", harm=1.0, prior=0.5),), 1, 257)
    batched = quick.harm(quick.path(counts([tuple(row) for row in table]), 1))[-1, 0]
    assert single > np.log(100)
    assert batched > np.log(100)


def test_harm_and_safety_point_in_opposite_directions() -> None:
    worse = Evidence((Lane("block", harm=1.0, promote=1.0, prior=0.5),), 1, 257)
    path = worse.path(counts([(100, 80, 100, 50)] * 5), 1)
    assert worse.harm(path)[-1, 0] > 5
    assert worse.promote(path)[-1, 0] < 0
