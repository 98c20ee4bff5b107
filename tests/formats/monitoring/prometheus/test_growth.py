"""Growth of counters: never negative, exact against processes that were watched from inside, whatever restarts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.formats.monitoring.prometheus.answers import Malformed
from seaway.formats.monitoring.prometheus.growth import Counted, Growth

OK, BAD = ("status", "200"), ("status", "500")
P = ("a", "i1")


def grown(growth: Growth, revision: str = "a") -> dict[str, int]:
    return growth.totals[revision].requests()


def test_the_first_look_at_a_process_is_its_base() -> None:
    growth = Growth()
    growth.take(1, {P: {OK: 500}})
    assert grown(growth) == {"200": 0}
    growth.take(2, {P: {OK: 503}, ("a", "i2"): {OK: 9000}})
    assert grown(growth) == {"200": 3}


def test_a_revision_of_which_nothing_was_there_began_at_zero() -> None:
    growth = Growth()
    growth.take(1, {P: {OK: 500}})
    growth.take(2, {P: {OK: 500}, ("b", "i1"): {OK: 20, BAD: 10}, ("b", "i2"): {OK: 1}})
    assert grown(growth, "b") == {"200": 21, "500": 10}
    growth.take(3, {P: {OK: 500}, ("b", "i3"): {OK: 7000}})
    assert grown(growth, "b") == {"200": 21, "500": 10}, "a later process may be an old one that was not scraped"


def test_any_counter_that_went_back_says_that_the_whole_process_restarted() -> None:
    growth = Growth()
    growth.take(1, {P: {OK: 100, BAD: 5}})
    growth.take(2, {P: {OK: 120, BAD: 1}})  # OK alone looks like 20 more; it was 120 since the restart
    assert grown(growth) == {"200": 120, "500": 1}


def test_a_process_that_is_away_is_not_a_restart_until_it_was_away_for_an_hour() -> None:
    growth = Growth()
    growth.take(1, {P: {OK: 100}})
    growth.take(2, {("a", "i2"): {OK: 1}})
    growth.take(3600, {P: {OK: 110}})
    assert grown(growth) == {"200": 10}
    growth.take(7300, {("a", "i2"): {OK: 1}})
    growth.take(7301, {P: {OK: 150}})
    assert grown(growth) == {"200": 10}


def test_the_same_scrape_counts_once_and_an_older_one_not_at_all() -> None:
    growth = Growth()
    for at, value in ((1, 10), (2, 15), (2, 15), (1, 10), (2, 99)):
        growth.take(at, {P: {OK: value}})
    assert grown(growth) == {"200": 5}


@st.composite
def histories(draw: st.DrawFn) -> list[list[tuple[int, int, bool]]]:
    """Per process and scrape: good and bad requests since the last one, and whether it restarted before them."""
    scrapes = draw(st.integers(2, 8))
    step = st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans())
    return draw(st.lists(st.lists(step, min_size=scrapes, max_size=scrapes), min_size=1, max_size=4))


@given(histories())
def test_growth_is_what_the_processes_did_except_where_nobody_could_see_it(
    history: list[list[tuple[int, int, bool]]],
) -> None:
    """The oracle watches from inside. A restart is invisible only where every counter has reached its old value again."""
    growth, expected = Growth(), 0
    counters = [[1000, 1000] for _ in history]
    for at in range(len(history[0])):
        seen: dict[tuple[str, ...], dict[Counted, int]] = {}
        for number, process in enumerate(history):
            good, bad, restarted = process[at]
            before = list(counters[number])
            after = [good, bad] if restarted else [before[0] + good, before[1] + bad]
            visible = any(new < old for new, old in zip(after, before, strict=True))
            counters[number] = after
            seen["a", str(number)] = {OK: after[0], BAD: after[1]}
            if at:
                hidden = restarted and not visible
                expected += sum(after) - sum(before) if hidden else good + bad
        last = sum(grown(growth).values()) if at else 0
        growth.take(at, seen)
        assert sum(grown(growth).values()) >= last
    assert sum(grown(growth).values()) == expected


def le(**upto: int) -> dict[Counted, int]:
    edges = {"a": 0.1, "b": 0.25, "c": 0.5, "inf": math.inf}
    return {("le", edges[name]): value for name, value in upto.items()}


def test_buckets_become_counts_in_milliseconds() -> None:
    growth = Growth()
    growth.take(1, {P: {OK: 0, **le(a=1, b=1, inf=1)}})
    growth.take(2, {P: {OK: 5, **le(a=2, b=4, inf=6)}})
    latency = growth.totals["a"].latency(1000)
    assert (latency.edges, latency.counts) == ((100.0, 250.0), (1, 2, 2))


def test_no_buckets_are_no_latency() -> None:
    growth = Growth()
    growth.take(1, {P: {OK: 0}})
    assert growth.totals["a"].latency(1000).edges == ()


@pytest.mark.parametrize(
    ("second", "words"),
    [(le(a=2, b=3), "no last one"), (le(a=5, b=3, inf=6), "not cumulative")],
)
def test_buckets_that_are_no_histogram_are_refused(second: dict[Counted, int], words: str) -> None:
    growth = Growth()
    growth.take(1, {P: {OK: 0, **dict.fromkeys(second, 0)}})
    growth.take(2, {P: {OK: 5, **second}})
    with pytest.raises(Malformed, match=words):
        growth.totals["a"].latency(1000)


def test_processes_of_one_revision_must_have_the_same_buckets_and_others_need_not() -> None:
    growth = Growth()
    growth.take(1, {P: le(a=1, inf=1), ("b", "i1"): le(c=1, inf=1), ("a", "quiet"): {OK: 1}})
    with pytest.raises(Malformed, match="differ from process to process"):
        growth.take(2, {P: le(a=1, inf=1), ("a", "i2"): le(b=1, inf=1)})
