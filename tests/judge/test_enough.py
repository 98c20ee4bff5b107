"""`enough`: a second way to each proof, so that a service without errors, or one that is simply quick, can pass."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from judge.streams import EDGES, ERRORS, judged, latency_batches, rate_batches
from seaway.errors import ConfigError
from seaway.judge import history, record, trial
from seaway.judge import spec as specs
from seaway.judge.stream import Judgement
from seaway.model.analysis import Kind, Metric, Spec, Stop
from seaway.model.batch import Batch, Side
from seaway.model.verdict import Outcome

QUIET = dataclasses.replace(ERRORS, enough=0.01)
QUICK = Metric("latency", Kind.LATENCY, quantiles=(0.5, 0.9), margin=0.25, enough=400.0)


def test_a_service_without_errors_can_pass_only_with_a_level() -> None:
    silent = rate_batches(1, 200, 0.0, 0.0)
    assert judged(silent, ERRORS).outcome is Outcome.INCONCLUSIVE
    passed = judged(silent, QUIET)
    assert passed.outcome is Outcome.PASS
    assert passed.candidate_requests < 800
    assert "or below 0.01" in passed.reason


def test_harm_is_found_below_the_level_too() -> None:
    """A rise from nothing to 0.8 % is harm, though 0.8 % would be enough: the level is for a pass, never against a fail."""
    assert judged(rate_batches(2, 900, 0.0001, 0.008), QUIET, stop=Stop.DEADLINE).outcome is Outcome.FAIL


def test_a_release_at_both_limits_passes_in_at_most_5_percent_of_canaries() -> None:
    """Twice as bad as stable, and exactly at the level: what must not pass. 150 canaries; 16 would be beyond chance (p < 1 %)."""
    passed = sum(
        judged(rate_batches(seed, 60, 0.005, 0.01, share=0.5, per_tick=400), QUIET, alpha=1e-9).outcome is Outcome.PASS
        for seed in range(150)
    )
    assert passed <= 15


def test_without_the_price_of_the_second_way_the_boundary_would_be_lower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: two ways at the full alpha each are one way more than was promised."""
    silent = rate_batches(1, 200, 0.0, 0.0)
    dear = judged(silent, QUIET).candidate_requests
    monkeypatch.setattr(trial, "SECOND_WAY", 0.0)
    assert judged(silent, QUIET).candidate_requests < dear


@pytest.mark.parametrize("with_history", [True, False])
def test_a_quick_service_passes_within_its_level(with_history: bool) -> None:
    before = history.gather(
        Batch("latency", float(b.t), b.stable, None, None, EDGES) for b in latency_batches(9, 120)
    ) if with_history else None  # fmt: skip
    passed = judged(latency_batches(3, 120), QUICK, past=before)
    assert passed.outcome is Outcome.PASS
    assert (
        passed.candidate_requests < judged(latency_batches(3, 600), dataclasses.replace(QUICK, enough=0.0)).batches * 50
    )


def test_slowness_below_the_level_is_no_harm() -> None:
    twice = latency_batches(4, 200, 2.0)
    assert judged(twice, dataclasses.replace(QUICK, enough=0.0)).outcome is Outcome.FAIL
    assert judged(twice, dataclasses.replace(QUICK, enough=5000.0)).outcome is not Outcome.FAIL


def test_the_spec_takes_it_and_refuses_what_makes_no_sense() -> None:
    text = (
        "metrics: [{name: e, kind: rate, margin: 2, enough: 0.01}, {name: l, kind: latency, margin: 0.2, enough: 25}]"
    )
    assert [metric.enough for metric in specs.parse(text).metrics] == [0.01, 25.0]
    for wrong in (
        "{name: e, kind: rate, margin: 2, enough: 2}",
        "{name: e, kind: rate, enough: 0.01}",
        "{name: e, kind: objective, at_most: 0.1, enough: 0.01}",
        "{name: e, kind: rate, margin: 2, direction: decrease, enough: 0.01}",
    ):
        with pytest.raises(ConfigError):
            specs.parse(f"metrics: [{wrong}]")


def test_the_standing_so_far_never_passes_what_cannot_be_read_or_is_not_fresh() -> None:
    judgement = Judgement("c", Spec((QUIET,), stop=Stop.DEADLINE))
    for batch in rate_batches(1, 60, 0.0, 0.0):
        judgement.observe([batch])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert record.so_far(judgement, now, 500).outcome is Outcome.PASS
    stale = record.so_far(judgement, now, 3)
    assert (stale.outcome, "3 of 20 requests" in stale.reason) == (Outcome.INCONCLUSIVE, True)
    judgement.observe([Batch("errors", 61.0, None, None, unreadable="no answer")])
    assert record.so_far(judgement, now, 500).outcome is Outcome.ERROR
    judgement.observe([Batch("errors", 62.0, Side(950), Side(50, 40), 50_000)])
    assert record.so_far(judgement, now, 500).outcome is Outcome.FAIL
    judgement.observe([Batch("errors", float(t), Side(950), Side(50, 0), 50_000) for t in range(63, 300)])
    assert record.so_far(judgement, now, 500).outcome is Outcome.FAIL  # latched, however well it behaves later
