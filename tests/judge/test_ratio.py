"""The rate-ratio kernel: valid by enumeration, exact at its boundaries, the same for any batching."""

from __future__ import annotations

import math
import warnings
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seaway.judge import ratio
from seaway.judge.ratio import Ratio

KERNEL = Ratio((1.1, 2.0))


def add(kernel: Ratio, batches: list[tuple[int, int]], share: float) -> np.ndarray:
    ell = np.zeros(kernel.width)
    for events, all_events in batches:
        ell += kernel.increments(np.array(float(events)), np.array(float(all_events)), np.array(share))
    return ell


def expected_factor(kernel: Ratio, n_c: int, n_b: int, p_b: float, boundary: float) -> np.ndarray:
    """E[exp(increment - increment at the boundary)] for each ratio, over all outcomes of one batch at the boundary."""
    y_c, y_b = np.arange(n_c + 1), np.arange(n_b + 1)
    chance = stats.binom.pmf(y_c, n_c, boundary * p_b)[:, None] * stats.binom.pmf(y_b, n_b, p_b)[None, :]
    events = np.broadcast_to(y_c[:, None], chance.shape).astype(float)
    share = np.full(chance.shape, n_c / (n_c + n_b))
    steps = kernel.increments(events, events + y_b[None, :], share)
    factors = np.exp(steps - steps[..., kernel.column(boundary)][..., None])
    return np.tensordot(chance, factors, axes=([0, 1], [0, 1]))


def test_the_grid_has_the_points_and_alternatives_of_the_reference() -> None:
    kernel = Ratio((1.0, 2.0))
    assert kernel.ratios[0] == pytest.approx(0.02)
    assert kernel.ratios[256] == pytest.approx(1024)
    assert math.log(kernel.ratios[1] / kernel.ratios[0]) == pytest.approx(0.04236, abs=1e-5)
    assert (kernel.ratios[:257] >= 1.15).sum() == 161
    assert ((kernel.ratios[:257] >= 0.25) & (kernel.ratios[:257] <= 1.8)).sum() == 47


@pytest.mark.parametrize("boundary", [1.0, 1.1, 2.0])
@pytest.mark.parametrize(
    ("n_c", "n_b", "p"), [(1, 1, 0.3), (3, 20, 0.02), (10, 10, 0.4), (30, 40, 0.001), (2, 60, 0.25)]
)
def test_no_bet_gains_on_average_at_the_boundary_with_the_realised_share(
    boundary: float, n_c: int, n_b: int, p: float
) -> None:
    assert expected_factor(Ratio((boundary,)), n_c, n_b, p, boundary).max() <= 1 + 1e-9


@pytest.mark.parametrize("w", [0.05, 0.5])
def test_with_the_configured_share_a_bet_gains_exactly_nothing_on_average(w: float) -> None:
    kernel, n, p = Ratio((1.0,)), 12, 0.1
    total = np.zeros(kernel.width)
    for n_c in range(n + 1):
        y_c, y_b = np.arange(n_c + 1), np.arange(n - n_c + 1)
        chance = (
            stats.binom.pmf(n_c, n, w)
            * stats.binom.pmf(y_c, n_c, p)[:, None]
            * stats.binom.pmf(y_b, n - n_c, p)[None, :]
        )
        events = np.broadcast_to(y_c[:, None], chance.shape).astype(float)
        steps = kernel.increments(events, events + y_b[None, :], np.full(chance.shape, w))
        total += np.tensordot(chance, np.exp(steps), axes=([0, 1], [0, 1]))
    assert total == pytest.approx(1.0, abs=1e-9)


