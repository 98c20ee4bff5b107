"""The five verdicts of a guard: each reachable, none from thin air."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.judge import tail, window
from seaway.judge.guard import evaluate
from seaway.model import codec
from seaway.model.verdict import Guard, Histogram, Measure, Outcome, Sample, Verdict

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TICK = timedelta(seconds=1)
EDGES = (10.0, 50.0, 100.0, 500.0)
RATE = Guard("success", Measure.SUCCESS_RATE, at_least=0.99)
SLOW = Guard("p99", Measure.LATENCY, at_most=100.0, quantile=0.99)


def samples(*counted: tuple[int, int], epoch: str = "a", counts: tuple[tuple[int, ...], ...] = ()) -> list[Sample]:
    """One sample a second, the last one now."""
    made = []
    for index, (requests, failed) in enumerate(counted):
        at = NOW - TICK * (len(counted) - 1 - index)
        latency = Histogram(EDGES, counts[index]) if counts else Histogram()
        made.append(Sample("web-b", at, requests, failed, latency, epoch))
    return made


def slow(*counts: int) -> list[Sample]:
    return samples((0, 0), (sum(counts), 0), counts=((0,) * 5, counts))


@pytest.mark.parametrize(
    ("requests", "failed", "outcome"),
    [
        (19, 19, Outcome.NO_DATA),
        (20, 20, Outcome.FAIL),
        (20, 0, Outcome.PASS),
        (100, 1, Outcome.PASS),
        (100, 2, Outcome.INCONCLUSIVE),
        (100, 6, Outcome.FAIL),
        (100_000, 1_000, Outcome.PASS),
        (100_000, 1_200, Outcome.FAIL),
        (0, 0, Outcome.NO_DATA),
    ],
)
def test_a_success_rate_is_judged_by_evidence(requests: int, failed: int, outcome: Outcome) -> None:
    assert evaluate(RATE, samples((0, 0), (requests, failed)), [], NOW, tick=TICK).outcome is outcome


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        ((100, 0, 0, 0, 0), Outcome.PASS),
        ((0, 0, 0, 100, 0), Outcome.FAIL),
        ((0, 0, 0, 0, 100), Outcome.FAIL),
        ((97, 0, 0, 3, 0), Outcome.INCONCLUSIVE),
        ((10, 0, 0, 0, 0), Outcome.NO_DATA),
    ],
)
def test_a_latency_is_judged_by_how_many_were_too_slow(counts: tuple[int, ...], outcome: Outcome) -> None:
    assert evaluate(SLOW, slow(*counts), [], NOW, tick=TICK).outcome is outcome


def test_no_samples_and_one_sample_are_no_data() -> None:
    assert evaluate(RATE, [], [], NOW, tick=TICK).outcome is Outcome.NO_DATA
    assert evaluate(RATE, samples((5000, 0)), [], NOW, tick=TICK).outcome is Outcome.NO_DATA


@pytest.mark.parametrize("seconds", [4, -4])
def test_old_numbers_and_numbers_from_the_future_are_an_error(seconds: int) -> None:
    verdict = evaluate(RATE, samples((0, 0), (100, 0)), [], NOW + timedelta(seconds=seconds), tick=TICK)
    assert verdict.outcome is Outcome.ERROR
    assert "4 s" in verdict.reason


def test_without_a_tick_the_window_is_the_patience() -> None:
    late = NOW + timedelta(seconds=59)
    assert evaluate(RATE, samples((0, 0), (100, 0)), [], late).outcome is not Outcome.ERROR
    assert evaluate(RATE, samples((0, 0), (100, 0)), [], late + timedelta(seconds=2)).outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "broken",
    [
        Sample("web-b", NOW, -1, 0),
        Sample("web-b", NOW, 9, 0, Histogram((1.0, float("nan")), (1, 1, 1))),
        Sample("web-b", NOW, 9, 0, Histogram((2.0, 1.0), (1, 1, 1))),
        Sample("web-b", NOW, 9, 0, Histogram((1.0,), (1,))),
    ],
)
def test_malformed_numbers_are_an_error(broken: Sample) -> None:
    assert evaluate(RATE, [broken], [], NOW, tick=TICK).outcome is Outcome.ERROR


def test_a_restarted_proxy_is_a_reset_and_never_a_negative_rate() -> None:
    before, after = samples((1000, 900), (5000, 900)), samples((30, 0))
    after = [replace(after[0], epoch="b")]
    verdict = evaluate(RATE, [replace(s, at=s.at - TICK) for s in before] + after, [], NOW, tick=TICK)
    assert (verdict.outcome, verdict.evidence["requests"], verdict.evidence["resets"]) == (Outcome.PASS, 4030, 1)


def test_a_counter_that_goes_back_counts_from_zero() -> None:
    counted = window.increase(samples((1000, 10), (40, 4)), timedelta(seconds=60), NOW)
    assert (counted.requests, counted.failed, counted.resets) == (40, 4, 1)


def test_only_the_window_counts() -> None:
    guard = replace(RATE, window=timedelta(seconds=2))
    verdict = evaluate(guard, samples((0, 0), (500, 500), (600, 500), (700, 500), (800, 500)), [], NOW, tick=TICK)
    assert (verdict.outcome, verdict.evidence["requests"], verdict.evidence["failed"]) == (Outcome.PASS, 300, 0)


BESIDE = replace(RATE, compare="stable", at_least=0.0, margin=0.01)


def test_against_stable_the_candidate_may_be_as_bad_as_stable() -> None:
    stable = samples((0, 0), (2000, 200))
    assert evaluate(BESIDE, samples((0, 0), (1000, 100)), stable, NOW, tick=TICK).outcome is Outcome.PASS
    assert evaluate(BESIDE, samples((0, 0), (1000, 300)), stable, NOW, tick=TICK).outcome is Outcome.FAIL


def test_one_failure_beside_a_faultless_stable_is_no_verdict() -> None:
    guard = replace(BESIDE, margin=0.0)
    verdict = evaluate(guard, samples((0, 0), (100, 1)), samples((0, 0), (100, 0)), NOW, tick=TICK)
    assert verdict.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("stable", [[], samples((0, 0), (5, 0)), samples((0, 0), (1000, 500))])
def test_an_absent_quiet_or_sick_stable_is_no_measure(stable: list[Sample]) -> None:
    guard = replace(BESIDE, at_least=0.9)
    good, bad = samples((0, 0), (100, 1)), samples((0, 0), (100, 50))
    assert evaluate(guard, good, stable, NOW, tick=TICK).outcome is Outcome.PASS
    judged = evaluate(guard, bad, stable, NOW, tick=TICK)
    assert (judged.outcome, judged.evidence["against"]) == (Outcome.FAIL, "absolute")


def test_with_nothing_to_compare_with_it_is_inconclusive() -> None:
    assert evaluate(BESIDE, samples((0, 0), (100, 0)), [], NOW, tick=TICK).outcome is Outcome.INCONCLUSIVE


def test_latency_against_stable_allows_a_margin() -> None:
    guard = replace(SLOW, compare="stable", at_most=0.0, margin=0.5, quantile=0.5)
    stable = slow(0, 100, 0, 0, 0)
    assert evaluate(guard, slow(0, 100, 0, 0, 0), stable, NOW, tick=TICK).outcome is Outcome.PASS
    assert evaluate(guard, slow(0, 0, 0, 100, 0), stable, NOW, tick=TICK).outcome is Outcome.FAIL
    above = slow(0, 0, 0, 0, 100)
    assert evaluate(guard, slow(100, 0, 0, 0, 0), above, NOW, tick=TICK).outcome is Outcome.INCONCLUSIVE
    sick = replace(guard, at_most=100.0)
    assert evaluate(sick, slow(100, 0, 0, 0, 0), above, NOW, tick=TICK).evidence["against"] == "absolute"


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from("ab")), max_size=8),
    st.sampled_from([RATE, SLOW, BESIDE]),
)
def test_any_counters_give_one_of_five_and_finite_evidence(rows: list[tuple[int, int, str]], guard: Guard) -> None:
    made = [
        Sample("web-b", NOW - TICK * i, n, f, Histogram(EDGES, (n, f, 0, 0, 1)), e) for i, (n, f, e) in enumerate(rows)
    ]
    verdict = evaluate(guard, made, made, NOW, tick=TICK)
    assert codec.decode(Verdict, json.loads(codec.canonical(verdict))) == verdict
    assert verdict.outcome is not Outcome.PASS or int(verdict.evidence["requests"] or 0) >= 0
    assert int(verdict.evidence.get("requests") or 0) >= 0


@given(st.integers(0, 19), st.integers(0, 19))
def test_below_the_minimum_there_is_neither_pass_nor_fail(requests: int, failed: int) -> None:
    verdict = evaluate(RATE, samples((0, 0), (requests, min(failed, requests))), [], NOW, tick=TICK)
    assert verdict.outcome is Outcome.NO_DATA


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 30.0), (0.25, 10.0), (0.125, 5.0), (0.75, 50.0), (1.0, 100.0), (0.0, 0.0)]
)
def test_a_quantile_is_linear_inside_its_bucket(share: float, value: float) -> None:
    assert window.quantile(Histogram(EDGES, (25, 50, 25, 0, 0)), share) == pytest.approx(value)


def test_a_quantile_above_the_last_edge_is_infinite_and_of_nothing_none() -> None:
    assert window.quantile(Histogram(EDGES, (0, 0, 0, 0, 5)), 0.5) == float("inf")
    assert window.quantile(Histogram(EDGES, (0, 0, 0, 0, 0)), 0.5) is None


@pytest.mark.parametrize(("limit", "count"), [(100.0, 30), (300.0, 20), (50.0, 30), (600.0, 0), (1.0, 39)])
def test_slow_ones_inside_a_bucket_count_in_proportion(limit: float, count: int) -> None:
    assert window.slower(Histogram(EDGES, (10, 0, 0, 20, 10)), limit) == count


@pytest.mark.parametrize(
    ("count", "trials", "share"), [(3, 20, 0.01), (1, 20, 0.01), (10, 10, 0.5), (60, 100, 0.5), (40, 100, 0.5)]
)
def test_the_tail_is_the_sum_of_its_terms(count: int, trials: int, share: float) -> None:
    import math

    expected = math.fsum(
        math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(count, trials + 1)
    )
    assert tail.at_least(count, trials, share) == pytest.approx(expected, rel=1e-9)


def test_certain_tails() -> None:
    assert tail.at_least(0, 10, 0.0) == 1.0
    assert tail.at_least(1, 10, 0.0) == 0.0
    assert tail.at_least(10, 10, 1.0) == 1.0


def test_a_rule_that_passes_too_early_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the property above fails for a guard that does not mind the minimum."""
    from seaway.judge import guard as module

    monkeypatch.setattr(module, "max", lambda *found, **how: 0 if not how else max(*found, **how), raising=False)
    assert evaluate(RATE, samples((0, 0), (3, 0)), [], NOW).outcome is Outcome.PASS
