"""Where time goes, on histories whose answer is known by reckoning."""

from __future__ import annotations

import random

import pytest

from seaway.assess.runs import bottlenecks, document, order, repeats, text
from seaway.assess.runs.bottlenecks import Prices
from seaway.assess.runs.numbers import proportion, quantile, spread
from seaway.model.bottleneck import Bottleneck
from seaway.model.runs import JobRun, Run
from support.run_stories import BAD, OK, history, job, run


def one(*runs: Run, prices: Prices | None = None) -> Bottleneck:
    (found,) = bottlenecks.bottlenecks(history(*runs), prices or Prices())
    return found


def plain(number: int, slow: float = 300.0, **more: object) -> Run:
    """build -> (lint, test) -> ship; test decides unless lint is slower."""
    return run(number, [
        job("build", 0, 100, 20, needs=()),
        job("lint", 120, 200, 10, needs=("build",)),
        job("test", 120, slow, 30, needs=("build",), runner="big"),
        job("ship", 120 + max(210, slow + 30), 60, needs=("lint", "test")),
    ], **more)  # fmt: skip


def test_the_way_through_is_reckoned_per_run() -> None:
    found = one(*(plain(number, 300 if number % 4 else 100) for number in range(20)))
    share = {each.name: each.critical.value for each in found.jobs}
    assert share == {"build": 1.0, "ship": 1.0, "test": 0.75, "lint": 0.25}
    assert next(each.name for each in found.jobs) == "test"
    by_name = {each.name: each for each in found.jobs}
    assert by_name["test"].path == pytest.approx(0.75 * 330)
    assert by_name["test"].critical.low < 0.75 < by_name["test"].critical.high
    assert found.duration is not None
    assert found.duration.value == pytest.approx(120 + 330 + 60)
    assert found.order == order.RECORDED


def test_work_and_waiting_are_told_apart() -> None:
    found = one(*(plain(number) for number in range(10)))
    assert found.work == pytest.approx(10 * 660)
    assert found.queue == pytest.approx(10 * 60)
    assert found.waiting == pytest.approx(60 / 720)
    people = one(*(run(number, [job("gate", 0, 5, 1000, manual=True)]) for number in range(3)))
    assert (people.person, people.queue) == (3000, 0)


def without_needs(found: Run) -> Run:
    from dataclasses import replace

    return replace(found, jobs=tuple(replace(each, needs=None) for each in found.jobs))


def test_an_order_that_nobody_recorded_is_seen_in_the_times() -> None:
    runs = [without_needs(plain(number, 150 + 100 * (number % 3))) for number in range(12)]
    known = order.order(runs)
    assert known.source == order.TIMES
    assert set(known.needs["ship"]) == {"build", "lint", "test"}
    assert known.needs["test"] == ("build",)
    assert one(*runs).order == "times"
    critical = [each.name for each in order.critical(runs[2], known.needs)]
    assert critical == ["ship", "test", "build"]


def test_a_later_attempt_says_nothing_about_the_order() -> None:
    last = run(20, [job("ship", 0, 60, needs=())], attempt=2, at=1e10)
    assert order.order([*(plain(number) for number in range(5)), last]).needs["ship"] == ("lint", "test")
    assert order.order([last]).needs == {"ship": ()}


def test_two_runs_are_too_few_to_see_an_order() -> None:
    runs = [without_needs(plain(number)) for number in range(2)]
    assert order.order(runs).needs["ship"] == ("build", "lint", "test")
    assert order.order([*runs, *(run(n, [job("other", 0, 1)]) for n in range(5, 9))]).needs["ship"] == ()


def test_runs_that_failed_flatter_no_duration() -> None:
    short = run(99, [job("build", 0, 5, needs=(), conclusion=BAD)])
    found = one(*(plain(number) for number in range(5)), short)
    assert (found.runs, found.succeeded) == (6, 5)
    assert found.duration is not None
    assert found.duration.n == 5
    assert one(short).duration is None
    part = [run(98, [job("ship", 0, 5)], attempt=2)]
    assert one(*(plain(number) for number in range(5)), *part).duration == found.duration


