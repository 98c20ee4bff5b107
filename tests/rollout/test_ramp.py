"""The ramp in the state machine: what moves the weight, what ends it, and what never happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout import given
from rollout.world import Broken, World
from seaway.model import weight
from seaway.model.analysis import Underpowered
from seaway.model.instance import InstanceState
from seaway.model.plan import Analysis, Ramp
from seaway.model.rollout import State
from seaway.model.verdict import Outcome, Reaction
from seaway.rollout import judging, messages, ramping
from seaway.rollout.why import why


@pytest.fixture
def world() -> World:
    """A ramp that has begun, and has asked for no weight yet."""
    made = World(given.plan(strategy=given.ramp(), judging=given.JUDGING, objectives=()))
    made.verdict = None
    while made._step() is None or not isinstance(made._step(), Ramp):
        made.beat()
    return made


def ask(world: World, ppm: int) -> None:
    world.feed(messages.RampDue(ppm))
    for _ in range(3):
        seen = world.look_route()
        world._live()
        world.feed(messages.RouteSeen(seen))
        world.now += timedelta(milliseconds=5)
        world.time += timedelta(milliseconds=5)


def now(world: World) -> int:
    return world.rollout.weights[world.plan.candidate.id].set


def test_the_weight_follows_up_and_down_and_each_is_verified(world: World) -> None:
    for ppm in (1_000, 4_000, 400_000, 20_000):
        ask(world, ppm)
        assert now(world) == ppm
        assert world.rollout.weights[world.plan.candidate.id].verified == ppm
        assert world.rollout.state is State.OBSERVING


def test_the_next_weight_waits_until_the_last_one_is_verified(world: World) -> None:
    world.router.mode = "frozen"
    ask(world, 1_000)
    ask(world, 4_000)
    assert (now(world), world.rollout.state) == (1_000, State.SHIFTING)


def test_small_changes_cost_no_shift(world: World) -> None:
    ask(world, 100_000)
    before = world.rollout.generation
    ask(world, 109_000)
    ask(world, 91_001)
    assert world.rollout.generation == before
    ask(world, 111_000)
    assert world.rollout.generation == before + 1


def test_it_never_exceeds_its_limit_nor_its_instances(world: World) -> None:
    ask(world, 900_000)
    assert now(world) == 500_000
    for one in world.instances[world.plan.candidate.id][1:]:
        one.state = InstanceState.UNREADY
    world.feed(messages.InstancesSeen(world._looked()))
    ask(world, 200_000)
    ask(world, 900_000)
    assert now(world) == weight.WHOLE // 3


def test_a_ramp_that_forgot_its_instances_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the world counts the instances itself."""
    monkeypatch.setattr(ramping, "_covered", lambda turn: weight.WHOLE)
    for one in world.instances[world.plan.candidate.id][1:]:
        one.state = InstanceState.UNREADY
    world.feed(messages.InstancesSeen(world._looked()))
    with pytest.raises(Broken, match="invariant 2"):
        ask(world, 500_000)


def test_a_pass_ends_it_and_everything_goes_to_100_percent(world: World) -> None:
    ask(world, 100_000)
    world.verdict = Outcome.PASS
    assert world.run().state is State.SUCCEEDED
    assert world.rollout.steps[1].outcome == "done"


def test_harm_brings_everything_back_at_once(world: World) -> None:
    ask(world, 100_000)
    world.verdict = Outcome.FAIL
    assert world.run().state is State.ROLLED_BACK
    assert world.rollout.reason.startswith("judge: ")


def test_without_a_proof_it_is_extended_and_then_held(world: World) -> None:
    ask(world, 100_000)
    world.verdict = Outcome.INCONCLUSIVE
    held = world.run()
    assert held.state is State.HELD
    assert "judge: inconclusive" in held.reason
    assert "after 8 s more" in held.reason
    assert now(world) < weight.WHOLE


@pytest.mark.parametrize(
    ("kind", "few"),
    [
        (Underpowered.HOLD, Reaction.HOLD),
        (Underpowered.EXTEND, Reaction.EXTEND),
        (Underpowered.LOAD, Reaction.CONTINUE),
    ],
)
def test_an_underpowered_canary_never_slides_through_a_lenient_policy(kind: Underpowered, few: Reaction) -> None:
    lenient = replace(given.JUDGING, on_inconclusive=Reaction.CONTINUE, on_no_data=Reaction.CONTINUE, underpowered=kind)
    made = given.plan(strategy=given.ramp(), judging=lenient, objectives=())
    strict, sure = (judging.voters(replace(made, underpowered=under))[0].reactions for under in (True, False))
    assert (strict[Outcome.NO_DATA], strict[Outcome.INCONCLUSIVE]) == (few, few)
    assert (sure[Outcome.NO_DATA], sure[Outcome.INCONCLUSIVE]) == (Reaction.CONTINUE, Reaction.CONTINUE)


def test_a_pause_watches_for_harm_and_asks_for_no_proof() -> None:
    made = World(given.plan(judging=given.JUDGING, objectives=()))
    made.verdict = Outcome.INCONCLUSIVE
    made.run()
    assert made.rollout.state is State.HELD  # by the analysis at the end, not by the pause before it
    assert isinstance(made._step(), Analysis)
    assert [record.outcome for record in made.rollout.steps if record.outcome] == ["done"] * made.rollout.step


def test_a_person_may_end_it(world: World) -> None:
    ask(world, 100_000)
    world.feed(messages.PromoteNow("ada"))
    world.verdict = Outcome.PASS
    assert world.run().state is State.SUCCEEDED
    assert world.rollout.steps[1].outcome == "skipped"


def test_a_hold_keeps_the_time_that_was_left(world: World) -> None:
    ask(world, 100_000)
    world.feed(messages.PauseNow("ada"))
    world.now += timedelta(seconds=600)
    world.feed(messages.Resume("ada"))
    assert world.rollout.state is State.OBSERVING
    ask(world, 200_000)
    assert world.rollout.deadline is not None
    assert timedelta() < world.rollout.deadline - world.now <= timedelta(seconds=6)


def test_what_the_router_rounded_is_said(world: World) -> None:
    world.feed(messages.RampDue(10_000, "the router's smallest step is 1 %"))
    ask(world, 10_000)
    assert any("smallest step is 1 %" in line for line in why(world.rollout, world.now))


def test_a_ramp_that_is_over_moves_nothing(world: World) -> None:
    ask(world, 100_000)
    world.verdict = Outcome.FAIL
    world.run()
    before = world.rollout
    world.feed(messages.RampDue(400_000))
    assert world.rollout == before
