"""Weights and counters: a batch carries the weight that routed its requests, or none. What is counted late changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from seaway.judge.batching import Point, Routed, close
from seaway.judge.stream import Judgement
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch
from seaway.model.verdict import Histogram, Outcome, Sample

Truths = NDArray[np.bool_]
SPEC = Spec((Metric("errors", Kind.RATE, margin=2.0),), tolerance=0.0)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
EDGES = (100.0, 1000.0, 10_000.0)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def sample(name: str, seconds: float, requests: int, failed: int = 0, *, slow: int = 0, epoch: str = "1") -> Sample:
    """`slow` of the requests took between 1 and 10 s, the others at most 100 ms."""
    return Sample(name, at(seconds), requests, failed, Histogram(EDGES, (requests - slow, 0, slow, 0)), epoch)


def point(seconds: float, candidate: int, stable: int, *, slow: int = 0, **fields: str) -> Point:
    return Point(
        at(seconds), sample("b", seconds, candidate, slow=slow, **fields), sample("a", seconds, stable, **fields)
    )


def batch(base: Point, now: Point, since: float, ppm: int | None = 50_000) -> Batch:
    (made,) = close(SPEC, base, now, Routed(ppm, at(since)), BEGAN).batches
    return made


@pytest.mark.parametrize(
    ("since", "slow", "weight"),
    [
        (-60.0, 0, 50_000),  # in force for long
        (0.7, 0, 50_000),  # everything that was routed before had ended when the batch began
        (0.9, 0, None),  # an answer of 100 ms may have been routed by the weight before
        (1.5, 0, None),  # it changed inside the batch
        (-1.0, 10, None),  # answers take up to ten seconds: the batch may hold one from before
        (-60.0, 10, 50_000),
    ],
)
def test_the_configured_weight_counts_only_where_it_routed_every_request(
    since: float, slow: int, weight: int | None
) -> None:
    base, now = point(1, 0, 0), point(2, 50, 950, slow=slow)
    assert batch(base, now, since).weight == weight


def test_while_a_weight_is_being_changed_there_is_none() -> None:
    assert batch(point(1, 0, 0), point(2, 50, 950), -60, None).weight is None


def test_the_same_scrape_twice_is_one_batch_and_an_older_one_is_none() -> None:
    base, now = point(1, 0, 0), point(2, 50, 950)
    closed = close(SPEC, base, now, Routed(50_000, BEGAN), BEGAN)
    for again in (now, point(1.5, 20, 400)):
        repeated = close(SPEC, closed.base, again, Routed(50_000, BEGAN), BEGAN)
        assert (repeated.batches, repeated.base) == ((), closed.base)


def test_a_gap_of_scrapes_is_one_longer_batch_with_every_request_once() -> None:
    points = [point(1, 0, 0), point(2, 50, 950), point(9, 300, 5700)]
    counted = [batch(before, after, -60) for before, after in pairwise(points)]
    assert [(each.candidate.n, each.stable.n) for each in counted if each.candidate and each.stable] == [
        (50, 950), (250, 4750),
    ]  # fmt: skip


def test_a_counter_that_began_anew_is_no_negative_number() -> None:
    before, after = point(1, 500, 9500), point(2, 20, 380, epoch="2")
    made = batch(before, after, -60)
    assert (made.candidate and made.candidate.n, made.stable and made.stable.n) == (20, 380)


def test_a_side_that_had_numbers_and_has_none_is_not_a_side_with_zero() -> None:
    made = batch(point(1, 10, 90), Point(at(2), None, sample("a", 2, 190)), -60)
    assert made.candidate is None
    assert made.stable is not None


def _ramped(seed: int, ratio: float, *, believe: bool) -> Outcome | None:
    """20 s in which the weight grows by a quarter each second, of requests that are counted up to 4 s after they were routed.

    `believe`: take the weight that is in force when a batch ends for that of all its requests: the control.
    """
    rng = np.random.default_rng(seed)
    weights = np.minimum(0.5, 0.01 * 1.25 ** np.arange(20))
    routed = np.sort(rng.uniform(0, 20, 2000))
    candidate = rng.random(routed.size) < weights[routed.astype(int)]
    took = rng.uniform(0, 4.0, routed.size)
    failed = rng.random(routed.size) < np.where(candidate, 0.1 * ratio, 0.1)
    judgement, base = Judgement("c", Spec(SPEC.metrics, tolerance=0.0, deadline_batches=1000)), None
    for second in range(21):
        seen = routed + took <= second
        sides = (_side(name, second, seen & (candidate == side), failed, took) for name, side in (("b", 1), ("a", 0)))
        step = max(0, second - 1)
        in_force = Routed(round(weights[step] * 1e6), at(-60) if believe else at(step))
        closed = close(SPEC, base, Point(at(second), *sides), in_force, BEGAN)
        base = closed.base
        for each in closed.batches:
            judgement.add(each)
    return judgement.look(everything=True).outcome


def _side(name: str, second: float, mine: Truths, failed: Truths, took: NDArray[np.float64]) -> Sample:
    n, quick, slow = (int(each.sum()) for each in (mine, mine & (took <= 0.1), mine & (took > 1)))
    return Sample(name, at(second), n, int((mine & failed).sum()), Histogram(EDGES, (quick, n - quick - slow, slow, 0)))


def test_a_ramp_neither_rolls_a_harmless_release_back_nor_passes_a_harmful_one_by_answers_that_come_late() -> None:
    harmless = [_ramped(seed, 1.0, believe=False) for seed in range(40)]
    assert harmless.count(Outcome.FAIL) <= 3  # of binomial(40, 1 %) more are seen in less than 1 of 1,000 cases
    twice = [_ramped(seed, 2.0, believe=False) for seed in range(40)]
    assert twice.count(Outcome.PASS) <= 7  # of binomial(40, 5 %) more are seen in less than 1 of 1,000 cases
    fooled = [_ramped(seed, 2.0, believe=True) for seed in range(20)]
    assert fooled.count(Outcome.PASS) >= 5, "the control: the weight of the end is not that of the requests"