def attempts(number: int, *ends: bool, **more: object) -> list[Run]:
    return [
        run(number, [job("test", 0, 60, conclusion=OK if good else BAD)], attempt=at, at=1e9 + number * 1e5 + at * 1000, **more)
        for at, good in enumerate(ends, 1)
    ]  # fmt: skip


def test_one_that_fails_and_then_passes_on_a_commit_is_flaky() -> None:
    runs = [one for number in range(9) for one in attempts(number, True)]
    found = one(*runs, *attempts(9, False, True)).jobs[0]
    assert found.flaky is not None
    assert (found.flaky.value, found.flaky.n) == (0.1, 10)
    assert found.retried == 60
    for ends in ((True, False), (False, False), (False,)):
        sound = one(*runs, *attempts(9, *ends)).jobs[0]
        assert sound.flaky is not None
        assert sound.flaky.value == 0


def test_a_merge_with_a_base_that_moves_is_not_the_same_code() -> None:
    def pair(trigger: str) -> list[bool]:
        runs = [
            run(number, [job("test", 0, 60, conclusion=end)], trigger=trigger, sha="abcdef1")
            for number, end in enumerate((BAD, OK))
        ]
        return [each.flaky for each in repeats.trials(runs)]

    assert pair("push") == [True]
    assert pair("pull_request") == [False, False]


def test_few_commits_say_nothing_about_flakiness() -> None:
    assert one(*attempts(1, False, True)).jobs[0].flaky is None


def test_money_is_the_work_times_the_price() -> None:
    prices = Prices(None, {"big": 0.6})
    found = one(*(plain(number) for number in range(4)), prices=prices).cost
    assert found is not None
    assert found.total == pytest.approx(4 * 5 * 0.6)
    assert found.run == pytest.approx(5 * 0.6)
    assert found.unpriced == pytest.approx(4 * 360)
    assert one(plain(1)).cost is None
    again = one(*attempts(1, False, True), prices=Prices(1.0)).cost
    assert again is not None
    assert (again.total, again.retried, again.unpriced) == (2.0, 1.0, 0.0)


def test_the_one_that_people_wait_for_longest_comes_first() -> None:
    slow = [run(number, [job("x", 0, 5000)], pipeline="slow.yml") for number in range(3)]
    found = bottlenecks.bottlenecks(history(plain(1), *slow), Prices())
    assert [each.pipeline for each in found] == ["slow.yml", ".github/workflows/ci.yml"]


def test_a_job_that_never_ran_is_no_part_of_it() -> None:
    never = JobRun("never", OK, needs=())
    found = one(run(1, [job("build", 0, 10, needs=()), never]))
    assert [each.name for each in found.jobs] == ["build"]


def test_a_circle_of_needs_ends() -> None:
    found = run(1, [job("a", 0, 10, needs=("b",)), job("b", 0, 11, needs=("a",))])
    assert [each.name for each in order.critical(found, {"a": ("b",), "b": ("a",)})] == ["b", "a"]


def test_the_text_fits_a_terminal_and_the_document_has_all() -> None:
    runs = [plain(number) for number in range(6)] + attempts(50, False, True)
    found = bottlenecks.bottlenecks(history(*runs), Prices(0.01))
    lines = text.report(found)
    assert max(len(line) for line in lines) <= 80
    assert any("on critical path" in line for line in lines)
    assert any("machines cost" in line for line in lines)
    made = document.bottleneck(found[0])
    assert made["jobs"][0]["critical"]["n"] == 6
    assert made["cost"]["unpriced_s"] == 0


def test_quantiles_and_their_intervals_cover_what_they_should() -> None:
    assert quantile([1.0, 2.0, 4.0], 0.5) == 2.0
    assert quantile([1.0, 2.0], 0.5) == 1.5
    dice = random.Random(7)
    held = shares = narrow = 0
    for _ in range(400):
        found = spread([dice.expovariate(1.0) for _ in range(40)])
        held += found.low <= 0.6931 <= found.high
        narrow += found.value - 0.05 <= 0.6931 <= found.value + 0.05
        share = proportion(sum(dice.random() < 0.1 for _ in range(60)), 60)
        shares += share.low <= 0.1 <= share.high
    assert held >= 400 * 0.86
    assert shares >= 400 * 0.86
    assert narrow < 400 * 0.6
    assert (proportion(0, 0).low, proportion(0, 0).high) == (0.0, 1.0)
