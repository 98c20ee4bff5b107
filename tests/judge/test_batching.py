"""From counters to batches: differences, resets, weights in force, and what is no evidence."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from seaway.judge import batching
from seaway.judge.batching import Point, Routed
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Side
from seaway.model.verdict import Histogram, Sample

T0 = datetime(2026, 1, 1, tzinfo=UTC)
EDGES = (10.0, 100.0, 1000.0)
SPEC = Spec(
    (
        Metric("errors", Kind.RATE, margin=2.0),
        Metric("latency", Kind.LATENCY, margin=0.25),
        Metric("slo", Kind.OBJECTIVE, at_most=0.01, of="errors"),
    )
)
LONG_AGO = Routed(100_000, T0 - timedelta(hours=1))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def sample(name: str, seconds: float, requests: int, failed: int = 0, *, slow: int = 0, epoch: str = "p1") -> Sample:
    latency = Histogram(EDGES, (requests - slow, 0, slow, 0))
    return Sample(name, at(seconds), requests, failed, latency, epoch)


def point(seconds: float, candidate: Sample | None, stable: Sample | None) -> Point:
    return Point(at(seconds), candidate, stable)


def close(base: Point | None, now: Point, routed: Routed = LONG_AGO) -> batching.Close:
    return batching.close(SPEC, base, now, routed, T0)


BASE = point(1, sample("c", 1, 100, 2), sample("s", 1, 900, 3))


def test_a_batch_is_what_was_counted_in_between_on_both_sides() -> None:
    closed = close(BASE, point(2, sample("c", 2, 110, 3, slow=1), sample("s", 2, 990, 3)))
    errors, latency = closed.batches
    assert (errors.t, errors.candidate, errors.stable) == (2.0, Side(10, 1), Side(90, 0))
    assert latency.candidate == Side(10, 0, (9, 0, 1, 0))
    assert latency.edges == EDGES
    assert [batch.weight for batch in closed.batches] == [100_000, 100_000]


def test_the_same_moment_again_counts_nothing() -> None:
    assert close(BASE, BASE) == batching.Close((), BASE)


def test_the_first_look_only_takes_the_base() -> None:
    assert close(None, BASE) == batching.Close((), BASE)


def test_a_side_without_counters_has_served_nothing_until_it_has_some() -> None:
    nothing = point(1, None, sample("s", 1, 900))
    silent = close(nothing, point(2, None, sample("s", 2, 990)))
    assert silent.batches[0].candidate == Side(0, 0)
    first = close(silent.base, point(3, sample("c", 3, 4, 1), sample("s", 3, 1080)))
    assert first.batches[0].candidate == Side(4, 1)


def test_a_side_that_had_counters_and_lost_them_has_no_numbers() -> None:
    closed = close(BASE, point(2, None, sample("s", 2, 990)))
    assert closed.batches[0].candidate is None
    assert closed.base is not None
    assert closed.base.candidate == BASE.candidate  # the next batch counts from what was known last


@pytest.mark.parametrize("epoch", ["p1", "p2"], ids=["went back", "another proxy"])
def test_a_reset_counts_from_zero_and_is_never_negative(epoch: str) -> None:
    closed = close(BASE, point(2, sample("c", 2, 7, 1, epoch=epoch), sample("s", 2, 60, 0, epoch=epoch)))
    assert closed.batches[0].candidate == Side(7, 1)
    assert closed.batches[0].stable == Side(60, 0)


def test_a_weight_that_was_set_inside_the_batch_is_not_its_weight() -> None:
    later = point(2, sample("c", 2, 110), sample("s", 2, 990))
    assert close(BASE, later, Routed(100_000, at(1.5))).batches[0].weight is None
    assert close(BASE, later, Routed(None, at(0))).batches[0].weight is None


def test_requests_that_were_routed_before_the_change_are_waited_for() -> None:
    """Answers take up to a second here: a weight of half a second ago has not routed all that ends now."""
    later = point(2, sample("c", 2, 110, slow=10), sample("s", 2, 990))
    assert close(BASE, later, Routed(100_000, at(0.5))).batches[0].weight is None
    assert close(BASE, later, Routed(100_000, at(-1))).batches[0].weight == 100_000


def test_more_failures_than_requests_are_never_reported() -> None:
    closed = close(BASE, point(2, sample("c", 2, 101, 9), sample("s", 2, 990)))
    assert closed.batches[0].candidate == Side(1, 1)


def test_other_buckets_on_one_side_are_no_numbers() -> None:
    odd = replace(sample("c", 2, 110), latency=Histogram((5.0,), (1, 2)))
    latency = close(BASE, point(2, odd, sample("s", 2, 990))).batches[1]
    assert latency.stable is None or latency.candidate is None


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (sample("c", -20, 110), "20 s old"),
        (sample("c", 30, 110), "in the future"),
        (replace(sample("c", 2, 110), failed=-1), "negative"),
        (replace(sample("c", 2, 110), latency=Histogram((float("nan"),), (1, 2))), "finite"),
    ],
)
def test_stale_future_and_malformed_counters_are_no_evidence(broken: Sample, words: str) -> None:
    found = batching.problem(
        point(2, broken, sample("s", 2, 990)), at(0 if "old" in words else 2), timedelta(seconds=1)
    )
    assert words in found
    assert not batching.problem(point(2, sample("c", 2, 1), None), at(2), timedelta(seconds=1))


def test_an_unreadable_tick_says_so_for_every_metric_that_has_batches() -> None:
    made = batching.unreadable(SPEC, 4.0, "no answer")
    assert [(batch.metric, batch.unreadable) for batch in made] == [("errors", "no answer"), ("latency", "no answer")]


def history(windows: int = 60, failed: int = 1) -> list[Sample]:
    return [sample("s", 10.0 * n, 500 * n, failed * n, slow=5 * n) for n in range(windows + 1)]


def test_what_stable_did_before_becomes_rates_and_thresholds() -> None:
    past = batching.past(SPEC, history())
    assert past["errors"].rate() == pytest.approx(0.002)
    assert past["latency"].edges == EDGES
    assert past["latency"].edge_of(0.9) == 0
    assert batching.traffic(history()) == pytest.approx((50.0, 0.002), rel=0.02)


def test_too_little_history_is_none() -> None:
    assert batching.past(SPEC, history(windows=5)) == {}
    assert batching.past(SPEC, []) == {}


def test_gaps_and_resets_are_left_out_of_history() -> None:
    whole, later = history(30), history(30)
    broken = [*whole, *(replace(each, at=each.at + timedelta(hours=2), epoch="p2") for each in later)]
    assert batching.past(SPEC, broken)["errors"].n.sum() == 2 * 30 * 500


def bursty(name: str, seed: int, size: int) -> list[Sample]:
    """An instance that fails in bursts of `size`."""
    rng, failed, made = random.Random(seed), 0, [sample(f"s@{name}", 0, 0)]
    for n in range(1, 121):
        failed += size * (rng.random() < 0.2)
        made.append(sample(f"s@{name}", 10.0 * n, 500 * n, failed))
    return made


def test_how_clustered_failures_are_is_seen_between_instances() -> None:
    """Bursts of 20 on one instance at a time; and as a control failures one by one."""
    for size, wanted in ((20, 8.0), (1, 1.0)):
        found = [each for name in ("a", "b", "c") for each in bursty(name, ord(name), size)]
        whole, apart = batching.sides([*history(120), *found], "s")
        assert sorted(apart) == ["a", "b", "c"]
        phi = batching.past(SPEC, whole, apart)["errors"].phi()
        assert phi >= wanted if size > 1 else phi < 1.5
    assert batching.past(SPEC, whole, apart)["latency"].edges == EDGES


def test_a_single_instance_says_nothing_about_instances() -> None:
    whole, apart = batching.sides([*history(60), *bursty("a", 1, 20)], "s")
    assert batching.past(SPEC, whole, apart)["errors"].instances.shape[1] == 0
