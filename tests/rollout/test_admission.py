"""Who may begin: one active rollout per service and environment, by the declared policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rollout import given
from rollout.world import World
from seaway.model.environment import CanaryStep, Concurrency
from seaway.model.rollout import Rollout, State
from seaway.model.service import Before, RollbackClass
from seaway.plan.identity import plan_hash
from seaway.rollout import messages
from seaway.rollout.admission import admission, is_admitted
from seaway.rollout.begin import begin

LATER = given.NOW + timedelta(minutes=1)


def newcomer(name: str = "ro-2", *, at=LATER, origin: str = "person", **changes) -> Rollout:  # type: ignore[no-untyped-def]
    plan = given.plan(**changes)
    return begin(name, plan, plan_hash(plan), "grace", at, origin=origin)


def running(until: State = State.OBSERVING, **changes) -> Rollout:  # type: ignore[no-untyped-def]
    world = World(given.plan(**changes))
    return world.run(until=until)


HERE = given.placement(given.revision("a"))


def test_alone_it_is_admitted() -> None:
    assert admission(newcomer(), (), HERE, LATER).action == "admit"


def test_by_default_a_newer_release_supersedes_the_one_that_runs_and_then_waits() -> None:
    active = running()
    said = admission(newcomer(), (active,), HERE, LATER)
    assert (said.action, said.supersede) == ("supersede", (active.id,))
    assert said.waiting
    assert said.waiting.what == "ro-test to give way"


def test_one_that_is_on_its_way_back_is_only_waited_for() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    world.feed(messages.Abort("ada"))
    assert admission(newcomer(), (world.rollout,), HERE, LATER).action == "wait"


def test_a_queue_waits_and_a_reject_refuses() -> None:
    active = running()
    queued = admission(newcomer(concurrency=Concurrency.QUEUE), (active,), HERE, LATER)
    assert (queued.action, queued.reason) == ("wait", "ro-test to end")
    refused = admission(newcomer(concurrency=Concurrency.REJECT), (active,), HERE, LATER)
    assert refused.action == "refuse"
    assert "ro-test is not over yet" in refused.reason


def test_of_two_that_wait_the_newer_one_goes_first_and_supersedes_the_older() -> None:
    older, newer = newcomer("ro-2"), newcomer("ro-3", at=LATER + timedelta(seconds=1))
    assert admission(newer, (older,), HERE, LATER).supersede == ("ro-2",)
    assert admission(older, (newer,), HERE, LATER).action == "wait"


def test_queued_ones_keep_their_order() -> None:
    older = newcomer("ro-2", concurrency=Concurrency.QUEUE)
    newer = newcomer("ro-3", at=LATER + timedelta(seconds=1), concurrency=Concurrency.QUEUE)
    assert admission(older, (newer,), HERE, LATER).action == "admit"
    assert admission(newer, (older,), HERE, LATER).action == "wait"


def test_a_release_that_went_forward_only_is_left_to_a_person() -> None:
    made = given.service(before=Before(("./migrate",), RollbackClass.FORWARD_ONLY))
    held = running(State.HELD, of=made, strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(hold="look")))
    said = admission(newcomer(), (held,), HERE, LATER)
    assert said.action == "wait"
    assert said.waiting
    assert said.waiting.owner == "a person"


def test_a_plan_for_another_stable_revision_is_stale() -> None:
    said = admission(newcomer(), (), given.placement(given.revision("c")), LATER)
    assert said.action == "refuse"
    assert "stale" in said.reason
    assert admission(newcomer(first=True), (), HERE, LATER).action == "refuse"


def test_an_abort_holds_automatic_and_queued_releases_and_not_a_persons_next_one() -> None:
    held = replace(HERE, held="aborted by ada")
    assert admission(newcomer(origin="automatic"), (), held, LATER).action == "wait"
    assert admission(newcomer(), (), held, LATER).action == "admit"
    aborted = replace(running(), state=State.ROLLED_BACK, ended=LATER + timedelta(seconds=5))
    assert admission(newcomer(), (aborted,), held, LATER).action == "wait"


def test_a_freeze_holds_everybody() -> None:
    assert admission(newcomer(), (), replace(HERE, held="freeze: ro-1 is held"), LATER).action == "wait"


def test_a_rollout_that_is_never_admitted_ends() -> None:
    waiting = newcomer()
    assert not is_admitted(waiting)
    assert waiting.waiting
    assert waiting.deadline
    from seaway.rollout.decide import decide

    ended, _ = decide(waiting, messages.DeadlinePassed(waiting.deadline), waiting.deadline)
    assert (ended.state, ended.reason) == (State.FAILED, "it was not admitted in time")
