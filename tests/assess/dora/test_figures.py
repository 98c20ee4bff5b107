"""Quantiles, intervals, curves and bands against known answers and against simulations; each check is broken once."""

from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaway.assess.dora import bands, causes, frequency, recovery
from seaway.assess.dora.spread import NOTHING, Resamples, share
from support.delivery import BEGIN, DAY, HOUR, at, deploy, history, incident, line, one, report


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60))
def test_quantiles_are_those_of_the_standard_library(values: list[float]) -> None:
    found = Resamples(len(values)).spread(np.array(values), np.arange(len(values)))
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    for estimate, expected in ((found.p50, cuts[9]), (found.p75, cuts[14]), (found.p90, cuts[17])):
        assert estimate.value == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert estimate.low is not None
        assert estimate.high is not None
        assert min(values) - 1e-6 <= estimate.low <= estimate.value + 1e-6
        assert estimate.value - 1e-6 <= estimate.high <= max(values) + 1e-6


def test_nothing_has_no_quantiles() -> None:
    assert Resamples(3).spread(np.zeros(0), np.zeros(0, np.int64)) == NOTHING


def _covered(clustered: bool, runs: int = 120) -> float:
    """How often the interval of the median holds the true one, when commits of a deployment share most of their lead time."""
    hits = 0
    for seed in range(runs):
        dice = np.random.default_rng(seed)
        waits = dice.exponential(1.0, 60)
        cluster = np.repeat(np.arange(60), 8)
        values = waits[cluster] + dice.uniform(0, 0.01, len(cluster))
        names = cluster if clustered else np.arange(len(cluster))
        found = Resamples(int(names.max()) + 1, seed).spread(values, names).p50
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= math.log(2) + 0.005 <= found.high
    return hits / runs


def test_intervals_hold_the_truth_and_those_that_ignore_deployments_would_not() -> None:
    assert _covered(clustered=True) >= 0.88
    assert _covered(clustered=False) < 0.75


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    values, cluster = np.random.default_rng(1).exponential(9.0, 80), np.arange(80)
    assert Resamples(80).spread(values, cluster) == Resamples(80).spread(values, cluster)
    assert Resamples(80, 1).spread(values, cluster) != Resamples(80, 2).spread(values, cluster)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (4, 23, 0.0698, 0.3714), (10, 10, 0.7225, 1.0)]
)
def test_the_interval_of_a_share_is_wilson_s(hits: int, n: int, low: float, high: float) -> None:
    found = share(hits, n)
    assert (found.value, found.low, found.high) == (
        hits / n,
        pytest.approx(low, abs=1e-4),
        pytest.approx(high, abs=1e-4),
    )


def test_a_share_of_nothing_is_not_known() -> None:
    assert share(0, 0).value is None


def _survival(times: list[float], over: list[bool]) -> float:
    """The median by the textbook: one product over distinct times."""
    alive = 1.0
    for time in sorted(set(times)):
        risk = sum(other >= time for other in times)
        ended = sum(other == time and done for other, done in zip(times, over, strict=True))
        alive *= 1 - ended / risk
        if alive <= 0.5 + 1e-9:
            return time
    return math.inf


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=25))
def test_the_curve_is_that_of_the_textbook(pairs: list[tuple[int, bool]]) -> None:
    ordered = sorted(pairs, key=lambda pair: (pair[0], not pair[1]))
    times, over = [float(time) for time, _ in ordered], [done for _, done in ordered]
    found = recovery.kaplan_meier(np.array(times), np.array(over), np.ones((1, len(times))))
    assert found[0][0] == _survival(times, over)


def test_dropping_what_goes_on_would_make_recovery_look_short() -> None:
    past, steps = history(*line(12)), [deploy(f"d{n}", f"c{n}", n * DAY) for n in range(10)]
    hurt = [incident(f"i{n}", n * DAY + 0.5, n * DAY + 1 + n if n % 2 else None) for n in range(1, 10)]
    curve = one(past, *steps, incidents=hurt).recovery.from_impact
    finished = [each.resolved - each.started for each in hurt if each.resolved is not None]
    assert curve.open == 4
    assert (curve.p50.value or math.inf) > statistics.median(finished)


