"""Very many streams, and single requests: the same numbers as the plain kernel, only quicker."""

from __future__ import annotations

import math

import numpy as np

from seaway.judge import histogram, logspace
from seaway.judge.live import Requests, Streams
from seaway.judge.ratio import Ratio


def test_many_streams_are_the_plain_kernel_s_sums() -> None:
    rng, streams, kernel = np.random.default_rng(1), Streams(300), Ratio((1.0,))
    ell = np.zeros((300, kernel.width))
    for _ in range(3):
        y, both, share = (
            rng.integers(0, 5, 300).astype(float),
            rng.integers(5, 20, 300).astype(float),
            rng.uniform(0.01, 0.3, 300),
        )
        streams.update(y, both, share)
        ell += kernel.increments(y, both, share)
    assert streams.ell[:, 0].tobytes() == ell.tobytes()
    assert (streams.crossed(2.0) == (kernel.harm(ell) >= 2.0)).all()
    assert streams.crossed(2.0).any()


def test_restarts_that_lie_ahead_count_as_one() -> None:
    streams = Streams(2, restarts=4, points=64)
    streams.update(np.array([9.0, 0.0]), np.array([10.0, 10.0]), np.array([0.05, 0.05]), active=1)
    one = float(streams.ratio.harm(streams.ell[0, 0]))
    assert float(streams._log_e(streams.ell[:1, :1])[0]) == float(logspace.mean(np.array([one, 0, 0, 0])))
    assert streams.crossed(math.log(100), active=1).tolist() == [True, False]


def test_single_requests_are_counted_into_errors_and_thresholds() -> None:
    rng = np.random.default_rng(2)
    judge, kernel = Requests((100.0, 200.0)), Ratio((1.0,))
    latency = rng.lognormal(4.5, 0.5, 5000).astype(np.float32)
    candidate, failed = rng.random(5000) < 0.1, rng.random(5000) < 0.01
    judge.observe(latency, candidate, failed)
    edges = histogram.edges()
    slow = latency >= edges[judge.limits[0] + 1]
    y, both = float((slow & candidate).sum()), float(slow.sum())
    expected = kernel.increments(np.array(y), np.array(both), np.array(candidate.mean()))
    assert np.allclose(judge.ell[1], expected, atol=1e-8)
    assert int(judge.counts.sum()) == 5000


def test_slow_and_failing_candidates_are_found_and_equal_ones_are_not() -> None:
    def found(scale: float, broken: float) -> bool:
        rng, judge, hit = np.random.default_rng(3), Requests((80.0, 150.0, 250.0)), False
        for _ in range(40):
            candidate = rng.random(1000) < 0.05
            latency = (rng.lognormal(4.4, 0.5, 1000) * np.where(candidate, scale, 1.0)).astype(np.float32)
            failed = rng.random(1000) < np.where(candidate, broken, 0.001)
            hit |= judge.observe(latency, candidate, failed)
        return hit

    assert found(1.6, 0.001)
    assert found(1.0, 0.05)
    assert not found(1.0, 0.001)


def test_buckets_are_narrow_complete_and_their_edges_true() -> None:
    edges = histogram.edges()
    assert (np.diff(edges) > 0).all()
    assert (np.diff(edges) / edges[:-1]).max() < 0.032
    values = np.random.default_rng(4).lognormal(4, 2, 10_000).astype(np.float32)
    index = histogram.bucket(values)
    inside = (index > 0) & (index < histogram.BUCKETS - 1)
    assert (values[inside] >= edges[index[inside]]).all()
    assert (values[inside] < edges[index[inside] + 1]).all()


def test_histograms_merge_by_addition_and_odd_values_stay_inside() -> None:
    values = np.array([0.0, -5.0, np.nan, np.inf, 1e-9, 1e30, 100.0], dtype=np.float32)
    assert histogram.count(values).sum() == 7
    half = np.arange(1, 1001, dtype=np.float32)
    assert (histogram.count(half[:500]) + histogram.count(half[500:]) == histogram.count(half)).all()
    assert histogram.above(histogram.count(half), int(histogram.bucket(np.array([500.0], dtype=np.float32))[0])) <= 500