def test_a_bet_on_the_wrong_side_is_caught_by_the_same_enumeration() -> None:
    """The control: a rate above the boundary makes bets on harm gain, so the check can fail."""
    kernel = Ratio((1.0,))
    y = np.arange(21)
    chance = stats.binom.pmf(y, 20, 0.2)[:, None] * stats.binom.pmf(y, 20, 0.1)[None, :]
    events = np.broadcast_to(y[:, None], chance.shape).astype(float)
    steps = kernel.increments(events, events + y[None, :], np.full(chance.shape, 0.5))
    assert np.tensordot(chance, np.exp(steps), axes=([0, 1], [0, 1])).max() > 1.01


def test_alternatives_of_harm_lie_above_and_of_safety_below_their_boundary() -> None:
    kernel = Ratio((1.1, 2.0))
    first, last = kernel._harmful(1.1, 1024)
    assert kernel.ratios[first] > 1.1
    assert last == kernel.points
    grid = kernel.ratios[:257]
    assert grid[np.searchsorted(grid, 0.9 * 2.0, side="right") - 1] < 2.0


def test_the_point_one_is_left_out_of_safety_when_the_margin_is_one() -> None:
    kernel = Ratio((1.0,))
    ell = np.full(kernel.width, -50.0)
    ell[kernel.column(1.0)] = 0.0
    assert float(kernel.promote(ell, 1.0)) == pytest.approx(-50.0)


def test_an_unannounced_boundary_is_refused_instead_of_interpolated() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        KERNEL.column(1.5)


@pytest.mark.parametrize("boundary", [1.0, 1.1, 2.0])
def test_a_million_events_at_half_the_traffic_agree_with_fifty_digits(boundary: float) -> None:
    getcontext().prec = 50
    kernel, share, each = Ratio((boundary,)), 0.5, (500, 1000)
    ell = np.zeros(kernel.width)
    for _ in range(1000):
        ell += kernel.increments(np.array(float(each[0])), np.array(float(each[1])), np.array(share))
    first, last = kernel._harmful(boundary, 1024)
    weights = np.ones(last - first) if boundary == 1.0 else np.exp(kernel._prior(first, last))

    def exact(r: float) -> Decimal:
        x, w = Decimal(r), Decimal(share)
        return 500_000 * x.ln() - 1_000_000 * (1 - w + w * x).ln()

    parts = [
        Decimal(float(weight)) * exact(float(r)).exp()
        for weight, r in zip(weights, kernel.ratios[first:last], strict=True)
    ]
    wanted = (sum(parts) / Decimal(float(weights.sum()))).ln() - exact(boundary)
    assert float(kernel.harm(ell, boundary)) == pytest.approx(float(wanted), abs=1e-6)


def test_interpolating_the_boundary_would_inflate_the_evidence_and_exactness_does_not() -> None:
    kernel = Ratio()
    ell = add(kernel, [(50_000, 100_000)], 0.5)
    assert ell[kernel.column(1.0)] == 0.0
    interpolated = np.interp(0.0, np.log(kernel.ratios[:257]), ell[:257])
    assert -interpolated == pytest.approx(5.15, abs=0.1)  # a factor of 172


def test_ten_times_worse_for_a_day_stays_finite_and_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ell = add(KERNEL, [(20_700, 60_000)] * 1440, 0.05)
        value = float(KERNEL.harm(ell, 1.1))
        low, high = KERNEL.band(ell)
    assert math.isfinite(value)
    assert value > 700  # exp of it is no float any more
    assert low is not None
    assert high is not None


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), min_size=1, max_size=20),
    st.sampled_from([0.01, 0.05, 0.5, 0.9]),
    st.integers(1, 19),
)
@settings(max_examples=60)
def test_with_the_configured_share_any_batching_gives_the_same_evidence(
    batches: list[tuple[int, int]], share: float, cut: int
) -> None:
    single = [(y, y + x) for y, x in batches]
    joined = [tuple(map(sum, zip(*part, strict=True))) for part in (single[:cut], single[cut:]) if part]
    assert np.allclose(add(KERNEL, single, share), add(KERNEL, joined, share), rtol=1e-12, atol=1e-9)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), min_size=2, max_size=20), st.integers(1, 19))
