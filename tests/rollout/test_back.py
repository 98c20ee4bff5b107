"""The way back, people, deadlines and commands that fail."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout import given
from rollout.test_forward import NEW, OLD, emitted, routings, scales
from rollout.world import World
from seaway.model.environment import CanaryStep, Strategy
from seaway.model.instance import InstanceState
from seaway.model.rollout import State
from seaway.model.service import Before, RollbackClass
from seaway.model.verdict import Outcome
from seaway.rollout import messages, people

SWITCHED = given.canary(CanaryStep(set_weight=500_000), CanaryStep(pause_until_promoted=True))


def with_before(kind: RollbackClass) -> World:
    made = given.service(before=Before(("./migrate",), kind))
    return World(given.plan(of=made, strategy=SWITCHED))


# ---------------------------------------------------------------- going back


def test_a_warm_stable_returns_in_exactly_one_shift() -> None:
    world = World(given.plan(strategy=Strategy("blue-green")))
    world.run(until=State.SOAKING)
    wishes = len(routings(world))
    began = world.now
    world.feed(messages.Abort("ada", "errors"))
    while world.weights() != {NEW: 0, OLD: 1_000_000}:
        world.beat()
    assert (world.now - began).total_seconds() <= 0.05
    assert world.run().state is State.ROLLED_BACK
    assert routings(world)[wishes:] == [[(NEW, 0, 3), (OLD, 100, 3)], [(OLD, 100, 3)]]
    assert ("stable", 3) not in scales(world)


def test_after_the_way_back_the_placement_is_what_it_was_and_is_held() -> None:
    world = World(given.plan(strategy=Strategy("blue-green")))
    world.run(until=State.SOAKING)
    world.feed(messages.Abort("ada", "errors"))
    world.run()
    assert (world.placement.stable, world.placement.warm) == (world.plan.stable, ())
    assert world.placement.held == "aborted by ada: errors"
    assert emitted(world)[-2:] == ["rolled_back", "rollout.finished"]


def test_a_failing_guard_leaves_no_hold_behind() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    world.verdict = Outcome.FAIL
    assert world.run().state is State.ROLLED_BACK
    assert world.placement.held == ""


def test_a_stable_that_was_scaled_down_gets_its_capacity_first() -> None:
    world = World(given.plan(strategy=Strategy("rolling")))
    while world.rollout.weights[NEW].verified != 666_666:
        world.beat()
    world.ready_after = timedelta(seconds=5)
    world.feed(messages.Abort("ada"))
    assert scales(world)[-1] == ("stable", 3)
    world.beat(1.0)
    assert world.weights()[NEW] == 666_666, "traffic must not return before stable can carry it"
    assert world.run().state is State.ROLLED_BACK
    assert routings(world)[-1] == [(OLD, 100, 3)]


def test_a_degraded_stable_beats_a_failing_candidate_and_it_is_said() -> None:
    world = World(given.plan(strategy=SWITCHED))
    world.run()
    world.instances[OLD][0].state = InstanceState.UNREADY
    world.beat()
    world.feed(messages.Abort("ada"))
    assert world.run(beats=5000).state is State.ROLLED_BACK
    assert "only 2 of 3 instances" in world.rollout.reason
    assert "problem" in emitted(world)


def test_without_any_ready_stable_it_is_held_and_goes_on_by_itself_when_one_comes() -> None:
    world = World(given.plan(strategy=SWITCHED))
    world.run()
    for one in world.instances[OLD]:
        one.state = InstanceState.UNREADY
    world.beat()
    world.feed(messages.Abort("ada"))
    while world.rollout.state is not State.HELD:
        world.beat()
    assert "no ready instance" in world.rollout.reason
    for one in world.instances[OLD]:
        one.state = InstanceState.READY
    world.beat()
    assert world.rollout.state is not State.HELD
    assert world.run().state is State.ROLLED_BACK


def test_open_requests_get_their_drain_time_and_the_rest_is_counted_as_cut() -> None:
    world = World(given.plan(strategy=SWITCHED))
    world.run()
    world.router.active = {NEW: 3}
    world.feed(messages.Abort("ada"))
    world.run(until=State.DRAINING)
    began = world.now
    world.run()
    assert world.now - began >= world.plan.drain
    assert world.rollout.cut == 3
    losses = [c for c in world.commands if isinstance(c, messages.CountLosses)]
    assert [loss.cut for loss in losses] == [3]


def test_nothing_drains_before_it_was_observed() -> None:
    world = World(given.plan(strategy=SWITCHED), rate=0)
    world.run()
    world.feed(messages.Abort("ada"))
    world.run(until=State.DRAINING)
    assert world.rollout.weights[OLD].observed is not None


def test_a_first_release_that_is_aborted_leaves_the_router_and_fails() -> None:
    world = World(given.plan(first=True))
    world.run(until=State.SOAKING)
    world.feed(messages.Abort("ada"))
    assert world.run().state is State.FAILED
    assert routings(world)[-1] == []
    assert world.placement.stable is None


def test_a_first_release_is_not_taken_away_by_a_guard() -> None:
    world = World(given.plan(first=True))
    world.run(until=State.SOAKING)
    world.verdict = Outcome.FAIL
    assert world.run().state is State.HELD
    assert "no earlier revision" in world.rollout.reason
    assert world.weights() == {NEW: 1_000_000}


def test_an_abort_before_anything_started_just_ends_it() -> None:
    fresh = World(given.plan(gates=(given.APPROVAL,)))
    fresh.feed(messages.Abort("ada", "typo"))
    assert (fresh.rollout.state, fresh.rollout.reason) == (State.ROLLED_BACK, "aborted by ada: typo")
    assert scales(fresh) == []


def test_an_abort_while_preparing_touches_no_router() -> None:
    world = World(given.plan())
    world.feed(messages.Abort("ada"))
    assert world.run().state is State.ROLLED_BACK
    assert routings(world) == []
    assert scales(world)[-1] == ("candidate", 0)


def test_a_worker_goes_back_by_its_instances() -> None:
    world = World(given.plan(of=given.service(worker=True, routes=())))
    world.run(until=State.SOAKING)
    world.feed(messages.Abort("ada"))
    assert world.run().state is State.ROLLED_BACK
    assert scales(world)[-2:] == [("stable", 3), ("candidate", 0)]


def test_a_router_that_does_not_answer_on_the_way_back_is_indeterminate_until_it_does() -> None:
    world = World(given.plan(strategy=SWITCHED))
    world.run()
    world.router.mode = "frozen"
    world.feed(messages.Abort("ada"))
    world.run(until=State.INDETERMINATE)
    assert world.rollout.waiting
    assert world.rollout.waiting.then == "it is asked again"
    world.router.mode = "ok"
    assert world.run().state is State.ROLLED_BACK


def test_a_router_that_lies_on_the_way_back_is_indeterminate() -> None:
    world = World(given.plan(strategy=SWITCHED))
    world.run()
    world.router.mode = "liar"
    world.feed(messages.Abort("ada"))
    world.run(until=State.INDETERMINATE)
    assert world.instances[NEW], "nothing is stopped while nobody knows what is served"
    world.router.mode = "ok"
    assert world.run().state is State.ROLLED_BACK


# ---------------------------------------------------------------- before steps that cannot be taken back


@pytest.mark.parametrize("kind", [RollbackClass.FORWARD_ONLY, RollbackClass.FREEZE])
def test_a_release_that_only_goes_forward_is_held_instead_of_rolled_back(kind: RollbackClass) -> None:
    world = with_before(kind)
    world.run(until=State.HELD)
    world.verdict = Outcome.FAIL
    for _ in range(3):
        world.beat()
    assert world.rollout.state is State.HELD
    assert world.weights()[NEW] == 500_000
    assert kind.value in world.rollout.reason
    assert world.placement.held.startswith("freeze: ") is (kind is RollbackClass.FREEZE)


def test_an_abort_after_forward_only_is_refused_once_and_carried_out_when_repeated() -> None:
    world = with_before(RollbackClass.FORWARD_ONLY)
    world.run(until=State.HELD)
    world.feed(messages.Abort("ada"))
    assert world.rollout.state is State.HELD
    assert "Abort again" in world.rollout.reason
    world.feed(messages.Abort("ada"))
    assert world.run().state is State.ROLLED_BACK


def test_a_forward_only_hold_is_never_ended_by_its_deadline() -> None:
    world = with_before(RollbackClass.FORWARD_ONLY)
    world.run(until=State.HELD)
    world.now += timedelta(hours=2)
    world.beat()
    assert world.rollout.state is State.HELD
    assert world.rollout.deadline
    assert world.rollout.deadline > world.now


def test_a_resume_lifts_the_freeze() -> None:
    world = with_before(RollbackClass.FREEZE)
    world.run(until=State.HELD)
    world.feed(messages.Abort("ada"))
    assert world.placement.held
    world.verdict = Outcome.PASS
    world.feed(messages.Resume("grace"))
    assert world.placement.held == ""


def test_a_revert_migration_rolls_back_as_usual() -> None:
    world = with_before(RollbackClass.REVERT)
    world.run(until=State.HELD)
    world.verdict = Outcome.FAIL
    assert world.run(until=State.ROLLED_BACK).state is State.ROLLED_BACK


# ---------------------------------------------------------------- people


def test_a_pause_keeps_the_time_that_was_left() -> None:
    world = World(
        given.plan(strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(pause=timedelta(minutes=10))))
    )
    world.run(until=State.OBSERVING)
    for _ in range(60):
        world.beat()
    left = world.rollout.deadline - world.now  # type: ignore[operator]
    world.feed(messages.PauseNow("ada"))
    assert (world.rollout.state, world.rollout.reason) == (State.HELD, "paused by ada")
    for _ in range(30):
        world.beat()
    world.feed(messages.Resume("ada"))
    assert world.rollout.state is State.OBSERVING
    assert world.rollout.deadline
    assert abs(world.rollout.deadline - world.now - left) < timedelta(milliseconds=1)


def test_promote_ends_a_pause_and_full_ends_all_of_them() -> None:
    steps = [
        CanaryStep(set_weight=100_000),
        CanaryStep(pause=timedelta(hours=1)),
        CanaryStep(set_weight=200_000),
        CanaryStep(hold="look at it"),
    ]
    world = World(given.plan(strategy=given.canary(*steps)))
    world.run(until=State.OBSERVING)
    world.feed(messages.PromoteNow("ada"))
    assert world.run().state is State.HELD
    assert world.rollout.reason == "look at it"
    full = World(given.plan(strategy=given.canary(*steps)))
    full.run(until=State.OBSERVING)
    full.feed(messages.PromoteNow("ada", full=True))
    assert full.run().state is State.SUCCEEDED
    assert [record.outcome for record in full.rollout.steps].count("skipped") == 2


def test_a_person_who_never_decides_brings_traffic_back() -> None:
    world = World(given.plan(strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(hold="look at it"))))
    world.run()
    world.now += timedelta(hours=1)
    world.beat()
    assert world.rollout.reason == "nobody decided in time: look at it"
    assert world.run().state is State.ROLLED_BACK


def test_a_late_deadline_is_not_honoured() -> None:
    world = World(given.plan())
    world.run(until=State.SHIFTING)
    old = world.rollout.deadline
    world.run(until=State.OBSERVING)
    before = world.rollout
    assert old
    world.feed(messages.DeadlinePassed(old))
    assert world.rollout is before


def test_a_newer_release_ends_a_soak_early_and_sends_anything_else_back() -> None:
    soaking = World(given.plan())
    soaking.run(until=State.SOAKING)
    soaking.feed(messages.Supersede("ro-2", "ada"))
    assert soaking.run().state is State.SUCCEEDED
    assert soaking.rollout.reason == "soak ended early: superseded by ro-2"
    assert soaking.placement.stable == soaking.plan.candidate
    shifting = World(given.plan())
    shifting.run(until=State.OBSERVING)
    shifting.feed(messages.Supersede("ro-2", "ada"))
    assert shifting.run().state is State.SUPERSEDED
    assert shifting.placement.stable == shifting.plan.stable
    assert shifting.placement.held == ""


@pytest.mark.parametrize(
    ("state", "event", "words"),
    [
        (State.OBSERVING, messages.Resume("ada"), "not held"),
        (State.SHIFTING, messages.PromoteNow("ada"), "no pause or hold"),
        (State.DRAINING, messages.PauseNow("ada"), "cannot be paused"),
        (State.OBSERVING, messages.Approve("ada", "x"), "no approval"),
        (State.SUCCEEDED, messages.Abort("ada"), "is over"),
    ],
)
def test_what_would_change_nothing_is_refused_with_a_reason(state: State, event: messages.Event, words: str) -> None:
    world = World(given.plan())
    world.run(until=state)
    assert words in people.refusal(world.rollout, event)
    before = world.rollout
    world.feed(event)
    assert world.rollout is before


# ---------------------------------------------------------------- commands that fail


def test_a_command_that_may_be_repeated_is_repeated_with_growing_pauses() -> None:
    world = World(given.plan())
    world.run(until=State.PREPARING)
    for _ in range(3):
        world.feed(messages.CommandFailed("converge_instances", "not_reachable", "try later", retry=True))
    assert emitted(world).count("problem") == 1
    assert world.rollout.memory["retry_at"] - world.now.timestamp() == pytest.approx(0.4, abs=0.01)  # type: ignore[operator]
    world.fail_next = {}
    assert world.run().state is State.SUCCEEDED


def test_a_full_disk_holds_the_way_forward_and_never_the_way_back() -> None:
    world = World(given.plan())
    world.fail_next = {"converge_routing": ("full", True)}
    assert world.run().state is State.HELD
    assert "no space left" in world.rollout.reason
    world.fail_next = {"converge_routing": ("full", True), "converge_instances": ("full", True)}
    world.feed(messages.Abort("ada"))
    assert world.run(until=State.ROLLED_BACK).state is State.ROLLED_BACK


def test_a_fenced_engine_changes_nothing() -> None:
    world = World(given.plan())
    before = world.rollout
    world.feed(messages.CommandFailed("converge_instances", "fenced", "a newer owner", retry=False))
    assert world.rollout is before


def test_a_conflict_before_any_traffic_ends_it_with_the_words() -> None:
    world = World(given.plan())
    world.fail_next = {"converge_routing": ("conflict", False)}
    world.run(until=State.ROLLED_BACK)
    assert "simulated conflict" in world.rollout.reason


def test_probes_that_cannot_be_sent_leave_the_weight_unobserved() -> None:
    world = World(given.plan(strategy=Strategy("blue-green"), objectives=()), rate=0)
    world.fail_next = {"send_probes": ("not_reachable", True)}
    assert world.run(until=State.SOAKING).state is State.SOAKING
    assert world.rollout.weights[NEW].observed is None


@pytest.mark.parametrize("command", ["emit", "count_losses"])
def test_the_outbox_and_the_ledger_look_after_themselves(command: str) -> None:
    world = World(given.plan())
    before = world.rollout
    world.feed(messages.CommandFailed(command, "not_reachable", "later", retry=True))
    assert world.rollout is before
