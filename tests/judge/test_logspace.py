"""Sums in log space: as exact as scipy's, and quiet at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from seaway.judge import logspace


@given(st.lists(st.floats(-2000, 2000), min_size=1, max_size=30))
def test_it_agrees_with_scipy(values: list[float]) -> None:
    assert float(logspace.logsumexp(np.array(values))) == pytest.approx(
        float(special.logsumexp(values)), rel=1e-12, abs=1e-12
    )


def test_nothing_but_minus_infinity_is_minus_infinity_without_a_warning() -> None:
    assert float(logspace.logsumexp(np.array([-math.inf, -math.inf]))) == -math.inf


def test_numbers_that_are_no_floats_any_more_are_summed() -> None:
    assert float(logspace.mean(np.array([5000.0, 5000.0]))) == pytest.approx(5000.0)
    assert float(logspace.mix(np.array([5000.0, -5000.0]), np.log([0.25, 0.75]))) == pytest.approx(
        5000 + math.log(0.25)
    )


def test_a_printed_e_value_stays_inside_what_json_carries() -> None:
    assert math.isfinite(logspace.plain(1e9))
    assert logspace.plain(0.0) == 1.0
