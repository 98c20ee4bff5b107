"""The judge of one canary: verdicts, their precedence, and each pitfall of sequential analysis as a test."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.streams import ERRORS, judged, latency_batches, rate_batches
from seaway.judge import history
from seaway.judge.stream import Judgement, Misfit
from seaway.model.analysis import Direction, Kind, Metric, Mismatch, Spec, Stop
from seaway.model.batch import Batch, Side
from seaway.model.verdict import Outcome

LATENCY = Metric("latency", Kind.LATENCY, margin=0.25)
OBJECTIVE = Metric("slo", Kind.OBJECTIVE, at_most=0.005)


def test_a_broken_candidate_fails_within_seconds_and_says_where() -> None:
    standing = judged(rate_batches(1, 60, 0.001, 0.05))
    assert standing.outcome is Outcome.FAIL
    assert standing.metric == "errors"
    assert standing.at <= 5
    assert (standing.metrics["errors"].low or 0) > 1.1
    assert "worse than stable" in standing.reason


def test_a_good_candidate_passes_and_names_what_was_proven() -> None:
    standing = judged(rate_batches(2, 600, 0.005, 0.005, share=0.5))
    assert standing.outcome is Outcome.PASS
    assert standing.reason == "proven at 95%: errors not 2 times worse"


def test_too_little_evidence_is_inconclusive_at_the_deadline() -> None:
    standing = judged(rate_batches(3, 100, 0.001, 0.001, per_tick=20), deadline_batches=50)
    assert standing.outcome is Outcome.INCONCLUSIVE
    assert standing.batches == 50
    assert "errors not 2 times worse" in standing.reason


def test_a_canary_without_requests_is_no_data_never_a_pass() -> None:
    batches = [Batch("errors", float(t), Side(1000, 1), Side(0, 0), 50_000) for t in range(100)]
    assert judged(batches, deadline_batches=100, on_mismatch=Mismatch.WARN).outcome is Outcome.NO_DATA


def test_no_batches_at_all_are_no_data() -> None:
    assert judged([]).outcome is Outcome.NO_DATA


def test_below_the_minimum_of_samples_nothing_passes() -> None:
    lucky = [Batch("slo", float(t), None, Side(2, 0)) for t in range(400)]
    slo = dataclasses.replace(OBJECTIVE, at_most=0.5)
    assert judged(lucky[:9], slo, must_have=("slo",)).outcome is Outcome.NO_DATA
    assert judged(lucky, slo, must_have=("slo",)).candidate_requests == 20


def test_a_failure_needs_no_minimum_of_samples() -> None:
    batches = [Batch("errors", float(t), Side(1000, 1), Side(3, 3), 3000) for t in range(9)]
    standing = judged(batches)
    assert standing.outcome is Outcome.FAIL
    assert standing.candidate_requests < 20


def test_a_spec_without_a_margin_never_passes() -> None:
    standing = judged(rate_batches(2, 600, 0.01, 0.01, share=0.5), Metric("errors", Kind.RATE))
    assert standing.outcome is Outcome.INCONCLUSIVE
    assert "no metric has a margin" in standing.reason


# Precedence and latch


def test_failing_is_tested_before_passing_in_the_same_tick() -> None:
    everything = [
        Batch("errors", 1.0, Side(10**6, 1000), Side(10**6, 1000), None),
        Batch("b", 1.0, Side(1000, 1), Side(1000, 300), None),
    ]
    standing = judged(everything, ERRORS, Metric("b", Kind.RATE))
    assert standing.metrics["errors"].proven
    assert standing.outcome is Outcome.FAIL


def test_a_crossing_stays_a_crossing_when_the_evidence_falls_again() -> None:
    batches = rate_batches(1, 30, 0.001, 0.05) + rate_batches(5, 570, 0.001, 0.0, start=30)
    standing = judged(batches, stop=Stop.DEADLINE)
    assert standing.outcome is Outcome.FAIL
    assert standing.at < 10
    assert standing.batches == 600
    assert standing.harm < math.log(100)  # it has fallen; the crossing has not gone


def test_with_stop_at_the_deadline_a_later_failure_overrules_a_pass() -> None:
    batches = rate_batches(2, 300, 0.005, 0.005, share=0.5) + rate_batches(3, 300, 0.005, 0.1, share=0.5, start=300)
    assert judged(batches).outcome is Outcome.PASS
    assert judged(batches, stop=Stop.DEADLINE).outcome is Outcome.FAIL


def test_after_the_first_decision_later_batches_are_ignored() -> None:
    batches = rate_batches(1, 20, 0.001, 0.2)
    judgement = Judgement("c", Spec((ERRORS,)))
    for batch in batches:
        judgement.observe([batch])
    decided = judgement.standing
    judgement.observe(rate_batches(9, 300, 0.001, 0.0, start=50))
    assert judgement.standing == decided


def test_every_required_metric_must_be_proven() -> None:
    errors = rate_batches(2, 200, 0.005, 0.005, share=0.5)
    standing = judged(errors, ERRORS, Metric("other", Kind.RATE, margin=2.0))
    assert standing.outcome is Outcome.NO_DATA
    assert standing.metric == "other"


def test_many_metrics_fail_by_their_weighted_mean_never_by_their_product() -> None:
    names = [f"m{i}" for i in range(8)]
    batches = [b for i, name in enumerate(names) for b in rate_batches(i, 40, 0.005, 0.011, metric=name)]
    standing = judged(batches, *(Metric(name, Kind.RATE) for name in names), deadline_batches=40)
    parts = [math.log(state.weight) + state.harm for state in standing.metrics.values()]
    assert standing.harm == pytest.approx(max(parts) + math.log(sum(math.exp(p - max(parts)) for p in parts)))


# Unreadable, late, repeated, stale


def test_an_unreadable_required_metric_ends_as_error_and_adds_nothing() -> None:
    batches = rate_batches(2, 60, 0.02, 0.02, per_tick=50)
    broken = [Batch("errors", b.t + 100, None, None, unreadable="503") for b in batches]
    standing = judged(batches + broken, deadline_batches=120)
    assert standing.outcome is Outcome.ERROR
    assert standing.reason == "errors cannot be read: 503"
    assert standing.harm == judged(batches).harm


def test_an_unreadable_metric_never_blocks_a_rollback() -> None:
    batches = rate_batches(1, 60, 0.001, 0.05, metric="b") + [
        Batch("errors", t + 1.0, None, None, unreadable="503") for t in range(60)
    ]
    assert judged(batches, ERRORS, Metric("b", Kind.RATE)).outcome is Outcome.FAIL


def test_half_a_comparison_is_none() -> None:
    batches = [Batch("errors", float(t), None, Side(50, 50), 50_000) for t in range(50)]
    assert judged(batches).outcome is Outcome.ERROR


def test_a_required_metric_that_falls_silent_blocks_a_pass() -> None:
    latency = latency_batches(1, 5)
    errors = rate_batches(2, 600, 0.02, 0.02, per_tick=300)
    standing = judged(
        latency + errors,
        ERRORS,
        Metric("latency", Kind.LATENCY, margin=5.0),
        stale_batches=10,
        on_mismatch=Mismatch.WARN,
    )
    assert standing.outcome is Outcome.ERROR
    assert "latency has had no data for 10 batches" in standing.reason


def test_a_missing_scrape_is_skipped() -> None:
    batches = rate_batches(2, 600, 0.005, 0.005, share=0.5)
    gaps = [batch for i, batch in enumerate(batches) if i % 7]
    assert judged(gaps).outcome is Outcome.PASS


def test_a_repeated_batch_counts_once_and_a_different_one_at_the_same_time_is_refused() -> None:
    batches = rate_batches(2, 40, 0.005, 0.005)
    judgement = Judgement("c", Spec((ERRORS,)))
    for batch in batches + batches[:10]:
        judgement.add(batch)
    assert judgement.repeated == 10
    with pytest.raises(Misfit, match="two different batches of 'errors' at t = 1"):
        judgement.add(dataclasses.replace(batches[0], stable=Side(7, 0)))
    assert judgement.finish().harm == judged(batches).harm


@given(st.permutations(range(12)))
@settings(max_examples=25)
def test_the_order_of_delivery_does_not_change_the_evidence(order: list[int]) -> None:
    batches = rate_batches(4, 12, 0.01, 0.015)
    judgement = Judgement("c", Spec((ERRORS,), deadline_batches=12, alpha=1e-9, alpha_promote=1e-9))
    for index in order:
        judgement.observe([batches[index]])
    straight = judged(batches, deadline_batches=12, alpha=1e-9, alpha_promote=1e-9)
    assert judgement.finish().harm == pytest.approx(straight.harm, abs=1e-9)
    assert judgement.standing.batches == 12


def test_looking_at_every_batch_or_once_at_the_end_gives_the_same_bits() -> None:
    batches = rate_batches(6, 80, 0.01, 0.012) + latency_batches(7, 80)
    spec = Spec(
        (ERRORS, dataclasses.replace(LATENCY, margin=None)), deadline_batches=80, alpha=1e-9, alpha_promote=1e-9
    )
    often, once = Judgement("c", spec), Judgement("c", spec)
    for errors, latency in zip(batches[:80], batches[80:], strict=True):
        often.observe([errors, latency])
    for batch in batches:
        once.add(batch)
    assert often.finish() == once.finish()


def test_a_metric_that_the_spec_does_not_know_is_counted_and_ignored() -> None:
    judgement = Judgement("c", Spec((ERRORS,)))
    assert not judgement.add(Batch("unknown", 1.0, Side(1), Side(1)))
    assert judgement.ignored == 1


@pytest.mark.parametrize(
    ("batch", "why"),
    [
        (Batch("errors", 1.0, Side(1, 0, (1, 0)), Side(1, 0, (1, 0)), edges=(5.0,)), "it needs n and events"),
        (Batch("latency", 1.0, Side(1), Side(1)), "it needs edges and counts"),
    ],
)
def test_a_batch_of_another_kind_is_refused(batch: Batch, why: str) -> None:
    with pytest.raises(Misfit, match=why):
        Judgement("c", Spec((ERRORS, LATENCY))).add(batch)


def test_edges_that_change_on_the_way_are_refused() -> None:
    judgement = Judgement("c", Spec((LATENCY,)))
    judgement.add(latency_batches(1, 1)[0])
    with pytest.raises(Misfit, match="edges of 'latency' differ"):
        judgement.add(dataclasses.replace(latency_batches(1, 2, edges=(10.0, 100.0))[1], t=9.0))


# Split, batching, warm-up


def test_single_requests_reach_the_verdict_of_whole_batches() -> None:
    whole = rate_batches(11, 100, 0.001, 0.1, per_tick=100)
    single, t = [], 0.0
    for batch in whole:
        assert batch.stable is not None
        assert batch.candidate is not None
        for side, own in ((batch.stable, False), (batch.candidate, True)):
            for request in range(side.n):
                t += 0.001
                one, nothing = Side(1, int(request < side.events)), Side(0)
                single.append(Batch("errors", t, nothing if own else one, one if own else nothing, 50_000))
    fine = judged(single, deadline_batches=10**6, on_mismatch=Mismatch.WARN)
    assert fine.outcome is judged(whole).outcome is Outcome.FAIL
    blind = judged([dataclasses.replace(batch, weight=None) for batch in single], deadline_batches=10**6)
    assert blind.harm == 0.0  # the control: with the realised share single requests say nothing


def test_a_wrong_split_is_noticed_and_blocks_a_pass() -> None:
    wrong = [dataclasses.replace(batch, weight=250_000) for batch in rate_batches(2, 600, 0.005, 0.005, share=0.5)]
    standing = judged(wrong)
    assert standing.outcome is Outcome.INCONCLUSIVE
    assert "not split as configured" in standing.reason
    assert judged(wrong, on_mismatch=Mismatch.ROLLBACK).outcome is Outcome.FAIL
    assert judged(wrong, on_mismatch=Mismatch.WARN).outcome is Outcome.PASS


def test_a_slow_start_inside_the_warm_up_is_let_be() -> None:
    slow = rate_batches(1, 30, 0.001, 0.3) + rate_batches(2, 570, 0.005, 0.005, share=0.5, start=30)
    assert judged(slow, warmup_batches=30).outcome is Outcome.PASS
    assert judged(slow).outcome is Outcome.FAIL


def test_an_objective_that_is_broken_inside_the_warm_up_fails() -> None:
    slo = dataclasses.replace(OBJECTIVE, of="errors")
    standing = judged(rate_batches(1, 60, 0.001, 1.0), ERRORS, slo, warmup_batches=30)
    assert standing.outcome is Outcome.FAIL
    assert standing.metric == "slo"
    assert standing.at <= 5


# Kinds and directions


def test_a_falling_rate_is_harm_where_the_spec_says_so() -> None:
    batches = rate_batches(1, 300, 0.2, 0.1)
    falling = Metric("errors", Kind.RATE, direction=Direction.DECREASE, margin=1.5)
    assert judged(batches, falling).outcome is Outcome.FAIL
    assert judged(batches, Metric("errors", Kind.RATE)).outcome is Outcome.INCONCLUSIVE
    assert judged(batches, dataclasses.replace(falling, direction=Direction.EITHER)).outcome is Outcome.FAIL
    low, high = (judged(batches, falling).metrics["errors"].low, judged(batches, falling).metrics["errors"].high)
    assert (high or 9) < 1
    assert (low or 0) < 0.6


def test_a_rate_within_the_tolerance_is_no_harm_and_without_one_it_is() -> None:
    batches = rate_batches(1, 400, 0.2, 0.215, share=0.5, per_tick=4000)
    plain = Metric("errors", Kind.RATE)
    assert judged(batches, plain, deadline_batches=400).outcome is Outcome.INCONCLUSIVE
    assert judged(rate_batches(1, 400, 0.2, 0.25, share=0.5, per_tick=4000), plain).outcome is Outcome.FAIL


def test_slower_requests_are_found_with_and_without_history() -> None:
    past = history.gather(dataclasses.replace(b, candidate=None) for b in latency_batches(99, 200))
    slower = latency_batches(1, 200, 1.5)
    assert judged(slower, LATENCY, past=past).outcome is Outcome.FAIL
    assert judged(slower, LATENCY).outcome is Outcome.FAIL


def test_equally_quick_requests_pass_with_and_without_history() -> None:
    past = history.gather(dataclasses.replace(b, candidate=None) for b in latency_batches(99, 200))
    same = latency_batches(2, 600, share=0.25)
    with_past, without = judged(same, LATENCY, past=past), judged(same, LATENCY)
    assert with_past.outcome is without.outcome is Outcome.PASS
    assert with_past.candidate_requests < without.candidate_requests


def test_buckets_that_end_below_the_quantile_prove_nothing() -> None:
    assert judged(latency_batches(2, 300, share=0.25, edges=(10.0, 20.0)), LATENCY).outcome is Outcome.INCONCLUSIVE


def test_requests_that_hang_fail_on_errors_and_on_latency() -> None:
    errors = rate_batches(3, 60, 0.001, 0.05)
    hanging = []
    for batch in latency_batches(4, 60):
        assert batch.candidate is not None
        stuck = round(0.05 * batch.candidate.n) or 1
        counts = (*batch.candidate.counts[:-1], batch.candidate.counts[-1] + stuck)
        hanging.append(dataclasses.replace(batch, candidate=Side(batch.candidate.n + stuck, 0, counts)))
    assert judged(errors, ERRORS).outcome is Outcome.FAIL
    past = history.gather(dataclasses.replace(b, candidate=None) for b in latency_batches(99, 200))
    assert judged(hanging, LATENCY, past=past).outcome is Outcome.FAIL


def test_an_objective_alone_can_prove_a_fix_while_stable_is_sick() -> None:
    sick = rate_batches(1, 600, 0.3, 0.0005, share=0.5, metric="slo")
    standing = judged(sick, OBJECTIVE, must_have=("slo",))
    assert standing.outcome is Outcome.PASS
    assert standing.reason == "proven at 95%: slo below 0.005"


def test_restarts_find_a_late_regression_sooner() -> None:
    late = rate_batches(1, 300, 0.005, 0.005, per_tick=400) + rate_batches(
        2, 300, 0.005, 0.015, per_tick=400, start=300
    )
    plain = Metric("errors", Kind.RATE)
    once, often = judged(late, plain), judged(late, plain, restarts=20)
    assert once.outcome is often.outcome is Outcome.FAIL
    assert often.at < once.at


def test_the_configuration_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Spec((ERRORS,)).alpha = 0.5  # type: ignore[misc]
