"""The way forward, leg by leg: what is asked of the world, in which order, and what is waited for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollout import given
from rollout.world import World
from seaway.model.environment import CanaryStep, Gate, OnUnobservable, Strategy
from seaway.model.instance import InstanceState, JobState
from seaway.model.rollout import State
from seaway.model.service import Before, RollbackClass, Sticky
from seaway.model.verdict import Outcome
from seaway.rollout import messages
from seaway.rollout.wants import wants

OLD, NEW = "web-aaaaaaaaaaaa", "web-bbbbbbbbbbbb"


def routings(world: World) -> list[list[tuple[str, int, int]]]:
    """Each wish as (revision, percent, instances)."""
    return [
        [(b.revision, b.weight // 10_000, len(b.addresses)) for b in command.routing.backends]
        for command in world.commands
        if isinstance(command, messages.ConvergeRouting)
    ]


def scales(world: World) -> list[tuple[str, int]]:
    return [(c.side, c.replicas) for c in world.commands if isinstance(c, messages.ConvergeInstances)]


def emitted(world: World) -> list[str]:
    return [c.type for c in world.commands if isinstance(c, messages.Emit)]


def test_a_canary_grows_with_its_capacity_and_takes_the_old_side_out_last() -> None:
    world = World(given.plan())
    assert world.run().state is State.SUCCEEDED
    assert routings(world) == [
        [(NEW, 10, 1), (OLD, 90, 3)],
        [(NEW, 50, 2), (OLD, 50, 3)],
        [(NEW, 100, 3), (OLD, 0, 3)],
        [(NEW, 100, 3)],
    ]
    assert scales(world) == [("candidate", 1), ("candidate", 2), ("candidate", 3), ("stable", 0)]
    assert world.placement.stable == world.plan.candidate
    assert world.placement.warm == ()


def test_every_wish_has_a_generation_of_its_own_after_the_last_one_of_the_service() -> None:
    world = World(given.plan())
    world.run()
    generations = [c.routing.generation for c in world.commands if isinstance(c, messages.ConvergeRouting)]
    assert generations == [6, 7, 8, 9]
    assert world.rollout.generation == 9


def test_the_events_tell_the_story_in_order() -> None:
    world = World(given.plan(strategy=Strategy("blue-green")))
    world.run()
    told = [name for name in emitted(world) if not name.startswith(("step.", "verdict"))]
    assert told == [
        "rollout.admitted", "rollout.started", "weight.verified", "weight.observed", "promoted", "rollout.finished",
    ]  # fmt: skip


def test_every_step_is_on_record_with_its_times() -> None:
    rollout = World(given.plan()).run()
    assert {record.outcome for record in rollout.steps} == {"done"}
    assert all(record.started and record.ended and record.started <= record.ended for record in rollout.steps)


def test_blue_green_switches_once_and_keeps_the_old_side_warm_through_the_soak() -> None:
    world = World(given.plan(strategy=Strategy("blue-green")))
    world.run(until=State.SOAKING)
    assert routings(world) == [[(NEW, 100, 3), (OLD, 0, 3)]]
    assert world.placement.warm == (OLD,)
    assert [one.state for one in world.instances[OLD]] == [InstanceState.READY] * 3


def test_a_preview_reaches_the_candidate_at_weight_0_and_ends_with_the_switch() -> None:
    strategy = Strategy("blue-green", preview_host="next.example", auto_promotion=False)
    world = World(given.plan(strategy=strategy, objectives=()))
    assert world.run().state is State.HELD
    first = next(c.routing for c in world.commands if isinstance(c, messages.ConvergeRouting))
    assert (first.preview, first.preview_host, first.backends[0].weight) == (NEW, "next.example", 0)
    world.feed(messages.PromoteNow("ada"))
    assert world.run().state is State.SUCCEEDED
    last = [c.routing for c in world.commands if isinstance(c, messages.ConvergeRouting)][-1]
    assert last.preview_host == ""


def test_rolling_moves_the_weight_with_the_instances_and_stops_the_old_ones_after_the_router_let_go() -> None:
    world = World(given.plan(strategy=Strategy("rolling")))
    world.run()
    assert routings(world) == [
        [(NEW, 33, 1), (OLD, 66, 3)],
        [(NEW, 33, 1), (OLD, 66, 2)],
        [(NEW, 66, 2), (OLD, 33, 2)],
        [(NEW, 66, 2), (OLD, 33, 1)],
        [(NEW, 100, 3), (OLD, 0, 1)],
        [(NEW, 100, 3)],
    ]


def test_rolling_without_surge_never_has_more_instances_than_wished() -> None:
    world = World(given.plan(strategy=Strategy("rolling", max_surge="0", max_unavailable="1")))
    most = 0
    while not world.rollout.state.terminal:
        world.beat()
        alive = [one for side in world.instances.values() for one in side if one.gone_at is None]
        most = max(most, len(alive))
    assert (world.rollout.state, most) == (State.SUCCEEDED, 3)


def test_a_worker_is_replaced_without_any_routing() -> None:
    world = World(given.plan(of=given.service(worker=True, routes=())))
    assert world.run().state is State.SUCCEEDED
    assert routings(world) == []
    assert scales(world)[-1] == ("stable", 0)


def test_a_take_over_loads_everything_before_the_port_changes_hands() -> None:
    world = World(given.plan(first=True, owner=given.OWNER))
    world.run()
    story = [c for c in world.commands if c.kind in {"converge_routing", "stop_foreign"}]
    assert [c.kind for c in story] == ["converge_routing", "stop_foreign", "converge_routing"]
    assert [story[0].routing.listen, story[2].routing.listen] == [False, True]


def test_only_the_number_of_instances_changes_without_a_second_revision() -> None:
    for replicas in (5, 1):
        from rollout.machine import _scale

        world = World(_scale(replicas))
        assert world.run().state is State.SUCCEEDED
        assert len([one for one in world.instances[OLD] if one.gone_at is None]) == replicas
        assert routings(world)[-1] == [(OLD, 100, replicas)]


# ---------------------------------------------------------------- gates


def test_nothing_starts_before_the_approval_of_this_very_plan() -> None:
    world = World(given.plan(gates=(Gate("approval", approvers=("grace",)),)))
    assert world.rollout.state is State.PENDING
    assert world.rollout.waiting
    assert world.rollout.waiting.owner == "grace"
    for vote in (messages.Approve("grace", "0" * 64), messages.Approve("ada", world.rollout.plan_hash)):
        world.feed(vote)
    assert world.rollout.state is State.PENDING
    assert scales(world) == []
    world.feed(messages.Approve("grace", world.rollout.plan_hash, comment="fine"))
    assert world.rollout.state is State.PREPARING
    assert [vote.actor for vote in world.rollout.approvals] == ["grace"]


def test_a_rejection_ends_it_before_anything_started() -> None:
    world = World(given.plan(gates=(Gate("approval"),)))
    world.feed(messages.Approve("grace", world.rollout.plan_hash, approved=False, comment="not on Friday"))
    assert (world.rollout.state, world.rollout.reason) == (State.FAILED, "rejected by grace: not on Friday")
    assert scales(world) == []


def test_an_approval_that_never_comes_ends_it() -> None:
    world = World(given.plan(gates=(Gate("approval", deadline=timedelta(minutes=5)),)))
    assert world.run().reason == "it was not approved in time"


def test_a_moment_is_waited_for() -> None:
    later = given.NOW + timedelta(hours=3)
    world = World(given.plan(gates=(Gate("until", until=later),)))
    assert world.rollout.waiting
    assert world.rollout.waiting.until == later
    world.run(until=State.PREPARING, beats=20_000)
    assert world.now >= later


# ---------------------------------------------------------------- before


@pytest.mark.parametrize("result", [JobState.SUCCEEDED, JobState.FAILED])
def test_the_before_command_runs_once_and_decides(result: JobState) -> None:
    made = given.service(before=Before(("./migrate",), RollbackClass.REVERT))
    world = World(given.plan(of=made))
    world.job = world.job_result = result
    world.run()
    jobs = [c for c in world.commands if isinstance(c, messages.RunJob)]
    assert [job.key for job in jobs] == ["ro-test-before"]
    if result is JobState.FAILED:
        assert world.rollout.state is State.ROLLED_BACK
        assert "exit code 3: oops" in world.rollout.reason
        assert scales(world) == []
    else:
        assert world.rollout.state is State.SUCCEEDED


# ---------------------------------------------------------------- capacity, verification, observation


def test_a_candidate_that_never_becomes_ready_is_given_up_with_its_own_words() -> None:
    world = World(given.plan())
    world.never_ready = True
    rollout = world.run(beats=5000)
    assert rollout.state is State.ROLLED_BACK
    assert "1 ready instances" in rollout.reason
    assert "no answer" in rollout.reason
    assert routings(world) == []


def test_a_weight_waits_until_ready_instances_cover_it() -> None:
    world = World(given.plan(strategy=given.canary(CanaryStep(set_weight=100_000), CanaryStep(pause=timedelta(seconds=2)), CanaryStep(set_weight=300_000))))  # fmt: skip
    world.run(until=State.OBSERVING)
    world.instances[NEW][0].state = InstanceState.UNREADY
    world.run(until=State.PREPARING)
    assert world.rollout.waiting
    assert "to carry 30 %" in world.rollout.waiting.what
    world.instances[NEW][0].state = InstanceState.READY
    world.beat()
    assert world.rollout.state is State.SHIFTING


def test_a_slow_router_is_asked_once_more_and_then_traffic_goes_back() -> None:
    world = World(given.plan())
    world.run(until=State.SHIFTING)
    world.router.pending.clear()
    world.router.mode = "frozen"
    while world.rollout.phase != "back":
        world.beat()
    assert routings(world)[:2] == [[(NEW, 10, 1), (OLD, 90, 3)]] * 2
    assert "did not report generation 6" in world.rollout.reason


def test_one_worker_that_lags_is_not_verified() -> None:
    world = World(given.plan())
    world.run(until=State.SHIFTING)
    seen = world.look_route()
    lagging = messages.RouteSeen(
        type(seen)(seen.at, seen.proxy, (6, 5), seen.rejected, {NEW: 100_000, OLD: 900_000}, seen.counts)
    )
    world.feed(lagging)
    assert world.rollout.state is State.SHIFTING
    assert world.rollout.weights[NEW].verified is None


def test_a_rejected_configuration_goes_back_with_the_words_of_the_proxy() -> None:
    world = World(given.plan())
    world.beat()
    world.router.mode = "reject"
    world.run(until=State.ROLLING_BACK)
    assert world.rollout.reason.endswith("no cluster of that name")


def test_a_proxy_that_lies_about_the_split_is_held() -> None:
    world = World(given.plan())
    world.router.mode = "liar"
    assert world.run().state is State.HELD
    assert world.rollout.reason.startswith("sample ratio mismatch")


def test_traffic_on_the_wrong_side_at_100_percent_is_held() -> None:
    world = World(given.plan(strategy=Strategy("blue-green")))
    world.run(until=State.SHIFTING)
    world.router.mode = "liar"
    assert world.run().state is State.HELD
    assert "reached web-aaaaaaaaaaaa at 0 %" in world.rollout.reason


def test_a_split_that_goes_wrong_later_is_held_too() -> None:
    world = World(given.plan(), rate=2000.0)
    world.run(until=State.OBSERVING)
    world.router.mode = "liar"
    assert world.run().state is State.HELD
    assert "mismatch" in world.rollout.reason


def test_requests_that_were_on_their_way_when_the_weight_was_verified_do_not_count_against_it() -> None:
    world = World(given.plan(strategy=Strategy("blue-green")), rate=0)
    world.run(until=State.VERIFYING_ROUTE)
    world.router.started = {OLD: 3, NEW: 1}
    world.beat()
    world.rate = 400
    assert world.run(until=State.SOAKING).state is State.SOAKING


def test_a_quiet_service_is_observed_by_probes() -> None:
    world = World(given.plan(strategy=Strategy("blue-green"), objectives=()), rate=0)
    world.run(until=State.SOAKING)
    assert sum(isinstance(c, messages.SendProbes) for c in world.commands) == 1
    seen = world.rollout.weights[NEW].observed
    assert seen
    assert (seen.ppm, seen.requests) == (1_000_000, 20)


@pytest.mark.parametrize("policy", list(OnUnobservable))
def test_what_nobody_can_observe_is_left_to_the_policy(policy: OnUnobservable) -> None:
    world = World(given.plan(strategy=Strategy("blue-green"), objectives=(), on_unobservable=policy), rate=0)
    world.probes_answer = False
    world.run(until=State.SOAKING if policy is OnUnobservable.CONTINUE else State.HELD)
    assert world.rollout.weights[NEW].observed is None
    assert world.rollout.weights[NEW].verified == 1_000_000


def test_a_restarted_proxy_is_counted_from_its_own_start() -> None:
    world = World(given.plan(), rate=400)
    world.run(until=State.VERIFYING_ROUTE)
    world.router.proxy, world.router.started = "envoy-2", {}
    assert world.run(until=State.OBSERVING).state is State.OBSERVING


def test_a_sticky_service_is_judged_by_new_users_only() -> None:
    made = given.service(sticky=Sticky("salt", cookie="who"))
    world = World(given.plan(of=made), rate=0)
    world.run(until=State.VERIFYING_ROUTE)
    seen = world.look_route()
    from seaway.model.routing import Counts

    uneven = {NEW: Counts(900, 0, 11), OLD: Counts(100, 0, 89)}
    world.feed(messages.RouteSeen(type(seen)(seen.at, seen.proxy, seen.workers, 0, seen.weights, uneven)))
    assert world.rollout.weights[NEW].observed
    assert world.rollout.weights[NEW].observed.requests == 100


def test_a_changed_weight_is_put_right_and_the_third_time_held() -> None:
    world = World(
        given.plan(strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(pause=timedelta(minutes=5))))
    )
    world.run(until=State.OBSERVING)
    for _ in range(3):
        world.router.overruled = {NEW: 900_000, OLD: 100_000}
        for _ in range(3):
            world.beat()
    assert world.rollout.state is State.HELD
    assert "behind Seaway's back 3 times" in world.rollout.reason
    assert emitted(world).count("problem") == 3


def test_a_dead_instance_leaves_the_routing_and_a_new_one_joins_it() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    first = world.instances[OLD][0]
    first.state = InstanceState.UNREADY
    world.beat()
    assert routings(world)[-1] == [(NEW, 10, 1), (OLD, 90, 2)]
    first.state = InstanceState.READY
    world.beat()
    world.beat()
    assert routings(world)[-1] == [(NEW, 10, 1), (OLD, 90, 3)]


def test_flapping_health_is_held() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    for state in (InstanceState.UNREADY, InstanceState.READY) * 2:
        world.instances[NEW][0].state = state
        world.beat(0.05)
    assert world.rollout.state is State.HELD
    assert "flaps" in world.rollout.reason


def test_a_candidate_that_fails_for_good_goes_back_with_the_reason() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    world.instances[NEW][0].state = InstanceState.FAILED
    world.beat()
    assert (world.rollout.state, world.rollout.phase) == (State.ROLLING_BACK, "back")
    assert world.rollout.reason == "the candidate's instances failed: no answer"


def test_a_candidate_in_traffic_without_a_ready_instance_goes_back_after_a_moment() -> None:
    world = World(
        given.plan(strategy=given.canary(CanaryStep(set_weight=100_000), CanaryStep(pause=timedelta(minutes=5))))
    )
    world.run(until=State.OBSERVING)
    world.instances[NEW][0].state = InstanceState.UNREADY
    world.run()
    assert world.rollout.state is State.ROLLED_BACK
    assert "no candidate instance has been ready for 10 s" in world.rollout.reason


def test_a_sick_stable_never_blocks_the_fix() -> None:
    world = World(given.plan())
    for one in world.instances[OLD]:
        one.state = InstanceState.UNREADY
    assert world.run().state is State.SUCCEEDED


# ---------------------------------------------------------------- looks without news, cadence


@pytest.mark.parametrize("state", [State.OBSERVING, State.SOAKING])
def test_a_look_without_news_changes_nothing(state: State) -> None:
    world = World(given.plan(), rate=0)
    world.run(until=state)
    world.beat(0.01)
    before, transitions = world.rollout, world.transitions
    for _ in range(20):
        world.beat(0.01)
    assert world.rollout is before
    assert world.transitions == transitions


def test_a_whole_canary_is_a_few_dozen_transitions() -> None:
    world = World(given.plan())
    world.run()
    assert world.transitions < 45


def test_looks_are_fast_only_where_time_counts() -> None:
    world = World(given.plan())
    assert wants(World(given.plan(gates=(Gate("approval"),))).rollout).every == 1.0
    seen = {}
    while not world.rollout.state.terminal:
        seen.setdefault(world.rollout.state, wants(world.rollout))
        world.beat()
    assert seen[State.SHIFTING].every == seen[State.VERIFYING_ROUTE].every == 0.02
    assert seen[State.PREPARING].every == seen[State.DRAINING].every == 0.05
    assert seen[State.OBSERVING].every == 1.0
    assert [seen[s].guards for s in (State.PREPARING, State.OBSERVING, State.SOAKING)] == [False, True, True]
    assert wants(world.rollout).instances is False


def test_the_before_command_is_looked_at_while_it_runs() -> None:
    world = World(given.plan(of=given.service(before=Before(("./migrate",), RollbackClass.REVERT))))
    assert wants(world.rollout).job == "ro-test-before"


def test_an_ended_rollout_takes_its_losses_and_nothing_else() -> None:
    world = World(given.plan())
    world.router.active = {OLD: 2}
    rollout = world.run()
    assert rollout.loss
    assert rollout.loss.cut == rollout.cut == 2
    for event in (messages.Abort("ada"), messages.InstancesSeen(()), messages.RouteSeen(world.look_route())):
        world.feed(event)
    assert world.rollout is rollout


# ---------------------------------------------------------------- verdicts


def test_an_analysis_ends_as_soon_as_every_guard_passes() -> None:
    world = World(
        given.plan(strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(analysis=timedelta(minutes=10))))
    )
    world.run()
    assert world.rollout.state is State.SUCCEEDED
    assert (world.now - given.NOW) < timedelta(seconds=60)


@pytest.mark.parametrize("outcome", [Outcome.NO_DATA, Outcome.ERROR, None])
def test_an_analysis_without_evidence_is_held_at_its_end(outcome: Outcome | None) -> None:
    world = World(
        given.plan(strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(analysis=timedelta(seconds=9))))
    )
    world.verdict = outcome
    assert world.run().state is State.HELD
    assert (outcome or Outcome.NO_DATA).value in world.rollout.reason
    assert world.now - given.NOW >= timedelta(seconds=9)


def test_an_inconclusive_analysis_is_extended_only_so_long() -> None:
    world = World(
        given.plan(strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(analysis=timedelta(seconds=5))))
    )
    world.verdict = Outcome.INCONCLUSIVE
    assert world.run().state is State.HELD
    assert "after 20 s more" in world.rollout.reason


def test_a_failing_guard_turns_it_back_at_once() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    world.verdict = Outcome.FAIL
    began = world.now
    world.run(until=State.DRAINING)
    assert world.weights() == {NEW: 0, OLD: 1_000_000}
    assert (world.now - began).total_seconds() < 1.5


def test_guards_do_not_count_before_the_candidate_has_traffic() -> None:
    world = World(given.plan(strategy=Strategy("blue-green", auto_promotion_after=timedelta(seconds=5))))
    world.run(until=State.OBSERVING)
    verdict = world._verdict("success")
    world.feed(messages.VerdictSeen((type(verdict)("success", Outcome.FAIL, world.now, "noise"),)))
    assert world.rollout.verdicts == ()


def test_a_quiet_soak_ends() -> None:
    world = World(given.plan(strategy=Strategy("blue-green")))
    world.verdict = Outcome.NO_DATA
    assert world.run().state is State.SUCCEEDED
