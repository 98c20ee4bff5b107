"""A clock that jumps moves no deadline."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.harness import Bench
from seaway.engine.clock import Clock
from seaway.engine.watch import due
from seaway.model.plan import PauseUntil
from seaway.model.rollout import State
from seaway.rollout import begin
from support import plans

HOUR = 3600.0


class Jumping:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_the_engines_time_does_not_jump(jump: float) -> None:
    wall = Jumping()
    clock = Clock(wall)
    before, passed = clock.now(), clock.passed()
    wall.ahead = jump
    assert abs((clock.now() - before).total_seconds()) < 60
    assert clock.due(before + timedelta(seconds=5)) == pytest.approx(passed + 5, abs=60)
    assert clock.drift() == pytest.approx(jump, abs=60)
    assert clock.follow() == pytest.approx(jump, abs=60)
    assert clock.drift() == pytest.approx(0.0, abs=60)
    assert clock.follow() == 0.0


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_pause_ends_after_its_own_time_whatever_the_wall_clock_says(bench: Bench, jump: float) -> None:
    wall = Jumping()
    where = plans.environment(plans.canary(pause=timedelta(seconds=1)))
    with bench.running(clock=Clock(wall)):
        bench.release("a", where=where)
        rollout = bench.submit("b", where=where)
        paused = bench.until(rollout, lambda now: now.state is State.OBSERVING and now.deadline is not None)
        wall.ahead = jump
        began = time.monotonic()
        bench.until(rollout, lambda now: now.step > paused.step)
        assert 0.3 < time.monotonic() - began < 60
        bench.ended(rollout)


def test_guards_judge_on_after_the_clock_has_jumped(bench: Bench) -> None:
    wall = Jumping()
    bench.lies.failing["shop-bbbbbbbbbbbb"] = 1.0
    with bench.running(clock=Clock(wall)):
        bench.release("a")
        wall.ahead = bench.lies.ahead = -HOUR
        bench.ended(bench.submit("b", where=plans.guarded()), State.ROLLED_BACK)


def test_a_moment_of_the_calendar_follows_the_wall_clock() -> None:
    wall = Jumping()
    clock = Clock(wall)
    until = datetime.now(UTC) + timedelta(hours=1)
    plan = replace(plans.plan("a"), steps=(PauseUntil(until), *plans.plan("a").steps))
    rollout = begin.begin("ro-1", plan, "", "ann", clock.now())
    assert due(rollout, until, clock) > clock.passed() + 3000
    wall.ahead = HOUR + 1
    assert due(rollout, until, clock) <= clock.passed()
    assert due(rollout, until + timedelta(hours=1), clock) > clock.passed() + 3000
