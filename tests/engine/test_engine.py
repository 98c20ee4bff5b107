"""A plan from submission to its end, and what people say on the way."""

from __future__ import annotations

import pytest

from engine.harness import Bench, eventually
from seaway.errors import Conflict, Full, KeyReused, NotFound, PlanRefused
from seaway.model.environment import Concurrency
from seaway.model.rollout import State
from seaway.rollout.messages import Abort, PauseNow, PromoteNow, Resume
from support import plans


def test_a_first_release_becomes_the_stable_revision(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        placement = engine.placement("production", "shop")
        assert placement is not None
        assert placement.stable == plans.revision("a")
        assert placement.replicas == 2
        assert bench.log() == ["instances shop-aaaaaaaaaaaa 2", "routing shop-aaaaaaaaaaaa=1000000"]


def test_a_canary_moves_traffic_by_steps_and_takes_the_old_side_out_last(bench: Bench) -> None:
    with bench.running():
        bench.release("a")
        ended = bench.release("b")
        assert bench.log()[2:] == [
            "instances shop-bbbbbbbbbbbb 1",
            "routing shop-aaaaaaaaaaaa=900000 shop-bbbbbbbbbbbb=100000",
            "instances shop-bbbbbbbbbbbb 2",
            "routing shop-aaaaaaaaaaaa=0 shop-bbbbbbbbbbbb=1000000",
            "routing shop-bbbbbbbbbbbb=1000000",
            "instances shop-aaaaaaaaaaaa 0",
        ]
        assert ended.loss is not None
        assert ended.loss.served > 0
        events = bench.events(ended.id)
        assert events[:2] == ["rollout.admitted", "rollout.started"]
        assert events[-1] == "rollout.finished"
        assert events.count("promoted") == 1


@pytest.mark.parametrize("strategy", [plans.blue_green(), plans.rolling()], ids=["blue-green", "rolling"])
def test_every_strategy_ends_with_one_revision(bench: Bench, strategy: object) -> None:
    where = plans.environment(strategy)
    with bench.running():
        bench.release("a", where=where)
        bench.release("b", where=where)
        assert bench.log()[-1] == "instances shop-aaaaaaaaaaaa 0"


def test_a_release_that_fails_its_requests_is_rolled_back(bench: Bench) -> None:
    bench.lies.failing["shop-bbbbbbbbbbbb"] = 1.0
    with bench.running() as engine:
        bench.release("a")
        rollout = bench.ended(bench.submit("b", where=plans.guarded()), State.ROLLED_BACK)
        assert "errors" in rollout.reason
        placement = engine.placement("production", "shop")
        assert placement is not None
        assert placement.stable == plans.revision("a")
        assert bench.log()[-1] == "instances shop-bbbbbbbbbbbb 0"


def test_instances_that_fail_never_get_traffic(bench: Bench) -> None:
    bench.lies.crashing.add("shop-bbbbbbbbbbbb")
    with bench.running():
        bench.release("a")
        bench.ended(bench.submit("b"), State.ROLLED_BACK)
        assert not any("routing" in line and "shop-b" in line for line in bench.log())


def test_the_same_key_gives_the_same_rollout(bench: Bench) -> None:
    with bench.running():
        plan = plans.plan("a")
        first = bench.submit(plan=plan, key="k")
        assert bench.submit(plan=plan, key="k") == first
        bench.ended(first)
        assert bench.submit(plan=plan, key="k") == first
        with pytest.raises(KeyReused):
            bench.submit(plan=plans.plan("c"), key="k")


def test_a_plan_that_was_made_against_something_else_is_refused(bench: Bench) -> None:
    with bench.running():
        stale = plans.plan("b")
        bench.release("a")
        with pytest.raises(PlanRefused, match="now shop-aaaaaaaaaaaa is"):
            bench.submit(plan=stale)


def test_people_pause_resume_and_promote(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        rollout = bench.submit("b", where=plans.environment(plans.canary(hold=True)))
        bench.until(rollout, lambda now: now.state is State.HELD)
        engine.tell(rollout, PromoteNow("ann"), "p1")
        engine.tell(rollout, PromoteNow("ann"), "p1")
        bench.ended(rollout)
        with pytest.raises(KeyReused):
            engine.tell(rollout, Abort("ann"), "p1")
        with pytest.raises(NotFound):
            engine.tell("ro-nothing", Abort("ann"), "p2")


def test_a_pause_holds_until_it_is_resumed(bench: Bench) -> None:
    bench.lies.start_seconds = 0.3
    with bench.running() as engine:
        rollout = bench.submit("a")
        engine.tell(rollout, PauseNow("ann"), "")
        bench.until(rollout, lambda now: now.state is State.HELD)
        engine.tell(rollout, Resume("ann"), "")
        bench.ended(rollout)


def test_an_abort_holds_what_is_queued_until_a_person_lifts_it(bench: Bench) -> None:
    where = plans.environment(plans.canary(hold=True), concurrency=Concurrency.QUEUE)
    with bench.running() as engine:
        bench.release("a", where=where)
        first = bench.submit("b", where=where)
        bench.until(first, lambda now: now.state is State.HELD)
        second = bench.submit("c", where=where)
        engine.tell(first, Abort("ann", "smells"), "")
        bench.ended(first, State.ROLLED_BACK)
        waiting = bench.until(second, lambda now: "held" in (now.waiting.what if now.waiting else ""))
        assert waiting.state is State.PENDING
        engine.lift("production", "shop")
        bench.until(second, lambda now: now.state is State.HELD)
        engine.tell(second, PromoteNow("ann"), "")
        bench.ended(second)


def test_a_newer_release_supersedes_a_running_one(bench: Bench) -> None:
    where = plans.environment(plans.canary(hold=True))
    with bench.running():
        bench.release("a")
        first = bench.submit("b", where=where)
        bench.until(first, lambda now: now.state is State.HELD)
        second = bench.submit("c")
        assert bench.ended(first, State.SUPERSEDED).reason == f"superseded by {second}"
        bench.ended(second)
        assert "superseded" in bench.events(first)


def test_a_queued_release_goes_on_from_what_is_stable_then(bench: Bench) -> None:
    hold = plans.environment(plans.canary(hold=True), concurrency=Concurrency.QUEUE)
    calm = plans.environment(concurrency=Concurrency.QUEUE)
    with bench.running() as engine:
        bench.release("a")
        first = bench.submit("b", where=hold)
        bench.until(first, lambda now: now.state is State.HELD)
        second = bench.submit("c", where=calm)
        assert bench.until(second, lambda now: first in (now.waiting.what if now.waiting else ""))
        engine.tell(first, PromoteNow("ann"), "")
        ended = bench.ended(second)
        assert ended.plan.basis == "shop-bbbbbbbbbbbb"
        assert ("planned-against", "shop-aaaaaaaaaaaa") in ended.plan.labels


def test_a_place_that_takes_one_release_at_a_time_refuses_another(bench: Bench) -> None:
    where = plans.environment(plans.canary(hold=True), concurrency=Concurrency.REJECT)
    with bench.running() as engine:
        bench.release("a")
        first = bench.submit("b", where=where)
        bench.until(first, lambda now: now.state is State.HELD)
        with pytest.raises(Conflict, match=first):
            bench.submit("c", where=where)
        assert [each.id for each in engine.rollouts(active=True)] == [first]


def test_no_rollout_starts_on_a_full_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench.running():
        monkeypatch.setattr("seaway.engine.ballast.LOW", 2**62)
        with pytest.raises(Full, match="50 MiB"):
            bench.submit("a")


def test_a_running_rollout_holds_when_the_disk_gets_full(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.lies.start_seconds = 3.0
    with bench.running():
        rollout = bench.submit("a")
        bench.until(rollout, lambda now: now.state is State.PREPARING)
        monkeypatch.setattr("seaway.engine.ballast.LOW", 2**62)
        held = bench.until(rollout, lambda now: now.state is State.HELD)
        assert "50 MiB" in held.reason


def test_the_last_event_is_known_and_waited_for(bench: Bench) -> None:
    with bench.running() as engine:
        assert engine.last_sequence() == 0
        assert engine.wait(0, 0.05) == ()
        rollout = bench.submit("a")
        assert engine.wait(0, 5.0)
        bench.ended(rollout)
        found = engine.events_after(2, limit=3)
        assert [sequence for sequence, _ in found] == [3, 4, 5]
        assert engine.last_sequence() == len(bench.events())


def test_health_names_a_rollout_that_nobody_can_look_at(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seaway.engine.health.PATIENCE", 0.3)
    with bench.running() as engine:
        assert engine.health()["ok"]
        rollout = bench.submit("a", where=plans.environment(plans.canary(hold=True)))
        bench.until(rollout, lambda now: now.state is not State.PENDING)
        bench.lies.slow = 1.5
        eventually(lambda: any(rollout in words for words in engine.health()["problems"]))
        bench.lies.slow = 0.0


def test_revisions_are_remembered(bench: Bench) -> None:
    with bench.running() as engine:
        bench.release("a")
        assert engine.revision("shop-aaaaaaaaaaaa") == plans.revision("a")
        assert engine.revision("shop-x") is None
