"""Forecasts: only after the recorded medians came out of the replay, right where the answer is known, as unsure as they should be."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from seaway.assess.runs import bottlenecks, order, replay, text, whatif
from seaway.assess.runs.bottlenecks import Prices
from seaway.model.bottleneck import Bottleneck
from seaway.model.pipeline import Pipeline
from seaway.model.runs import Run
from support import rule_fixtures
from support.run_stories import BAD, history, job, run

WORKFLOW = """\
on: push
jobs:
  build: {runs-on: ubuntu-24.04, steps: [{run: make}]}
  lint: {needs: build, runs-on: ubuntu-24.04, steps: [{run: make lint}]}
  test: {needs: lint, runs-on: ubuntu-24.04, steps: [{run: make test}]}
"""


def chain(number: int, test: float = 600.0, lint: float = 200.0, lag: float = 0.0) -> Run:
    """build -> lint -> test; `lag`: seconds before the last that nothing explains."""
    return run(number, [
        job("build", 0, 100, 10, needs=()),
        job("lint", 110, lint, 5, needs=("build",)),
        job("test", 115 + lint + lag, test, 30, needs=("lint",)),
    ])  # fmt: skip


def noisy(count: int, seed: int = 3) -> list[Run]:
    dice = random.Random(seed)
    return [chain(number, dice.gauss(600, 60), dice.gauss(200, 20)) for number in range(count)]


def foretold(runs: list[Run], pipeline: Pipeline | None = None) -> Bottleneck:
    (found,) = bottlenecks.bottlenecks(history(*runs), Prices())
    return whatif.foretold(found, runs, pipeline)


def test_the_recorded_median_comes_out_of_the_replay() -> None:
    found = foretold(noisy(40))
    assert found.replay is not None
    assert found.replay.reproduced
    assert found.replay.recorded == pytest.approx(found.replay.replayed)
    assert {each.id for each in found.what_if} >= {"cache:test", "shards:test", "cache:lint"}
    gains = [each.gain.value for each in found.what_if]
    assert gains == sorted(gains, reverse=True)


def test_where_it_does_not_come_out_nothing_is_foretold() -> None:
    found = foretold([chain(number, lag=300) for number in range(40)])
    assert found.replay is not None
    assert not found.replay.reproduced
    assert found.what_if == ()
    assert "something else decides" in found.replay.words
    assert any("no forecast" in line for line in text.report([found]))


def test_an_order_with_an_edge_too_many_is_seen() -> None:
    runs = [
        replace(
            one,
            jobs=tuple(
                replace(each, needs=("lint", "build") if each.name == "build2" else each.needs) for each in one.jobs
            ),
        )
        for one in (
            run(number, [*chain(number).jobs[:0], job("build2", 0, 500), job("lint", 0, 400, needs=())])
            for number in range(9)
        )
    ]
    assert foretold(runs).replay is not None
    replayed = foretold(runs).replay
    assert replayed is not None
    assert not replayed.reproduced


def test_few_runs_and_circles_foretell_nothing() -> None:
    few = foretold(noisy(4)).replay
    assert few is not None
    assert "only 4 whole runs" in few.words
    circle = [run(number, [job("a", 0, 9, needs=("b",)), job("b", 0, 9, needs=("a",))]) for number in range(9)]
    told = foretold(circle).replay
    assert told is not None
    assert "circle" in told.words
    assert foretold([run(1, [job("a", 0, 9, conclusion=BAD)])]).what_if == ()


def columns(runs: list[Run]) -> replay.Columns:
    made = replay.columns(runs, order.order(runs))
    assert made is not None
    return made


def test_a_cache_saves_what_is_assumed_of_it() -> None:
    (found,) = whatif.forecasts(columns(noisy(50)), [whatif.cached("test", ["test"])])
    assert found.gain.value == pytest.approx(0.35 * 600, rel=0.1)
    assert found.gain.low == pytest.approx(0.2 * 600, rel=0.2)
    assert found.gain.high == pytest.approx(0.5 * 600, rel=0.2)
    assert found.before - found.after.value == pytest.approx(found.gain.value, rel=0.1)
    assert found.replays >= 10_000


def test_what_is_off_the_critical_path_gains_nothing() -> None:
    runs = [run(number, [job("long", 0, 1000, needs=()), job("short", 0, 300, needs=())]) for number in range(20)]
    assert whatif.forecasts(columns(runs), [whatif.cached("short", ["short"])]) == ()
    assert len(whatif.forecasts(columns(runs), [whatif.cached("long", ["long"])])) == 1


def test_shards_wait_for_the_slowest_of_several_machines() -> None:
    dice = random.Random(5)
    runs = [run(number, [job("test", 0, 1200, dice.choice([0, 0, 0, 600]), needs=())]) for number in range(80)]
    (found,) = whatif.forecasts(columns(runs), [whatif.sharded("test", 4)])
    assert found.after.value > 600
    calm = [run(number, [job("test", 0, 1200, 0, needs=())]) for number in range(80)]
    (quick,) = whatif.forecasts(columns(calm), [whatif.sharded("test", 4)])
    assert 300 <= quick.after.value <= 460


def test_machines_end_the_waiting_and_not_the_work() -> None:
    runs = [run(number, [job("test", 0, 100, 10 + 10 * number, needs=())]) for number in range(30)]
    (found,) = whatif.forecasts(columns(runs), [whatif.served()])
    assert 110 < found.after.value < 160


def test_an_order_by_data_lets_jobs_begin_earlier() -> None:
    pipeline = rule_fixtures.case(WORKFLOW, "github_actions").pipeline
    found = foretold(noisy(30), pipeline)
    free = next(each for each in found.what_if if each.id == "order")
    assert free.after.value == pytest.approx(630, rel=0.1)
    assert "order" not in {each.id for each in foretold(noisy(30)).what_if}


def test_few_runs_make_wide_intervals() -> None:
    def width(count: int) -> float:
        dice = random.Random(1)
        runs = [run(number, [job("x", 0, 600, dice.uniform(0, 900), needs=())]) for number in range(count)]
        (found,) = whatif.forecasts(columns(runs), [whatif.cached("x", ["x"])])
        return found.after.high - found.after.low

    assert width(6) > 1.5 * width(150)


def test_a_forecast_holds_what_a_changed_pipeline_then_does() -> None:
    """The same machine, simulated before and after: the forecast's interval must hold the later median in most of many histories."""
    held = 0
    for seed in range(20):
        dice = random.Random(seed)
        effect = dice.uniform(0.2, 0.5)
        (found,) = whatif.forecasts(columns(noisy(40, seed)), [whatif.cached("test", ["test"])])
        after = np.median([
            chain(n, dice.gauss(600, 60) * (1 - effect), dice.gauss(200, 20)).seconds for n in range(200)
        ])  # fmt: skip
        held += found.after.low <= after <= found.after.high
    assert held >= 15


def test_a_job_that_some_runs_lack_takes_no_time_there() -> None:
    runs = [chain(number) for number in range(9)]
    runs[3] = run(3, [job("build", 0, 100, 10, needs=()), job("test", 110, 600, 30, needs=("lint",))])
    found = columns(runs)
    assert found.work["lint"][3] == 0
    assert replay.durations(found)[3] == pytest.approx(740)


def test_the_same_history_gives_the_same_forecast() -> None:
    assert foretold(noisy(20)) == foretold(noisy(20))


def test_the_report_says_what_is_assumed() -> None:
    lines = text.report([foretold(noisy(30))])
    assert max(len(line) for line in lines) <= 80
    words = " ".join(" ".join(lines).split())
    assert "what if, by 10,020 replayed runs" in words
    assert "if the cache saves 20% to 50% of its work" in words
