"""The exact binomial test against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.rollout import binomial


def exact(count: int, trials: int, chance: Fraction) -> Fraction:
    """The definition, in exact arithmetic: all outcomes at most as likely as the observed one."""
    terms = [math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(trials + 1)]
    return sum((term for term in terms if term <= terms[count]), Fraction(0))


@pytest.mark.parametrize("trials", [1, 2, 7, 20, 63, 300])
@pytest.mark.parametrize("ppm", [1, 50_000, 100_000, 333_333, 500_000, 900_000])
def test_it_is_exact_to_nine_digits(trials: int, ppm: int) -> None:
    for count in {0, 1, trials // 10, trials // 3, trials // 2, trials - 1, trials}:
        expected = exact(count, trials, Fraction(ppm, 1_000_000))
        found = binomial.two_sided(count, trials, ppm / 1_000_000)
        assert found == pytest.approx(float(expected), rel=1e-9, abs=1e-300)


@given(st.integers(1, 150), st.integers(1, 999_999), st.data())
def test_it_agrees_with_the_definition_everywhere(trials: int, ppm: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, trials))
    expected = float(exact(count, trials, Fraction(ppm, 1_000_000)))
    assert binomial.two_sided(count, trials, ppm / 1_000_000) == pytest.approx(expected, rel=1e-9, abs=1e-280)


@pytest.mark.parametrize(("count", "trials"), [(2_000, 20_000), (2_150, 20_000), (1_700, 20_000)])
def test_many_requests_keep_the_digits(count: int, trials: int) -> None:
    log = binomial.log_pmf(count, trials, 0.1)
    terms = Fraction(math.comb(trials, count)) * Fraction(1, 10) ** count * Fraction(9, 10) ** (trials - count)
    whole = terms.numerator.bit_length() - terms.denominator.bit_length()
    scaled = float(terms * Fraction(2) ** -whole)
    assert log == pytest.approx(math.log(scaled) + whole * math.log(2), rel=1e-11)


def test_the_expected_split_is_never_rejected_and_a_wrong_one_always() -> None:
    assert binomial.two_sided(500, 5000, 0.1) == 1.0
    assert binomial.two_sided(900, 5000, 0.1) < 1e-40
    assert binomial.two_sided(0, 200, 0.1) < 1e-8


def test_certain_chances_allow_one_count_only() -> None:
    assert [binomial.two_sided(k, 3, 1.0) for k in range(4)] == [0, 0, 0, 1]
    assert [binomial.two_sided(k, 3, 0.0) for k in range(4)] == [1, 0, 0, 0]


@pytest.mark.parametrize(("count", "trials", "chance"), [(-1, 3, 0.5), (4, 3, 0.5), (1, 3, 1.5), (1, 3, -0.1)])
def test_what_is_no_count_is_refused(count: int, trials: int, chance: float) -> None:
    with pytest.raises(ValueError, match="no binomial count"):
        binomial.two_sided(count, trials, chance)