@pytest.mark.parametrize("metric", [bands.LEAD, bands.BETWEEN, bands.RECOVERY])
@pytest.mark.parametrize("seconds", [0.0, 59.0, 3600.0, 86_400.0, 604_800.0, 3e6, 2e7, 1e9])
def test_every_span_has_a_place_or_a_reason_in_every_year(metric: str, seconds: float) -> None:
    found = bands.levels(metric, seconds, 5)
    assert [each.year for each in found] == ["2021", "2023", "2024"]
    assert all(each.names or each.why for each in found)
    against = bands.against(metric, seconds, 5)
    assert against
    assert 0 <= against.score <= 10


def test_overlapping_bands_are_both_named_and_gaps_have_none() -> None:
    by_year = {each.year: each for each in bands.levels(bands.RECOVERY, 7200, 5)}
    assert by_year["2024"].names == ("high", "medium")
    assert {each.year: each.names for each in bands.levels(bands.RECOVERY, 2 * 86_400, 5)}["2024"] == ()


@pytest.mark.parametrize("metric", bands.SETS)
def test_below_five_samples_nothing_is_compared(metric: str) -> None:
    assert bands.levels(metric, 0.1, 4) == []
    assert bands.against(metric, 0.1, 4) is None
    assert bands.against(metric, None, 40) is None
    assert bands.against(metric, 0.1, 5)


def test_bands_follow_each_other_without_a_gap_where_devlake_smoothed_them() -> None:
    for metric, year in itertools.product(bands.SETS, ("2021", "2023")):
        for each in bands.SETS[metric]:
            if each.year == year:
                assert all(one.high == two.low for one, two in itertools.pairwise(each.bands))


def test_the_rate_counts_calendar_days_and_the_median_counts_active_ones() -> None:
    past = history(*line(30, every=DAY))
    found = one(past, *(deploy(f"d{n}+{part}", f"c{n}", n * DAY + part) for n in range(14) for part in (0, 0.1)))
    assert (found.frequency.n, found.frequency.redeployments, found.frequency.days) == (14, 14, 14)
    assert found.frequency.per_day.value == 1.0
    assert (found.frequency.active_days, found.frequency.bucket) == (7, "daily")
    assert found.frequency.between == DAY * HOUR


@pytest.mark.parametrize(("every", "bucket"), [(1, "daily"), (7, "weekly"), (28, "monthly"), (200, "yearly")])
def test_buckets_are_those_of_fourkeys(every: int, bucket: str) -> None:
    past = history(*line(8, every=DAY * every))
    found = one(past, *(deploy(f"d{n}", f"c{n}", n * DAY * every) for n in range(8)))
    assert found.frequency.bucket == bucket


def test_a_window_without_deployments_has_a_rate_of_zero_with_an_upper_bound() -> None:
    found = frequency.measure([], [], BEGIN, BEGIN + 29 * DAY * HOUR)
    assert (found.n, found.per_day.value, found.per_day.low) == (0, 0.0, 0.0)
    assert found.per_day.high == pytest.approx(3.689 / 30, rel=0.01)  # the exact bound of a Poisson count of none
    assert (found.active_days, found.bucket, found.between) == (None, None, None)


@pytest.mark.parametrize(("n", "low", "high"), [(1, 0.0253, 5.572), (5, 1.623, 11.668), (25, 16.179, 36.905)])
def test_a_few_weeks_have_the_interval_of_a_poisson_count(n: int, low: float, high: float) -> None:
    steps = one(
        history(*line(40)), *(deploy(f"d{number}", f"c{number}", number + 0.5) for number in range(n))
    ).frequency
    assert steps.per_day.low == pytest.approx(low / steps.days, rel=0.1, abs=0.02)
    assert steps.per_day.high == pytest.approx(high / steps.days, rel=0.02)


