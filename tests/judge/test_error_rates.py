"""Error rates of the whole method by seeded simulation, small enough for every day; `scripts/bench judge` does the same at full size.

Each asserts that the count of errors is not more than chance allows at the promised rate (exact binomial, one in a thousand), and has a
control in which a broken method is caught by the same simulation.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from bench import judge_rules as rules
from bench import judge_sims as sims
from scipy import stats

from judge.streams import EDGES
from seaway.judge import history, stream
from seaway.judge.ratio import Ratio
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch, Side


def most(runs: int, rate: float) -> int:
    return int(stats.binom.ppf(0.999, runs, rate))


def test_eight_metrics_looked_at_600_times_roll_back_a_harmless_release_in_less_than_one_of_a_hundred() -> None:
    failed, peeking = sims.no_change(np.random.default_rng(1), 200)
    assert failed <= most(200, 0.01)
    assert peeking > 0.3  # the control: a z test at every look


@pytest.mark.parametrize("size", [2, 20])
def test_clusters_of_failures_do_not_roll_back_once_phi_is_known(size: int) -> None:
    raw, tempered, _ = sims.clusters(np.random.default_rng(size), 120, size)
    assert tempered <= most(120, 0.015)
    assert raw > most(120, 0.015)  # the control: without phi


def test_a_load_that_swings_in_both_sides_does_not_roll_back() -> None:
    failed, _ = sims.swinging(np.random.default_rng(2), 400)
    assert failed <= most(400, 0.01)


def test_a_release_exactly_at_the_margin_is_promoted_in_at_most_one_of_twenty() -> None:
    passed, good = sims.at_margin(np.random.default_rng(3), 300)
    assert passed <= most(300, 0.05)
    assert good > 0.9


def test_no_schedule_of_weights_breaks_validity_not_even_one_that_chases_the_evidence() -> None:
    """The weight doubles after good news and halves after bad news: E against the boundary still grows on average by nothing."""
    rng, runs, kernel = np.random.default_rng(4), 1500, Ratio((1.1,))
    ell, share, hit = np.zeros((runs, kernel.width)), np.full(runs, 0.05), np.zeros(runs, dtype=bool)
    for _ in range(60):
        n = rng.binomial(1000, share)
        y, x = rng.binomial(n, 0.011), rng.binomial(1000 - n, 0.01)
        ell += kernel.increments(y.astype(float), (y + x).astype(float), n / 1000)
        log_e = kernel.harm(ell, 1.1)
        hit |= log_e >= math.log(100)
        share = np.clip(np.where(log_e > 0, share * 2, share / 2), 0.001, 0.5)
    assert hit.sum() <= most(runs, 0.01)


def test_the_ramp_keeps_harm_at_its_budget_and_promotes_a_good_release() -> None:
    broken, good = sims.ramp(np.random.default_rng(5), 100, 1.0), sims.ramp(np.random.default_rng(6), 60, 0.001)
    assert broken.rolled_back.all()
    assert broken.excess.mean() <= 6
    assert np.median(broken.seconds) <= 5
    assert good.rolled_back.sum() <= most(60, 0.01)
    assert np.median(good.seconds) <= 95


def test_errors_of_five_percent_are_found_within_about_fifty_requests() -> None:
    streams = rules.draw(
        np.random.default_rng(7), 500, 300, per_batch=100, share=0.05, rate=0.001, candidate_rate=0.05, seconds=0.1
    )
    found = rules.seaway(streams)
    assert found.rate == 1
    assert np.median(found.requests) <= 52
    assert found.failures.mean() <= 3.1


def test_the_bench_s_short_cut_is_the_judge_s_own_verdict() -> None:
    streams = rules.draw(
        np.random.default_rng(8), 20, 80, per_batch=100, share=0.05, rate=0.01, candidate_rate=0.05, seconds=1.0
    )
    quick, spec = rules.evidence(streams), Spec((Metric("errors", Kind.RATE),), alpha=1e-200, deadline_batches=80)
    for run in range(20):
        judgement = stream.Judgement("c", spec)
        rows = zip(streams.n[run], streams.failed[run], streams.stable_n[run], streams.stable_failed[run], strict=True)
        for tick, (n, y, m, x) in enumerate(rows):
            judgement.add(Batch("errors", float(tick), Side(int(m), int(x)), Side(int(n), int(y)), 50_000))
        assert judgement.finish().harm == pytest.approx(quick[run, -1], abs=1e-9)


def service(rng: np.random.Generator, chances: np.ndarray, n: int) -> Side:
    return Side(n, 0, tuple(int(c) for c in rng.multinomial(n, chances)))


def shifted(scale: float) -> np.ndarray:
    cut = stats.lognorm.cdf(np.array([0.0, *EDGES, math.inf]) / scale, 0.5, scale=80)
    return np.diff(cut)


@pytest.mark.parametrize("with_history", [True, False])
def test_latency_of_a_slightly_slower_host_is_tolerated_and_a_slower_release_is_not_promoted(
    with_history: bool,
) -> None:
    """Hosts differ by some percent: with the tolerance they are no harm. Exactly 25 % slower is never proven to be within 25 %."""
    rng = np.random.default_rng(9)
    past = history.gather(
        Batch("latency", float(t), service(rng, shifted(1.0), 1000), None, None, EDGES) for t in range(100)
    )
    spec = Spec((Metric("latency", Kind.LATENCY, margin=0.25),), deadline_batches=40)
    outcomes = {1.04: [], 1.25: []}  # type: ignore[var-annotated]
    for scale, found in outcomes.items():
        for _ in range(8):
            judgement = stream.Judgement("c", spec, past if with_history else {})
            for tick in range(40):
                n = int(rng.binomial(1000, 0.05))
                sides = service(rng, shifted(1.0), 1000 - n), service(rng, shifted(scale), n)
                judgement.add(Batch("latency", float(tick), *sides, 50_000, EDGES))
            found.append(judgement.finish().outcome)
    assert outcomes[1.04].count("fail") <= most(8, 0.01)
    assert outcomes[1.25].count("pass") <= most(8, 0.05)


def test_half_of_the_restarts_evidence_is_no_more_than_its_share() -> None:
    """With 20 starts a harmless release is still rolled back in less than one of a hundred."""
    rng, failed = np.random.default_rng(10), 0
    spec = Spec((Metric("errors", Kind.RATE),), restarts=20, deadline_batches=100, points=64)
    for _ in range(40):
        judgement = stream.Judgement("c", spec)
        for tick in range(100):
            n = int(rng.binomial(150, 0.1))
            sides = Side(150 - n, int(rng.binomial(150 - n, 0.02))), Side(n, int(rng.binomial(n, 0.02)))
            judgement.add(Batch("errors", float(tick), *sides, 100_000))
        failed += judgement.finish().outcome == "fail"
    assert failed <= most(40, 0.01)
