"""Durations, weights and identifiers: what people write, and what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.model import duration, identifier, weight


@given(st.integers(0, 10**10))
def test_a_duration_reads_back_to_the_millisecond(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert duration.parse(duration.render(value)) == value


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("90s", 90), ("1h30m", 5400), ("2d", 172_800), ("1.5s", 1.5), ("0s", 0)]
)
def test_durations_are_written_with_units(text: str, seconds: float) -> None:
    assert duration.parse(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "90", "s", "1x", "1 h", "-1s", "1h ", "h1", "1hs"])
def test_anything_else_is_refused_and_a_unit_is_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration.parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(seconds=90), "1m30s"),
        (timedelta(hours=48), "2d"),
        (timedelta(milliseconds=20), "20ms"),
        (timedelta(), "0s"),
        (timedelta(seconds=-90), "-1m30s"),
    ],
)
def test_durations_are_shown_in_their_shortest_form(value: timedelta, text: str) -> None:
    assert duration.render(value) == text


@given(st.integers(0, weight.WHOLE))
def test_a_weight_reads_back_as_parts_per_million(ppm: int) -> None:
    assert weight.parse(weight.render(ppm)) == ppm


@pytest.mark.parametrize("value", ["", "many", "101", "-1%", "0.00001", "nan"])
def test_what_is_no_percentage_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"percentage|outside|finer"):
        weight.parse(value)


@given(st.integers(0, weight.WHOLE), st.integers(0, 500))
def test_instances_for_a_share_cover_it_and_no_more_than_needed(ppm: int, replicas: int) -> None:
    count = weight.replicas_for(ppm, replicas)
    assert count * weight.WHOLE >= ppm * replicas
    assert (count - 1) * weight.WHOLE < ppm * replicas


@given(st.integers(0, 50), st.integers(1, 50))
def test_a_share_never_exceeds_what_the_count_covers(count: int, total: int) -> None:
    assert weight.share(count, total) <= weight.WHOLE
    assert weight.replicas_for(weight.share(count, total), total) <= count


def test_identifiers_sort_by_time() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [identifier.new("ro", start + timedelta(milliseconds=step), 2**19 - step) for step in range(50)]
    assert made == sorted(made)
    assert len(set(made)) == 50


def test_identifiers_differ_by_their_randomness_alone() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert identifier.new("ro", now, 1) != identifier.new("ro", now, 2)
