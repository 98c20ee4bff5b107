"""The risk-budget ramp: bounded, quick on clean evidence, honest about what a coarse router makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seaway.judge import ramp
from seaway.judge.ramp import Policy, Seen
from seaway.model.weight import WHOLE

FIRST = Seen(0, 0, 0, 0, 1000.0)


def test_it_starts_at_the_budget_per_feedback_loop() -> None:
    assert ramp.next_weight(Policy(), FIRST, 0).ppm == 1000  # 3 requests in 3 seconds of 1,000 a second


@pytest.mark.parametrize("events", [0, 1, 2, 5, 30, 400])
def test_the_upper_rate_is_scipy_s_gamma_quantile_within_one_percent(events: int) -> None:
    exact = stats.gamma.ppf(0.95, events + 1) / 1000
    assert ramp.upper_rate(events, 1000) == pytest.approx(min(1.0, exact), rel=0.01)


def test_clean_evidence_lets_the_weight_grow_and_at_most_fourfold() -> None:
    grown = ramp.next_weight(Policy(), Seen(3000, 0, 10**6, 1000, 1000.0), 1000).ppm
    assert grown == 4000
    assert ramp.next_weight(Policy(), Seen(10**6, 1000, 10**6, 1000, 1000.0), 400_000).ppm == 500_000


def test_failures_hold_it_down() -> None:
    clean = ramp.next_weight(Policy(), Seen(1000, 0, 10**6, 1000, 1000.0), 10_000).ppm
    bad = ramp.next_weight(Policy(), Seen(1000, 30, 10**6, 1000, 1000.0), 10_000).ppm
    assert bad < clean


@given(
    st.tuples(st.integers(0, 10**6), st.floats(0, 1), st.integers(0, 10**7), st.floats(0, 1), st.floats(0.01, 1e5)),
    st.integers(0, WHOLE // 2),
    st.sampled_from([1, 1000, 10_000]),
    st.floats(0.1, 100),
)
@settings(max_examples=200)
def test_the_weight_always_stays_between_nothing_and_half_and_is_a_step_of_the_router(
    traffic: tuple[int, float, int, float, float], now: int, step: int, budget: float
) -> None:
    n, bad, m, base, rps = traffic
    seen = Seen(n, int(n * bad), m, int(m * base), rps)
    found = ramp.next_weight(Policy(budget=budget, step=step), seen, now)
    assert 0 < found.ppm <= WHOLE // 2
    assert found.ppm % step == 0
    assert found.ppm <= max(found.wished_ppm, step)


def test_a_router_of_whole_percents_is_rounded_down_and_said() -> None:
    found = ramp.next_weight(Policy(step=10_000), Seen(800, 0, 10**6, 500, 1000.0), 95_000)
    assert found.ppm % 10_000 == 0
    assert found.ppm <= found.wished_ppm
    assert found.note.startswith("rounded down from")


def test_below_the_router_s_smallest_step_the_step_is_taken_and_its_price_said() -> None:
    found = ramp.next_weight(Policy(step=10_000), FIRST, 0)
    assert found.ppm == 10_000
    assert "10 times the wished 0.1 %" in found.note
    assert found.expected_harm == pytest.approx(30.0)


def test_the_expected_harm_is_the_budget_with_a_fine_router() -> None:
    assert ramp.next_weight(Policy(), FIRST, 0).expected_harm == pytest.approx(3.0, rel=0.01)


def test_a_sick_stable_does_not_stop_the_ramp() -> None:
    assert ramp.excess(Seen(100, 0, 1000, 900, 10.0)) > 0
    assert ramp.next_weight(Policy(), Seen(100, 0, 1000, 900, 10.0), 400_000).ppm == 500_000
