"""Instances that differ by themselves are seen before a canary runs on one of them (pitfall T5), and those that do not are left alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from judge.streams import EDGES, ERRORS, rate_batches
from seaway.judge import history, placebo, record, stream
from seaway.judge.history import Past
from seaway.model.analysis import Kind, Metric, Spec
from seaway.model.batch import Batch, Side
from seaway.model.verdict import Outcome

SPEC = Spec((ERRORS,))
LATENCY = Metric("latency", Kind.LATENCY, margin=0.25)


def lived(
    seed: int, rates: list[float], *, windows: int = 120, each: int = 2000, names: bool = True
) -> dict[str, Past]:
    """Twenty minutes of instances with these error rates."""
    rng = np.random.default_rng(seed)
    return history.gather(
        Batch(
            "errors", 10.0 * window, Side(each, int(rng.binomial(each, rate))), None, instance=f"i{at}" if names else ""
        )
        for window in range(windows)
        for at, rate in enumerate(rates)
    )


def slowed(seed: int, factors: list[float]) -> dict[str, Past]:
    rng = np.random.default_rng(seed)

    def side(factor: float) -> Side:
        values = rng.lognormal(np.log(80), 0.5, 500) * factor
        counts = np.bincount(np.searchsorted(EDGES, values), minlength=len(EDGES) + 1)
        return Side(500, 0, tuple(int(count) for count in counts))

    return history.gather(
        Batch("latency", 10.0 * window, side(factor), None, None, EDGES, instance=f"i{at}")
        for window in range(60)
        for at, factor in enumerate(factors)
    )


def test_an_instance_that_is_worse_by_itself_is_seen_and_the_tolerance_widened() -> None:
    found = placebo.test(ERRORS, SPEC, lived(1, [0.005, 0.005, 0.005, 0.009])["errors"])
    assert found is not None
    assert found.fired == (3,)
    assert found.tolerance >= 0.5
    assert "1 of 4 instances of stable differ in errors" in placebo.words("errors", found)


@pytest.mark.parametrize("sd", [0.0, 0.02])
def test_instances_that_are_alike_keep_their_tolerance(sd: float) -> None:
    """Hosts that differ by 2 % are within the tolerance of 10 %; no more than alpha per instance may be called different."""
    rng = np.random.default_rng(7)
    marked = 0
    for seed in range(60):
        rates = [0.005 * (1 + sd * float(rng.standard_normal())) for _ in range(4)]
        found = placebo.test(ERRORS, SPEC, lived(seed, rates, windows=60)["errors"])
        assert found is not None
        marked += not found.exchangeable
    assert marked <= 5  # of 60 histories, 240 placebos at alpha 1 %


def test_a_canary_on_the_worse_place_is_not_rolled_back_for_its_place() -> None:
    """The control is the same history without the names of its instances: then the place looks like harm."""
    rates = [0.005, 0.005, 0.005, 0.012]
    canary = rate_batches(3, 600, 0.00675, 0.012, per_tick=5000)
    verdicts = []
    for names in (True, False):
        judgement = stream.Judgement("id", SPEC, lived(1, rates, names=names))
        for batch in canary:
            judgement.add(batch)
        verdicts.append(judgement.finish().outcome)
    assert verdicts[0] is not Outcome.FAIL
    assert verdicts[1] is Outcome.FAIL


def test_a_release_that_is_truly_bad_is_still_found() -> None:
    judgement = stream.Judgement("id", SPEC, lived(1, [0.005, 0.005, 0.005, 0.009]))
    for batch in rate_batches(4, 600, 0.006, 0.05):
        judgement.add(batch)
    assert judgement.finish().outcome is Outcome.FAIL


def test_a_slow_instance_is_seen_in_its_latency() -> None:
    spec = Spec((LATENCY,))
    slow = placebo.test(LATENCY, spec, slowed(1, [1.0, 1.0, 1.0, 1.4])["latency"])
    alike = placebo.test(LATENCY, spec, slowed(2, [1.0, 1.0, 1.0, 1.0])["latency"])
    assert slow is not None
    assert alike is not None
    assert 3 in slow.fired
    assert slow.tolerance > 0.1
    assert alike.exchangeable


def test_two_instances_say_nothing_and_objectives_are_not_compared() -> None:
    past = lived(1, [0.005, 0.02])["errors"]
    assert placebo.test(ERRORS, SPEC, past) is None
    level = Metric("slo", Kind.OBJECTIVE, at_most=0.01)
    assert placebo.test(level, Spec((level,)), lived(1, [0.005] * 4)["errors"]) is None


def test_the_verdict_says_so_and_a_record_keeps_it() -> None:
    judgement = stream.Judgement("id", SPEC, lived(1, [0.005, 0.005, 0.005, 0.009]))
    for batch in rate_batches(3, 60, 0.006, 0.009):
        judgement.add(batch)
    judgement.finish()
    document = record.verdict(judgement)
    told = document["placebos"]["errors"]
    assert (told["instances"], told["exchangeable"], told["fired"]) == (4, False, 1)
    assert told["tolerance"] > 0.1
    assert record.replay(json.loads(record.line(record.record(judgement)))) == document
