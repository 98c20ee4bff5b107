"""`judge: kayenta`: one look at the end, with Kayenta's classes and score."""

from __future__ import annotations

import math

from judge.streams import ERRORS, judged, latency_batches, rate_batches
from seaway.judge import migrated, spec
from seaway.model.analysis import Judge, Kind, Metric
from seaway.model.batch import Batch, Side
from seaway.model.verdict import Outcome


def test_a_broken_candidate_fails_only_at_the_end() -> None:
    batches = rate_batches(1, 60, 0.01, 0.1)
    standing = judged(batches, judge=Judge.KAYENTA, deadline_batches=60)
    assert standing.outcome is Outcome.FAIL
    assert (standing.metric, standing.batches) == ("errors", 60)
    assert standing.reason == "score 0 of 95"


def test_a_good_candidate_passes_and_a_half_good_one_is_marginal() -> None:
    good, bad = rate_batches(2, 60, 0.01, 0.01), rate_batches(3, 60, 0.01, 0.1, metric="b")
    assert judged(good, judge=Judge.KAYENTA).outcome is Outcome.PASS
    half = judged(good + bad, ERRORS, Metric("b", Kind.RATE), judge=Judge.KAYENTA, marginal_score=50.0)
    assert half.outcome is Outcome.INCONCLUSIVE


def test_without_data_it_is_no_data_never_a_pass() -> None:
    assert judged([], judge=Judge.KAYENTA).outcome is Outcome.NO_DATA
    empty = [Batch("errors", float(t), Side(10, 0), Side(0, 0)) for t in range(30)]
    assert judged(empty, judge=Judge.KAYENTA).outcome is Outcome.NO_DATA


def test_slower_requests_are_high_on_the_highest_quantile() -> None:
    slower = latency_batches(1, 40, 1.6, per_tick=4000)
    assert judged(slower, Metric("latency", Kind.LATENCY), judge=Judge.KAYENTA).outcome is Outcome.FAIL


def test_a_batch_is_one_value_per_side() -> None:
    metric = Metric("latency", Kind.LATENCY, quantiles=(0.5, 0.9))
    assert migrated.value(metric, Side(10, 0, (8, 1, 1)), (10.0, 20.0)) == 20.0
    assert migrated.value(ERRORS, Side(10, 2), ()) == 0.2
    assert math.isnan(migrated.value(ERRORS, Side(0, 0), ()))


def test_the_spec_names_it() -> None:
    assert spec.parse("{judge: kayenta, metrics: [{name: a, kind: rate}]}").judge is Judge.KAYENTA
