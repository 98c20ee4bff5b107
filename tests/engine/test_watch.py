"""Looks and deadlines: a slow system delays only its own rollouts, liars are caught, samples are kept."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest

from engine.harness import Bench, eventually
from seaway.engine.lanes import Lanes
from seaway.engine.turnstile import Turnstile
from seaway.model.rollout import State
from seaway.model.verdict import Outcome
from seaway.rollout.messages import Abort
from support import plans, simulated


def test_a_slow_system_delays_nobody_elses_deadlines(bench: Bench) -> None:
    slow = {f"slow-{number}": simulated.MemoryWorld(simulated.Lies(slow=2.0)) for number in range(12)}
    bench.hands = simulated.SimulatedHands(worlds=slow)
    where = plans.environment(plans.canary(pause=timedelta(seconds=0.5)))
    with bench.running():
        bench.release("a", where=where)
        for name in slow:
            elsewhere = plans.environment(listen=f"127.0.0.1:{9000 + len(name)}")
            bench.submit(plan=plans.plan("a", where=elsewhere, of=plans.service(name)))
        time.sleep(0.3)
        began = time.monotonic()
        bench.release("b", where=where)
        assert time.monotonic() - began < 18.0  # one after the other the slow ones take 24 s a round


def test_an_abort_of_a_rollout_whose_looks_are_slow_is_heard_at_once(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        rollout = bench.submit("b", where=plans.environment(plans.canary(hold=True)))
        bench.until(rollout, lambda now: now.state is State.HELD)
        bench.lies.slow = 10.0
        time.sleep(0.3)
        began = time.monotonic()
        engine.tell(rollout, Abort("ann"), "")
        bench.until(rollout, lambda now: now.state is not State.HELD)
        assert time.monotonic() - began < 5.0  # half of one look
        bench.lies.slow = 0.0
        bench.ended(rollout, State.ROLLED_BACK)


def test_a_router_that_lags_behind_is_never_believed(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        bench.lies.frozen = True
        rollout = bench.submit("b")
        found = bench.until(rollout, lambda now: now.phase == "back")
        assert "did not report generation" in found.reason
        assert not any("900000" in line for line in bench.log())
        bench.lies.frozen = False
        assert bench.ended(rollout, State.ROLLED_BACK)
        assert engine.health()["ok"]


def test_a_rejected_configuration_goes_back_with_the_proxys_words(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        bench.lies.rejecting = "no healthy thing"
        rollout = bench.submit("b")
        found = bench.until(rollout, lambda now: now.phase == "back")
        assert "no healthy thing" in found.reason
        bench.lies.rejecting = ""
        bench.ended(rollout, State.ROLLED_BACK)


@pytest.mark.parametrize(("lie", "outcome"), [("no_metrics", Outcome.NO_DATA), ("broken_metrics", Outcome.ERROR)])
def test_missing_numbers_are_never_success(bench: Bench, lie: str, outcome: Outcome) -> None:
    with bench.running() as engine:
        bench.release("a")
        setattr(bench.lies, lie, True)
        rollout = bench.submit("b", where=plans.guarded())
        held = bench.until(rollout, lambda now: now.state is State.HELD)
        assert held.verdicts[-1].outcome is outcome
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)


def test_samples_are_kept_so_that_verdicts_can_be_computed_again(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        rollout = bench.release("b", where=plans.guarded())
    with closing(sqlite3.connect(bench.root / "engine.sqlite")) as connection:
        rows = connection.execute("SELECT document FROM samples WHERE rollout = ?", (rollout.id,)).fetchall()
    revisions = {json.loads(row[0])["revision"] for row in rows}
    assert revisions == {"shop-aaaaaaaaaaaa", "shop-bbbbbbbbbbbb"}
    assert len(rows) >= 4


def test_looks_that_see_nothing_new_are_not_recorded(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        rollout = bench.submit("b", where=plans.environment(plans.canary(hold=True)))
        bench.until(rollout, lambda now: now.state is State.HELD)
        bench.hands.world.rate = 0.0
        time.sleep(0.5)
        seq = engine.rollout(rollout).seq  # type: ignore[union-attr]
        looked = engine._desk.case(rollout).looked  # type: ignore[union-attr]
        time.sleep(0.8)
        assert engine._desk.case(rollout).looked > looked  # type: ignore[union-attr]
        assert engine.rollout(rollout).seq == seq  # type: ignore[union-attr]


def test_lanes_keep_places_apart_and_in_order() -> None:
    lanes, done = Lanes(width=1), list[int]()
    for number in range(5):
        lanes.submit("one", lambda number=number: done.append(number))
    lanes.submit("slow", lambda: time.sleep(0.3))
    lanes.submit("slow", lambda: done.append(99))
    eventually(lambda: done[:5] == [0, 1, 2, 3, 4])
    assert lanes.backlog() == 1
    eventually(lambda: 99 in done)
    lanes.submit("one", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    lanes.submit("one", lambda: done.append(7))
    eventually(lambda: 7 in done)
    lanes.close()
    lanes.submit("one", lambda: done.append(8))
    assert 8 not in done


def test_hurried_threads_go_first() -> None:
    turn, order = Turnstile(), list[str]()
    turn.acquire()
    lanes = Lanes(turn.be_patient)

    def patient() -> None:
        turn.acquire()
        order.append("patient")
        turn.release()

    def hurried() -> None:
        turn.acquire()
        order.append("hurried")
        turn.release()

    lanes.submit("a", patient)
    eventually(lambda: len(turn._patient) == 1)
    others = Lanes()
    others.submit("b", hurried)
    eventually(lambda: len(turn._hurried) == 1)
    turn.release()
    lanes.close()
    others.close()
    assert order == ["hurried", "patient"]
