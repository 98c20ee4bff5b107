"""Kayenta's judge: shortcuts, classifier and score as documented, the shift and its interval against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from seaway.judge import kayenta
from seaway.judge.kayenta import Class, Classified, Rule

PASS, HIGH, NODATA = Classified(Class.PASS), Classified(Class.HIGH), Classified(Class.NODATA)


def p_value(x: np.ndarray, y: np.ndarray, d: float, *, correct: bool = True) -> float:
    return float(
        stats.mannwhitneyu(x - d, y, alternative="two-sided", method="asymptotic", use_continuity=correct).pvalue
    )


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_interval_is_where_scipy_s_test_turns_significant(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.lognormal(0.3, 0.5, 30), rng.lognormal(0.0, 0.5, 40)
    if ties:
        x, y = np.round(x, 1), np.round(y, 1)
    found = kayenta.shift(x, y)
    for end, outward in ((found.low, -1), (found.high, 1)):
        assert p_value(x, y, end + outward * 2e-3) <= 0.0215
        assert p_value(x, y, end - outward * 2e-3) >= 0.0185
    assert found.low < found.estimate < found.high


@given(
    st.lists(st.integers(0, 30), min_size=3, max_size=25),
    st.lists(st.integers(0, 30), min_size=3, max_size=25),
)
@settings(max_examples=80)
def test_the_shift_is_the_median_of_all_differences_and_lies_in_its_interval(a: list[int], b: list[int]) -> None:
    x, y = np.array(a, dtype=float), np.array(b, dtype=float)
    assume(len(np.unique(x)) > 1 and len(np.unique(y)) > 1)
    found = kayenta.shift(x, y)
    differences = np.sort((x[:, None] - y[None, :]).ravel())
    assert differences[0] - 1e-3 <= found.low <= found.high <= differences[-1] + 1e-3
    quarter = np.percentile(differences, [25, 75])
    assert quarter[0] - 1.001 <= found.estimate <= quarter[1] + 1.001


def test_without_ties_the_shift_is_the_hodges_lehmann_estimate() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(1, 1, 31), rng.normal(0, 1, 29)
    assert kayenta.shift(x, y).estimate == pytest.approx(np.median(x[:, None] - y[None, :]), abs=5e-3)


@given(st.floats(0.1, 9.0), st.floats(-3, 3))
@settings(max_examples=60)
def test_the_root_finder_agrees_with_scipy_s(steep: float, place: float) -> None:
    def f(x: float) -> float:
        return math.tanh(steep * (x - place)) + 0.05 * (x - place)

    assert kayenta.brent(f, -5, 7, f(-5), f(7)) == pytest.approx(optimize.brentq(f, -5, 7), abs=2e-4)


def test_effect_sizes_by_hand() -> None:
    control, experiment = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    assert kayenta.effect(control, experiment) == pytest.approx(2.0)
    assert kayenta.effect(control, experiment, "cles") == pytest.approx((1.5 + 3 + 3) / 9)
    assert math.isnan(kayenta.effect(np.zeros(3), experiment))


@pytest.mark.parametrize(
    ("stable", "candidate", "rule", "label"),
    [
        ([], [1.0], Rule(), Class.NODATA),
        ([1.0], [], Rule(must_have_data=True), Class.NODATA_FAIL),
        ([1.0], [], Rule(must_have_data=True, critical=True), Class.NODATA),
        ([], [], Rule(nan_strategy="replace"), Class.PASS),
        ([math.nan], [math.nan], Rule(), Class.NODATA),
        ([2.0, 1.0], [1.0, 2.0], Rule(), Class.PASS),
        ([3.0] * 5, [3.0] * 4, Rule(), Class.PASS),
        ([1.0] * 30, [2.0] * 30, Rule(), Class.HIGH),
        ([2.0] * 30, [1.0] * 30, Rule(), Class.LOW),
        ([1.0] * 30, [2.0] * 30, Rule(direction="decrease"), Class.PASS),
        ([2.0] * 30, [1.0] * 30, Rule(direction="increase"), Class.PASS),
        ([1.0] * 30, [2.0] * 30, Rule(allowed_increase=2.5), Class.PASS),
        ([2.0] * 30, [1.0] * 30, Rule(allowed_decrease=0.4), Class.PASS),
    ],
)
def test_a_metric_is_classified_in_the_documented_order(
    stable: list[float], candidate: list[float], rule: Rule, label: Class
) -> None:
    assert kayenta.classify(stable, candidate, rule).label is label


def test_two_constant_sides_give_the_same_answer_every_time() -> None:
    answers = {kayenta.classify([1.0] * 10, [1.0001] * 10).shift for _ in range(5)}
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("candidate", "label"),
    [([0.0, 1, 2, 1, 0, 0], Class.PASS), ([0.0, 1, 2, 1, 3, 0, 2, 5, 3, 2], Class.HIGH)],
)
def test_known_complaints_are_reproduced(candidate: list[float], label: Class) -> None:
    """Few small counts against zeros pass, to the surprise of users; more of them do not."""
    assert kayenta.classify([0.0] * len(candidate), candidate).label is label


def test_seven_of_ten_points_a_hundred_times_higher_still_pass_and_eight_do_not() -> None:
    stable = [1.0] * 10
    assert kayenta.classify(stable, [100.0] * 7 + [1.0] * 3).label is Class.PASS
    assert kayenta.classify(stable, [100.0] * 8 + [1.0] * 2).label is Class.HIGH


def test_outliers_beyond_three_interquartile_ranges_are_removed_on_request() -> None:
    values = [*np.linspace(1, 2, 300).tolist(), 500.0]
    assert len(kayenta.clean(values, Rule(outliers="remove"))) == 300
    assert len(kayenta.clean(values, Rule())) == 301


def test_missing_values_are_removed_or_count_as_zero() -> None:
    assert kayenta.clean([1.0, math.nan], Rule()).tolist() == [1.0]
    assert kayenta.clean([1.0, math.nan], Rule(nan_strategy="replace")).tolist() == [1.0, 0.0]


def test_groups_are_weighted_and_the_rest_is_shared() -> None:
    scored = kayenta.score({"a": ("x", PASS), "b": ("x", HIGH), "c": ("y", PASS), "d": ("z", PASS)}, weights={"x": 50})
    assert scored.score == 75.0
    assert scored.label == "Marginal"
    assert scored.groups == {"x": 50.0, "y": 100.0, "z": 100.0}


def test_listed_weights_that_sum_to_eighty_cap_the_score() -> None:
    assert kayenta.score({"a": ("x", PASS), "b": ("y", PASS)}, weights={"x": 50, "y": 30}).score == 80.0


def test_a_critical_metric_that_fails_makes_the_score_zero() -> None:
    scored = kayenta.score({"a": ("x", PASS), "b": ("x", Classified(Class.HIGH, critical=True))})
    assert (scored.score, scored.label) == (0.0, "Fail")


def test_half_of_the_metrics_without_data_make_the_score_zero() -> None:
    assert kayenta.score({"a": ("x", PASS), "b": ("x", NODATA)}).score == 0.0
    assert kayenta.score({"a": ("x", PASS), "b": ("x", PASS), "c": ("x", NODATA)}).score == 100.0


def test_a_group_without_data_scores_a_hundred_and_no_group_never_counts() -> None:
    scored = kayenta.score({"a": ("x", NODATA), "b": ("y", PASS), "c": ("y", PASS), "d": ("", HIGH)})
    assert scored.score == 100.0


def test_over_a_lifetime_only_the_last_score_must_pass() -> None:
    assert kayenta.lifetime([80, 76, 95]) == "Pass"
    assert kayenta.lifetime([80, 70, 95]) == "Fail"
    assert kayenta.lifetime([95, 80]) == "Fail"
    assert kayenta.lifetime([]) == "Fail"
