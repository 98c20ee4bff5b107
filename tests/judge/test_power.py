"""What is promised before the start is what simulated canaries then do."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from seaway.judge import power
from seaway.judge.power import Situation
from seaway.judge.ratio import Ratio

LARGE, SMALL = Situation(1000, 0.05, 0.001, 600), Situation(40 / 60, 0.1, 0.01, 1800)


def chance(situation: Situation, ratio: float, runs: int = 300, looks: int = 200) -> float:
    """The share of simulated canaries that are rolled back."""
    rng, kernel = np.random.default_rng(3), Ratio((1 + situation.tolerance,))
    n = situation.requests_per_s * situation.seconds / looks
    y = rng.poisson(n * situation.share * situation.rate * ratio, (runs, looks)).cumsum(axis=1)
    both = y + rng.poisson(n * (1 - situation.share) * situation.rate, (runs, looks)).cumsum(axis=1)
    keys, back = np.unique(np.stack([y, both], axis=-1).reshape(-1, 2), axis=0, return_inverse=True)
    ell = kernel.increments(keys[:, 0].astype(float), keys[:, 1].astype(float), np.full(len(keys), situation.share))
    log_e = kernel.harm(ell, 1 + situation.tolerance)[back].reshape(runs, looks)
    return float((log_e >= math.log(1 / situation.alpha)).any(axis=1).mean())


@pytest.mark.parametrize("situation", [LARGE, SMALL, Situation(10, 0.5, 0.001, 600), Situation(100, 0.25, 0.002, 300)])
def test_what_is_promised_in_95_of_100_cases_is_found_and_what_is_said_to_be_missed_is_not(
    situation: Situation,
) -> None:
    preview = power.preview(situation)
    assert preview.detects is not None
    assert chance(situation, preview.detects) >= 0.93
    assert chance(situation, preview.misses or 1.0) < 0.8


def test_the_growth_is_the_mean_of_the_kernel_s_increments() -> None:
    kernel, w, p, r = Ratio((1.0, 4.0)), 0.05, 0.01, 4.0
    per_request = p * (w * r * math.log(r) - (1 - w + w * r) * math.log(1 - w + w * r)) / w
    column = kernel.column(4.0)
    mean = w * p * r * kernel.increments(np.array(1.0), np.array(1.0), np.array(w))[column]
    mean += (1 - w) * p * kernel.increments(np.array(0.0), np.array(1.0), np.array(w))[column]
    assert power.growth(r, w, p) == pytest.approx(per_request) == pytest.approx(mean / w)


@pytest.mark.parametrize(("share", "left"), [(0.05, 0.91), (0.25, 0.62), (0.5, 0.36)])
def test_a_larger_share_leaves_less_information_per_request_as_computed(share: float, left: float) -> None:
    assert power.growth(5, share, 0.001) / power.growth(5, 1e-9, 0.001) == pytest.approx(left, abs=0.01)


@pytest.mark.parametrize(
    ("margin", "share", "seconds"), [(2, 0.05, 177), (2, 0.25, 57), (2, 0.5, 43), (3, 0.05, 64), (1.5, 0.5, 139)]
)
def test_the_time_to_a_proof_is_near_the_measured_one(margin: float, share: float, seconds: float) -> None:
    requests = power.proof(Situation(1000, share, 0.001, 600, margin=margin))
    assert requests is not None
    assert requests / (1000 * share) == pytest.approx(seconds, rel=0.25)


def test_nothing_is_gained_on_the_wrong_side_or_without_a_split() -> None:
    assert power.growth(1.0, 0.05, 0.001) == 0
    assert power.growth(5.0, 0.0, 0.001) == 0
    assert power.safety_growth(2.0, 0.5, 0.001, ratio=2.5) == 0
    assert power.needed(1.05, LARGE) == math.inf
    assert power.still_needed(0, 1.0, LARGE) == math.inf


def test_needs_fall_with_the_ratio_and_the_evidence() -> None:
    assert power.needed(2, LARGE) > power.needed(5, LARGE) > power.needed(50, LARGE)
    assert power.still_needed(4.0, 5, LARGE) < power.still_needed(1.0, 5, LARGE)
    assert power.still_needed(9.0, 5, LARGE) == 0


def test_dispersion_and_a_small_part_of_alpha_cost_power() -> None:
    base = power.detectable(LARGE)
    assert base is not None
    for change in ({"phi": 4.0}, {"weight": 0.1}):
        worse = power.detectable(dataclasses.replace(LARGE, **change))
        assert worse is not None
        assert worse > base


def test_a_hopeless_canary_says_so_and_what_would_help() -> None:
    preview = power.preview(dataclasses.replace(SMALL, requests_per_s=0.02))
    assert preview.underpowered
    assert preview.detects is None
    assert "find no rise in errors" in preview.text
    assert any(advice.startswith("time:") for advice in preview.advice)
    assert any("absolute objective" in advice for advice in preview.advice)
    assert any("synthetic load" in advice for advice in preview.advice)


def test_a_strong_canary_needs_no_advice() -> None:
    preview = power.preview(Situation(5000, 0.25, 0.005, 1800))
    assert not preview.underpowered
    assert preview.advice == ()


def test_the_sentence_is_the_promised_one() -> None:
    assert power.preview(SMALL).text.startswith("at 40 requests a minute and 10%, 30 minutes find a ")
    assert " in 95% of cases, not a " in power.preview(SMALL).text


def test_infinities_become_null_in_documents() -> None:
    assert power.finite({"a": math.inf, "b": 1.0, "c": "x"}) == {"a": None, "b": 1.0, "c": "x"}


def test_without_a_margin_nothing_is_to_be_proven() -> None:
    preview = power.preview(dataclasses.replace(LARGE, margin=None))
    assert preview.proof_requests is None
    assert preview.proof_in_time
