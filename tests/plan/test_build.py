"""Plans of every strategy: what happens, in which order, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given as random_given
from hypothesis import settings
from hypothesis import strategies as st

from rollout import given
from rollout.world import World
from seaway.errors import PlanRefused, UnknownName
from seaway.model import weight
from seaway.model.environment import CanaryStep, Environment, Gate, Strategy
from seaway.model.plan import (
    Analysis,
    Approval,
    Hold,
    Pause,
    PauseUntil,
    Plan,
    Preview,
    Promote,
    RunBefore,
    Scale,
    SetWeight,
    Soak,
    TakeOver,
)
from seaway.model.rollout import State
from seaway.model.service import Before, RollbackClass
from seaway.plan import rolling
from seaway.plan.build import build
from seaway.plan.identity import plan_hash
from seaway.plan.undo import undo

END = (Promote(), Soak(timedelta(seconds=4)))


def sized(replicas: int) -> Plan:
    return given.plan(of=given.service(replicas=replicas), old_replicas=replicas)


def test_a_canary_brings_up_what_each_weight_needs() -> None:
    assert given.plan().steps == (
        Scale(1, 3),
        SetWeight(100_000),
        Pause(timedelta(seconds=3)),
        Scale(2, 3),
        SetWeight(500_000),
        Analysis(timedelta(seconds=5)),
        Scale(3, 3),
        SetWeight(1_000_000),
        *END,
    )


def test_a_canary_with_waits_for_people_carries_their_deadline() -> None:
    written = (CanaryStep(set_weight=1_000_000), CanaryStep(hold="look"), CanaryStep(pause_until_promoted=True))
    made = given.plan(strategy=replace(given.canary(*written), deadline=timedelta(minutes=7)))
    assert made.steps[2:4] == (Hold("look", timedelta(minutes=7)), Pause(None, timedelta(minutes=7)))


def test_blue_green_has_a_preview_and_switches_by_itself_or_by_a_person() -> None:
    auto = Strategy("blue-green", preview_host="next.example", auto_promotion_after=timedelta(minutes=1))
    assert given.plan(strategy=auto).steps == (
        Scale(3, 3), Preview("next.example"), Pause(timedelta(minutes=1)), SetWeight(1_000_000), *END,
    )  # fmt: skip
    manual = given.plan(strategy=Strategy("blue-green", auto_promotion=False))
    assert manual.steps[1] == Pause(None, timedelta(hours=1))


def test_rolling_replaces_as_many_as_it_may() -> None:
    assert given.plan(strategy=Strategy("rolling", max_surge="2")).steps == (
        Scale(2, 3), SetWeight(666_666), Scale(2, 1), Scale(3, 1), SetWeight(1_000_000), *END,
    )  # fmt: skip


def test_rolling_without_surge_takes_old_ones_away_first() -> None:
    assert given.plan(strategy=Strategy("rolling", max_surge="0", max_unavailable="1")).steps == (
        Scale(0, 2),
        Scale(1, 2),
        SetWeight(333_333),
        Scale(1, 1),
        Scale(2, 1),
        SetWeight(666_666),
        SetWeight(1_000_000, instances=2),
        Scale(2, 0),
        Scale(3, 0),
        SetWeight(1_000_000),
        *END,
    )


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "expected"),
    [
        ("25%", "25%", 10, (3, 2)),
        ("25%", "0", 1, (1, 0)),
        ("1", "100%", 3, (1, 2)),
        ("100%", "0", 3, (3, 0)),
        ("10%", "10%", 10, (1, 1)),
    ],
)
def test_percents_are_rounded_as_argo_rollouts_does(
    surge: str, unavailable: str, replicas: int, expected: tuple[int, int]
) -> None:
    assert rolling.limits(Strategy("rolling", max_surge=surge, max_unavailable=unavailable), replicas) == expected


@pytest.mark.parametrize(
    ("surge", "unavailable", "words"),
    [
        ("0", "0", "let none of 3"),
        ("0", "10%", "let none of 3"),
        ("many", "0", "not a number"),
        ("-1", "0", "below zero"),
        ("inf%", "0", "not a number"),
    ],
)
def test_limits_that_move_nothing_or_make_no_sense_are_refused(surge: str, unavailable: str, words: str) -> None:
    with pytest.raises(PlanRefused, match=words):
        given.plan(strategy=Strategy("rolling", max_surge=surge, max_unavailable=unavailable))


@settings(derandomize=True, deadline=None, max_examples=60)
@random_given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 5), st.integers(0, 5))
def test_rolling_keeps_its_limits_at_every_step(replicas: int, old: int, surge: int, unavailable: int) -> None:
    if not surge and not min(unavailable, replicas - 1):
        return
    made = given.service(replicas=replicas)
    here = given.placement(given.revision("a", made), replicas=old)
    strategy = Strategy("rolling", max_surge=str(surge), max_unavailable=str(unavailable))
    plan = build(made, given.environment(strategy=strategy), given.revision("b", made), here, now=given.NOW)
    new = 0
    for step in plan.steps:
        if isinstance(step, Scale):
            grows = step.candidate > new
            new = step.candidate
            assert not grows or step.candidate + step.stable <= max(replicas + surge, old)
            assert step.candidate + step.stable >= min(replicas - min(unavailable, replicas - 1), old)
    assert new == replicas


@settings(derandomize=True, deadline=None, max_examples=40)
@random_given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["rolling", "blue-green", "canary"]))
def test_every_plan_that_is_made_can_be_carried_out(replicas: int, old: int, kind: str) -> None:
    strategy = given.canary() if kind == "canary" else Strategy(kind)
    world = World(given.plan(of=given.service(replicas=replicas), old_replicas=old, strategy=strategy))
    assert world.run().state is State.SUCCEEDED


@pytest.mark.parametrize("ppm", [100_000, 50_000])
def test_weights_that_do_not_grow_are_refused(ppm: int) -> None:
    with pytest.raises(PlanRefused, match=r"step 2 sets the weight to .* after 10 %"):
        given.plan(strategy=given.canary(CanaryStep(set_weight=100_000), CanaryStep(set_weight=ppm)))


def test_a_step_that_says_nothing_and_an_unknown_strategy_are_refused() -> None:
    with pytest.raises(PlanRefused, match="step 1 of the canary says nothing"):
        given.plan(strategy=given.canary(CanaryStep()))
    with pytest.raises(UnknownName, match="blue-green, canary, rolling"):
        given.plan(strategy=Strategy("yolo"))


def test_an_analysis_without_guards_is_refused() -> None:
    with pytest.raises(PlanRefused, match="without them nothing could ever pass"):
        given.plan(objectives=())


def test_a_first_release_takes_the_short_way_and_says_so() -> None:
    made = given.plan(first=True)
    assert made.steps == (Scale(3, 0), SetWeight(1_000_000), *END)
    assert made.basis == ""
    assert "first release here" in made.warnings[0]


def test_a_take_over_comes_right_before_the_first_traffic_and_is_warned_of_first() -> None:
    made = given.plan(first=True, owner=given.OWNER)
    assert [step.kind for step in made.steps] == ["scale", "take_over", "set_weight", "promote", "soak"]
    assert made.steps[1] == TakeOver(given.OWNER)
    assert made.warnings[0].startswith("takes port 127.0.0.1:8080 over from `python old.py` (pid 4242, ada)")


def test_gates_come_first_and_a_moment_that_has_passed_is_no_gate() -> None:
    until = given.NOW + timedelta(hours=1)
    gates = (Gate("approval", approvers=("grace",)), Gate("until", until=until), Gate("until", until=given.NOW))
    assert given.plan(gates=gates).steps[:3] == (Approval(approvers=("grace",)), PauseUntil(until), Scale(1, 3))


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (Gate("approval", required=2), "knows one: its owner"),
        (Gate("approval", required=0), "gates nothing"),
        (Gate("until"), "names none"),
    ],
)
def test_a_gate_that_nobody_can_open_is_refused_at_plan_time(gate: Gate, words: str) -> None:
    with pytest.raises(PlanRefused, match=words):
        given.plan(gates=(gate,))


def test_an_unknown_gate_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="approval, until"):
        given.plan(gates=(Gate("prayer"),))


@pytest.mark.parametrize(
    ("kind", "words"),
    [(RollbackClass.FORWARD_ONLY, "held for a person"), (RollbackClass.FREEZE, "no other release starts")],
)
def test_a_before_step_comes_first_and_its_class_is_said(kind: RollbackClass, words: str) -> None:
    before = Before(("./migrate",), kind)
    made = given.plan(of=given.service(before=before))
    assert made.steps[0] == RunBefore(before)
    assert any(words in warning for warning in made.warnings)


def test_the_same_revision_is_nothing_to_do_and_another_number_only_scales() -> None:
    made = given.service()
    here = given.placement(given.revision("a", made))
    with pytest.raises(PlanRefused, match="nothing to do"):
        build(made, given.environment(), given.revision("a", made), here, now=given.NOW)
    more = given.service(replicas=5, before=Before(("./migrate",), RollbackClass.REVERT))
    scaled = build(more, given.environment(), given.revision("a", more), here, now=given.NOW)
    assert scaled.steps == (Scale(5, 0), SetWeight(1_000_000), *END)
    assert (scaled.strategy, scaled.stable and scaled.stable.service.replicas) == ("scale", 3)


def test_a_worker_is_rolled_without_weights_and_guards() -> None:
    made = given.plan(of=given.service(worker=True, routes=()))
    assert (made.gateway, made.router, made.metrics, made.guards) == (None, "", "", ())
    assert {step.kind for step in made.steps} == {"scale", "promote", "soak"}
    assert any("a worker has no traffic" in warning for warning in made.warnings)


def test_stable_is_planned_with_the_number_that_runs_now() -> None:
    made = given.plan(old_replicas=7)
    assert made.stable
    assert made.stable.service.replicas == 7
    assert made.steps[0] == Scale(1, 7)


def test_no_soak_is_no_step_and_no_replicas_no_plan() -> None:
    assert given.plan(soak=timedelta()).steps[-1] == Promote()
    with pytest.raises(PlanRefused, match="seaway down"):
        sized(0)


def test_two_guards_of_one_name_are_refused() -> None:
    with pytest.raises(PlanRefused, match="same name"):
        given.plan(objectives=(given.SUCCESS, given.SUCCESS))


def test_what_is_not_guarded_or_cannot_be_restored_is_said() -> None:
    in_place = replace(given.revision("a"), immutable=False)
    env = given.environment(objectives=(), strategy=Strategy("canary"))
    made = build(given.service(), env, given.revision("b"), given.placement(in_place), now=given.NOW)
    text = " ".join(made.warnings)
    for part in ("no objectives", "100 % at once", "runs in place"):
        assert part in text
    longer = given.plan(objectives=(replace(given.SUCCESS, window=timedelta(hours=1)),))
    assert any("longer than the soak" in warning for warning in longer.warnings)


# ---------------------------------------------------------------- undo


def back_to(letter: str = "", **changes) -> Plan:  # type: ignore[no-untyped-def]
    history = (given.revision("b"), given.revision("c"))
    here = given.placement(given.revision("a"), replicas=4, history=history, **changes)
    environment = given.environment(gates=(given.APPROVAL,))
    return undo(environment, here, to=f"web-{letter * 12}" if letter else "", now=given.NOW)


def test_undo_goes_to_the_previous_or_a_named_revision_at_once() -> None:
    made = back_to()
    assert made.steps == (Scale(4, 4), SetWeight(weight.WHOLE), *END)
    assert (made.candidate.id, made.undo, made.strategy) == ("web-bbbbbbbbbbbb", True, "undo")
    assert back_to("c").candidate.id == "web-cccccccccccc"
    assert World(made).run().state is State.SUCCEEDED


def test_undo_lists_what_it_knows() -> None:
    with pytest.raises(UnknownName, match="web-bbbbbbbbbbbb, web-cccccccccccc"):
        back_to("d")


def test_undo_of_nothing_is_refused() -> None:
    with pytest.raises(PlanRefused, match="nothing of web runs"):
        undo(given.environment(), given.placement(None), now=given.NOW)
    with pytest.raises(PlanRefused, match="no earlier revision"):
        undo(given.environment(), given.placement(given.revision("a")), now=given.NOW)


def test_undo_refuses_what_it_could_not_restore_whole() -> None:
    in_place = given.placement(given.revision("a"), history=(replace(given.revision("b"), immutable=False),))
    with pytest.raises(PlanRefused, match="ran in place"):
        undo(given.environment(), in_place, now=given.NOW)
    migrated = given.revision("a", given.service(before=Before(("./migrate",), RollbackClass.FORWARD_ONLY)))
    with pytest.raises(PlanRefused, match="forward-only"):
        undo(given.environment(), given.placement(migrated, history=(given.revision("b"),)), now=given.NOW)


def test_undo_of_a_worker_replaces_its_instances() -> None:
    worker = given.service(worker=True, routes=())
    here = given.placement(given.revision("a", worker), history=(given.revision("b", worker),))
    made = undo(given.environment(), here, now=given.NOW)
    assert made.steps[:2] == (Scale(3, 3), Scale(3, 0))
    assert World(made).run().state is State.SUCCEEDED


def test_the_hash_is_of_the_whole_plan() -> None:
    assert plan_hash(given.plan()) == plan_hash(given.plan())
    assert plan_hash(given.plan()) != plan_hash(given.plan(soak=timedelta(seconds=5)))
    assert isinstance(given.environment(), Environment)
