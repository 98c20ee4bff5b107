"""Plans with a judge: where a proof is asked for, what is said of it, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seaway.errors import PlanRefused
from seaway.model.analysis import Judging, Kind, Metric, Spec
from seaway.model.environment import Budget, CanaryStep, Strategy
from seaway.model.metrics import MetricsSource
from seaway.model.placement import Placement
from seaway.model.plan import Analysis, Plan, Ramp, Scale, SetWeight
from seaway.model.verdict import Guard, Measure
from seaway.plan import build, check, document, identity, text, undo
from support import plans

METRICS = (
    Metric("errors", Kind.RATE, margin=2.0, enough=0.01),
    Metric("latency", Kind.LATENCY, margin=0.25, enough=25.0),
    Metric("cpu", Kind.RATE),
    Metric("slo", Kind.OBJECTIVE, at_most=0.02),
)
JUDGING = Judging(Spec(METRICS), deadline=timedelta(minutes=7))
WHOLE = 1_000_000


def planned(strategy: Strategy, *, replicas: int = 4, first: bool = False, **changes: Any) -> Plan:
    of = plans.service(replicas=replicas)
    stable = None if first else plans.revision("a", of)
    place = Placement("shop", "production", stable, replicas=0 if first else replicas)
    where = plans.environment(strategy, **{"judging": JUDGING, **changes})
    return build.build(of, where, plans.revision("b", of), place, now=datetime.now(UTC))


def steps(*written: CanaryStep) -> Strategy:
    return Strategy("canary", steps=written)


def kinds(made: Plan) -> list[str]:
    return [step.kind for step in made.steps]


def test_a_canary_without_a_proof_at_its_end_gets_one_before_100_percent() -> None:
    made = planned(steps(CanaryStep(set_weight=100_000), CanaryStep(pause=timedelta(minutes=1))))
    place = kinds(made).index("analysis")
    assert made.steps[place] == Analysis(timedelta(minutes=7))
    later = [step for step in made.steps[place:] if isinstance(step, SetWeight)]
    assert [step.weight for step in later] == [WHOLE]


def test_a_proof_that_is_written_stays_the_only_one() -> None:
    made = planned(steps(CanaryStep(set_weight=100_000), CanaryStep(analysis=timedelta(minutes=1))))
    assert [step for step in made.steps if isinstance(step, Analysis)] == [Analysis(timedelta(minutes=1))]


def test_without_a_judge_nothing_is_added() -> None:
    assert "analysis" not in kinds(planned(steps(CanaryStep(set_weight=100_000)), judging=None))


@pytest.mark.parametrize("limits", [{"max_surge": "1"}, {"max_surge": "0", "max_unavailable": "1"}])
def test_a_rolling_update_is_proven_before_its_last_share(limits: dict[str, str]) -> None:
    made = planned(Strategy("rolling", **limits))  # type: ignore[arg-type]
    place = kinds(made).index("analysis")
    before = [step.weight for step in made.steps[:place] if isinstance(step, SetWeight)]
    after = [step.weight for step in made.steps[place:] if isinstance(step, SetWeight)]
    assert before
    assert max(before) < WHOLE
    assert after[0] == WHOLE
    assert kinds(made).count("analysis") == 1


def test_what_goes_at_once_cannot_be_compared_and_is_warned_of() -> None:
    for strategy in (Strategy("blue-green"), Strategy("rolling", max_surge="100%")):
        made = planned(strategy, replicas=1)
        assert "analysis" not in kinds(made)
        assert any("nothing to compare" in words for words in made.warnings)


def test_a_ramp_has_instances_for_its_limit_and_the_rest_before_100_percent() -> None:
    made = planned(Strategy("canary", ramp=Budget(2.0, timedelta(minutes=3), 300_000)))
    scale, ramp, rest, last = made.steps[:4]
    assert scale == Scale(2, 4)
    assert ramp == Ramp(2.0, timedelta(minutes=3), 300_000, plans.TICK)
    assert (rest, last) == (Scale(4, 4), SetWeight(WHOLE))


def test_what_is_compared_is_as_dense_as_what_it_is_compared_with() -> None:
    """Half of the traffic on one instance beside the other half on two is slower by itself."""
    half = planned(Strategy("canary", ramp=Budget()))
    assert half.steps[0] == Scale(4, 4)
    assert half.steps[2] == SetWeight(WHOLE)
    written = steps(CanaryStep(set_weight=100_000), CanaryStep(set_weight=500_000))
    judged, unjudged = (
        [step.candidate for step in planned(written, judging=each).steps if isinstance(step, Scale)]
        for each in (JUDGING, None)
    )
    assert (judged, unjudged) == ([1, 4], [1, 2, 4])


def test_numbers_that_are_scraped_are_as_old_as_the_interval() -> None:
    scraped = MetricsSource(url="http://127.0.0.1:9090", scrape_interval=timedelta(seconds=15))
    made = planned(Strategy("canary", ramp=Budget()), metrics_source=scraped)
    assert next(step for step in made.steps if isinstance(step, Ramp)).lag == timedelta(seconds=15)


def test_a_ramp_without_a_judge_is_refused() -> None:
    with pytest.raises(PlanRefused, match="no `analysis` is declared"):
        planned(Strategy("canary", ramp=Budget()), judging=None)
    made = planned(Strategy("canary", ramp=Budget()))
    with pytest.raises(PlanRefused, match="has no judge"):
        check.check(replace(made, judging=None))


@pytest.mark.parametrize("change", [{"most": WHOLE}, {"budget": 0.0}, {"most": 900_000}])
def test_a_ramp_that_could_not_be_kept_is_refused(change: dict[str, Any]) -> None:
    made = planned(Strategy("canary", ramp=Budget(most=200_000)))
    broken = tuple(replace(step, **change) if isinstance(step, Ramp) else step for step in made.steps)
    with pytest.raises(PlanRefused):
        check.check(replace(made, steps=broken))


def test_a_guard_cannot_be_called_like_the_judge() -> None:
    guard = Guard("judge", Measure.SUCCESS_RATE, at_least=0.9)
    with pytest.raises(PlanRefused, match="like the judge"):
        planned(steps(CanaryStep(set_weight=100_000)), objectives=(guard,))


def test_a_first_release_and_an_undo_have_nobody_to_compare_with() -> None:
    assert planned(steps(CanaryStep(set_weight=100_000)), first=True).judging is None
    of = plans.service()
    place = Placement("shop", "production", plans.revision("b", of), replicas=2, history=(plans.revision("a", of),))
    back = undo.undo(plans.environment(judging=JUDGING), place, now=datetime.now(UTC))
    assert back.judging is None


def test_the_text_says_what_is_compared_and_what_follows() -> None:
    lines = text.render(planned(Strategy("canary", ramp=Budget()))).splitlines()
    said = " ".join(" ".join(lines).split())
    for words in (
        "errors: fails when it is more than 10 % worse than stable's, passes when proven not 2 times worse or below 1 %",
        "p50, p90, p99 are proven not slower by 25 % or within 25 ms",
        "cpu: fails when it is more than 10 % worse than stable's",
        "slo: fails above 2 %, passes when proven below",
        "a harmless release fails in at most 1% of cases",
        "ramp: the weight follows the evidence up to 50 %, at most 3 requests harmed",
        "inconclusive: extend",
    ):
        assert words in said, words
    assert max(map(len, lines)) <= 80


def test_a_judged_plan_reads_back_and_one_without_a_judge_keeps_its_hash() -> None:
    made = planned(Strategy("canary", ramp=Budget()))
    assert document.parse(document.render(made)) == made
    plain = planned(steps(CanaryStep(set_weight=100_000)), judging=None)
    older = {
        name: value
        for name, value in document.render(plain).items()
        if name not in {"judging", "power", "underpowered"}
    }
    assert document.parse(older) == plain
    assert identity.plan_hash(made) != identity.plan_hash(replace(made, judging=None))


def test_the_judge_has_batches_for_all_the_time_that_the_steps_may_take() -> None:
    long = steps(CanaryStep(set_weight=100_000), CanaryStep(pause=timedelta(hours=3)), CanaryStep(hold="look"))
    made = planned(long, soak=timedelta(hours=1))
    assert made.judging is not None
    took = sum(
        (getattr(step, "duration", None) or getattr(step, "deadline", timedelta()) for step in made.steps), timedelta()
    )
    assert took >= timedelta(hours=5)
    assert made.judging.spec.deadline_batches * plans.TICK >= took + made.judging.extend_max
    short = planned(steps(CanaryStep(set_weight=100_000)))
    assert short.judging is not None
    assert short.judging.spec.deadline_batches < made.judging.spec.deadline_batches