@settings(max_examples=40)
def test_evidence_merges_by_addition(batches: list[tuple[int, int]], cut: int) -> None:
    single = [(y, y + x) for y, x in batches]
    assert np.allclose(
        add(KERNEL, single, 0.1), add(KERNEL, single[:cut], 0.1) + add(KERNEL, single[cut:], 0.1), atol=1e-9
    )


def test_many_streams_at_once_are_the_same_bits_as_one_by_one() -> None:
    rng = np.random.default_rng(4)
    events, both, share = (
        rng.integers(0, 9, 50).astype(float),
        rng.integers(9, 90, 50).astype(float),
        rng.uniform(0, 1, 50),
    )
    together = KERNEL.increments(events, both, share)
    for row in range(50):
        alone = KERNEL.increments(events[row : row + 1], both[row : row + 1], share[row : row + 1])
        assert alone[0].tobytes() == together[row].tobytes()
        assert KERNEL.harm(alone, 1.1)[0] == KERNEL.harm(together, 1.1)[row]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_batch_of_one_side_says_nothing_with_its_realised_share(share: float) -> None:
    events = np.array([7.0 * share])
    step = KERNEL.increments(events, np.array([7.0]), np.array([share]))
    assert np.allclose(step, 0.0, atol=1e-12)


def test_the_share_is_configured_below_200_requests_and_realised_from_there() -> None:
    shares = ratio.shares(
        np.array([1.0, 30.0, 30.0, 30.0]), np.array([0.0, 70.0, 170.0, 70.0]), np.array([0.05, 0.05, 0.05, np.nan])
    )
    assert shares == pytest.approx([0.05, 0.05, 0.15, 0.3])


@pytest.mark.parametrize("configured", [0.0, 1.0])
def test_a_weight_that_cannot_have_been_in_force_is_not_believed(configured: float) -> None:
    assert ratio.shares(np.array([10.0]), np.array([10.0]), np.array([configured])) == pytest.approx([0.5])


def test_the_band_holds_the_truth_and_narrows() -> None:
    rng, wide, held = np.random.default_rng(8), 0.0, 0
    for _ in range(200):
        ell, inside = np.zeros(KERNEL.width), True
        for _ in range(40):
            y, x = rng.poisson(3), rng.poisson(28.5)
            ell += KERNEL.increments(np.array(float(y)), np.array(float(y + x)), np.array(0.05))
            low, high = KERNEL.band(ell)
            inside &= (low is None or low <= 2.0) and (high is None or high >= 2.0)
        held += inside
        wide = max(wide, (high or 99) / (low or 0.01))
    assert held >= 190  # 95 % at all 40 looks together
    assert wide < 6


def test_a_band_without_data_has_no_bounds() -> None:
    assert KERNEL.band(np.zeros(KERNEL.width)) == (None, None)


def test_the_cheap_ceiling_is_never_below_the_evidence_and_crossings_agree() -> None:
    rng = np.random.default_rng(3)
    ell = KERNEL.increments(
        rng.integers(0, 9, 300).astype(float), rng.integers(9, 40, 300).astype(float), np.full(300, 0.05)
    )
    assert (KERNEL.ceiling(ell, 1.1) >= KERNEL.harm(ell, 1.1)).all()
    assert (KERNEL.crossed(ell, 1.1, 3.0) == (KERNEL.harm(ell, 1.1) >= 3.0)).all()
    assert KERNEL.crossed(ell, 1.1, 3.0).any()


def test_the_prior_beyond_a_tolerance_sums_to_one() -> None:
    assert np.exp(KERNEL._prior(100, 257)).sum() == pytest.approx(1.0)


def test_a_largest_ratio_below_the_first_alternative_still_leaves_one_bet() -> None:
    assert math.isfinite(float(KERNEL.harm(add(KERNEL, [(3, 5)], 0.5), 1.1, most=1.0)))