def test_many_weeks_are_resampled_and_a_steady_rhythm_is_told_from_bursts() -> None:
    past = history(*line(90, every=DAY))
    steady = one(past, *(deploy(f"d{n}", f"c{n}", n * DAY + 1) for n in range(90))).frequency.per_day
    burst = one(
        past, *(deploy(f"d{n}", f"c{n}", (n // 30) * 30 * DAY + n / 9 + n * DAY / 90) for n in range(90))
    ).frequency.per_day
    assert steady.low is not None
    assert steady.high is not None
    assert burst.low is not None
    assert burst.high is not None
    assert steady.high - steady.low < (burst.high - burst.low) / 2


def test_deployments_two_thousand_years_apart_are_counted_in_bounded_memory() -> None:
    import tracemalloc

    past = history(*line(2))
    tracemalloc.start()
    found = one(past, deploy("old", "c0", -15_000_000), deploy("new", "c1", 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.frequency.bucket == "yearly"
    assert peak < 300_000_000


@given(
    st.lists(st.tuples(st.floats(0, 200), st.booleans()), min_size=1, max_size=12),
    st.floats(0, 240),
    st.sampled_from(["", "d0", "nobody"]),
)
def test_probabilities_of_all_answers_and_not_a_change_sum_to_one(
    deployed: list[tuple[float, bool]], begun: float, link: str
) -> None:
    past = history(*line(len(deployed)))
    steps = [deploy(f"d{n}", f"c{n if forward else 0}", when) for n, (when, forward) in enumerate(deployed)]
    (found,) = report(past, *steps, incidents=[incident("i", begun, caused_by=link)]).causes
    total = found.not_a_change + sum(answer.probability for answer in found.answers)
    assert total == pytest.approx(1.0)
    assert all(answer.probability > 0 for answer in found.answers)


def test_evidence_has_an_order_of_strength() -> None:
    past = history(*line(9))
    steps = [deploy(f"d{n}", f"c{n}", n + 1) for n in range(4)]

    def best(*more: object, **facts: object) -> tuple[str, str]:
        (cause,) = report(past, *steps, *more, incidents=[incident("i", 4.5, 9, **facts)]).causes
        assert cause.best
        return cause.best.deployment, cause.best.why

    back = deploy("d9", "c2", 5)
    assert best() == ("d3", causes.TIME)
    assert best(version="d0") == ("d0", causes.VERSION)
    assert best(back, version="d0") == ("d3", causes.ROLLBACK)
    assert best(back, version="d3", caused_by="d0") == ("d0", causes.EXPLICIT)
    assert best(caused_by=past.shas[1]) == ("d1", causes.EXPLICIT)


def test_a_link_to_another_service_counts_there_and_an_unknown_one_is_said() -> None:
    past = history(*line(9))
    steps = [deploy("s1", "c1", 1), deploy("s2", "c2", 2), deploy("p1", "c3", 1, service="pay")]
    hurt = [incident("i", 30, 31, caused_by="p1"), incident("j", 90, 91, caused_by="who")]
    found = report(past, *steps, incidents=hurt)
    rates = {each.lane.service: each.fail_rate.failed for each in found.lanes}
    assert rates == {"pay": 1, "shop": 0}
    assert any("name a cause that nobody knows; the first: who" in each for each in found.unknowns)


def test_staging_is_never_blamed_where_a_production_is_known() -> None:
    past = history(*line(9))
    steps = [deploy("p", "c1", 1), deploy("p2", "c2", 2), deploy("s", "c3", 5, environment="staging")]
    found = report(past, *steps, incidents=[incident("i", 5.1, 6)])
    assert found.causes[0].best
    assert found.causes[0].best.deployment == "p2"
    only = report(
        past, *(deploy(f"q{n}", f"c{n}", n + 1, environment="qa") for n in range(2)), incidents=[incident("i", 2.1)]
    )
    assert only.lanes[0].lane.production
    assert only.causes[0].best


def test_since_and_until_choose_deployments_and_not_what_they_own() -> None:
    from seaway.assess.dora.report import Scope

    past, steps = history(*line(12)), [deploy(f"d{n}", f"c{n}", n + 0.5) for n in range(12)]
    found = one(past, *steps, scope=Scope(since=at(4), until=at(8)))
    assert {row["deployment"] for row in found.lead_time.rows()} == {"d4", "d5", "d6", "d7"}
    assert found.lead_time.commits.p50.value == 1800
    assert found.frequency.n == 4
    early = one(past, *steps, incidents=[incident("i", 5.6, 9)], scope=Scope(until=at(8)))
    assert early.recovery.from_impact.open == 1
