"""What runs without a rollout is kept running: instances, the proxy, weights and addresses."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.harness import Bench, eventually
from seaway.engine import standing
from seaway.model.environment import EngineLost, IfEngineLost
from seaway.model.rollout import State
from seaway.rollout.messages import Abort
from support import plans


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "EVERY", 0.1)


def routing(bench: Bench) -> dict[str, Any]:
    with bench.hands.world.state() as state:
        return dict(state["routing"]["shop"])


def test_an_instance_that_died_comes_back_and_is_routed_on_its_new_port(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        before = routing(bench)["backends"][0]["addresses"]
        with bench.hands.world.state() as state:
            del state["instances"]["shop-aaaaaaaaaaaa"][0]
        eventually(lambda: len(routing(bench)["backends"][0]["addresses"]) == 2 and changed(bench, before))
        with bench.hands.world.state() as state:
            ports = sorted(f"127.0.0.1:{each['port']}" for each in state["instances"]["shop-aaaaaaaaaaaa"])
        assert routing(bench)["backends"][0]["addresses"] == ports


def changed(bench: Bench, before: list[str]) -> bool:
    return bool(routing(bench)["backends"][0]["addresses"] != before)


def test_a_weight_that_was_changed_is_put_right(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        generation = routing(bench)["generation"]
        with bench.hands.world.state() as state:
            state["routing"]["shop"]["backends"][0]["weight"] = 0
        eventually(lambda: routing(bench)["backends"][0]["weight"] == 1_000_000)
        assert routing(bench)["generation"] > generation
        placement = engine.placement("production", "shop")
        assert placement is not None
        eventually(lambda: engine.placement("production", "shop").generation == routing(bench)["generation"])  # type: ignore[union-attr]


def test_what_is_right_is_left_alone(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        before, generation = bench.log(), routing(bench)["generation"]
        time.sleep(0.5)
        assert (bench.log(), routing(bench)["generation"]) == (before, generation)


def test_a_new_engine_brings_back_what_was_lost_meanwhile(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
    with bench.hands.world.state() as state:
        state["instances"].clear()
        state["routing"].clear()
    with bench.running():
        eventually(lambda: "shop" in bench.hands.world._state["routing"])
        assert len(bench.hands.world._state["instances"]["shop-aaaaaaaaaaaa"]) == 2


def test_trouble_is_reported_and_goes_away(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        bench.lies.full = True
        eventually(lambda: "production/shop: no space left on device" in engine.health()["problems"])
        bench.lies.full = False
        eventually(lambda: engine.health()["ok"])


@pytest.mark.parametrize("letter", ["a", "b"])
def test_an_instance_that_dies_during_a_rollout_comes_back(bench: Bench, letter: str) -> None:
    with bench.running() as engine:
        bench.release("a")
        rollout = bench.submit("b", where=plans.environment(plans.canary(hold=True)))
        held = bench.until(rollout, lambda now: now.state is State.HELD)
        revision = plans.revision(letter).id
        with bench.hands.world.state() as state:
            state["instances"][revision].pop()
        eventually(lambda: len(bench.hands.world._state["instances"][revision]) == held.wanted[revision])
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)
        assert bench.hands.world._state["instances"]["shop-bbbbbbbbbbbb"] == []


def test_what_a_rollout_needs_is_back_before_a_new_engine_goes_on(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        rollout = bench.submit("b", where=plans.environment(plans.canary(hold=True)))
        bench.until(rollout, lambda now: now.state is State.HELD)
    with bench.hands.world.state() as state:
        state["instances"].clear()
    with bench.running() as engine:
        running = bench.hands.world._state["instances"]
        assert {name: len(found) for name, found in running.items()} == {
            "shop-aaaaaaaaaaaa": 2,
            "shop-bbbbbbbbbbbb": 1,
        }
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)


def test_a_rollout_that_begins_later_is_ahead_of_every_standing_wish(bench: Bench) -> None:
    where = plans.environment(plans.canary(hold=True))
    with bench.running() as engine:
        bench.release("a")
        with bench.hands.world.state() as state:
            state["routing"]["shop"]["backends"][0]["weight"] = 0
        eventually(lambda: routing(bench)["backends"][0]["weight"] == 1_000_000)
        rollout = bench.submit("b", where=where)
        bench.until(rollout, lambda now: now.state is State.HELD)
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)


def test_the_dead_mans_switch_is_armed_with_stable_and_never_with_what_was_taken_away(bench: Bench) -> None:
    lost = IfEngineLost(EngineLost.STABLE, timedelta(minutes=1))
    calm = plans.environment(if_engine_lost=lost)
    where = replace(calm, strategy=plans.canary(hold=True))
    with bench.running() as engine:
        bench.release("a", where=calm)
        assert bench.hands.router.armed == {}
        rollout = bench.submit("b", where=where)
        bench.until(rollout, lambda now: now.state is State.HELD)
        armed = bench.hands.router.armed["shop"]
        assert {each.revision: each.weight for each in armed.backends} == {
            "shop-bbbbbbbbbbbb": 0,
            "shop-aaaaaaaaaaaa": 1_000_000,
        }
        eventually(lambda: bench.hands.router.touched > 0)
        engine.tell(rollout, Abort("ann"), "")
        bench.ended(rollout, State.ROLLED_BACK)
        eventually(lambda: bench.hands.router.armed == {})
        bench.release("c", where=calm)
        eventually(lambda: bench.hands.router.armed == {})
