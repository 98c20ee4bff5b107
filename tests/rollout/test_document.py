"""The document of a rollout, whose keys are a contract, and the lines of `why`."""

from __future__ import annotations

import json
from datetime import timedelta

from rollout import given
from rollout.test_forward import NEW, OLD
from rollout.world import World
from seaway.model.environment import CanaryStep
from seaway.model.plan import Analysis, Approval, Hold, Pause, PauseUntil, Preview, Promote, RunBefore, Soak, TakeOver
from seaway.model.rollout import State
from seaway.model.service import Before, RollbackClass
from seaway.model.verdict import Outcome
from seaway.rollout import document
from seaway.rollout.admission import Admission
from seaway.rollout.why import why


def test_the_contract_keys_are_there_and_known() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    made = document.render(world.rollout)
    assert made["format"] == "seaway.rollout/v1"
    assert made["revisions"] == {"stable": OLD, "candidate": NEW}
    assert made["weights"][NEW]["set"] == made["weights"][NEW]["verified"] == 100_000
    assert set(made["weights"][NEW]["observed"]) == {"ppm", "requests"}
    assert set(made["waiting"]) == {"for", "owner", "until", "then"}
    assert set(made["loss"]) >= {"served", "failed", "retried", "cut", "unseen_s"}
    assert made["steps"][0] == {
        "kind": "scale", "text": "scale candidate 1, stable 3", "outcome": "done",
        "started": "2026-01-01T00:00:00Z", "ended": made["steps"][0]["ended"],
    }  # fmt: skip
    assert json.loads(json.dumps(made)) == made


def test_what_is_not_known_is_null_and_never_zero() -> None:
    world = World(given.plan())
    made = document.render(world.rollout)
    assert made["loss"]["failed"] is None
    assert made["weights"][NEW] == {"set": 0, "verified": None, "observed": None}


def test_an_ended_rollout_has_its_losses_and_waits_for_nothing() -> None:
    made = document.render(World(given.plan()).run())
    assert made["loss"]["failed"] == 0
    assert (made["waiting"], made["state"]) == (None, "succeeded")
    assert made["ended"]


def test_every_kind_of_step_has_words() -> None:
    until = given.NOW
    before = Before(("./migrate", "--all"), RollbackClass.REVERT)
    words = {
        "approval by 1 of anyone": Approval(),
        "wait until 2026-01-01T00:00:00Z": PauseUntil(until),
        "run ./migrate --all": RunBefore(before),
        "take the port over from pid 4242": TakeOver(given.OWNER),
        "preview on next.example": Preview("next.example"),
        "pause 5m": Pause(timedelta(minutes=5)),
        "pause until promoted": Pause(),
        "analysis, at most 30s": Analysis(timedelta(seconds=30)),
        "hold: look": Hold("look"),
        "promote": Promote(),
        "soak 1h": Soak(timedelta(hours=1)),
    }
    assert [document.step_text(step) for step in words.values()] == list(words)


def test_why_prints_the_whole_chain() -> None:
    world = World(
        given.plan(strategy=given.canary(CanaryStep(set_weight=500_000), CanaryStep(analysis=timedelta(seconds=5))))
    )
    world.verdict = Outcome.NO_DATA
    world.run()
    assert world.rollout.since
    text = "\n".join(why(world.rollout, world.rollout.since + timedelta(minutes=10)))
    for part in (
        "ro-test is held, for 10m",
        "because: success: no_data (simulated no_data)",
        "at step 3 of 7: analysis, at most 5s",
        "waits for: a decision: resume, promote or abort",
        "who can end it: a person",
        "(in 50m)",
        "then: traffic goes back to stable",
        f"traffic: {NEW} set 50 %, verified 50 %, observed",
        "guard success: no data, simulated no_data",
        "next: scale candidate 3, stable 3",
    ):
        assert part in text


def test_why_says_what_a_queued_rollout_waits_for() -> None:
    world = World(given.plan(gates=(given.APPROVAL,)))
    waiting = world.rollout.waiting
    assert waiting
    said = Admission("wait", waiting=type(waiting)("ro-1 to end", "the engine", world.now, "it ends"))
    assert "waits for: ro-1 to end" in why(world.rollout, world.now, admission=said)
    assert any("ago)" in line for line in why(world.rollout, world.now + timedelta(days=3)))


def test_why_of_an_ended_rollout_is_short() -> None:
    world = World(given.plan())
    world.run()
    lines = why(world.rollout, world.now)
    assert lines[0] == "ro-test has succeeded"
    assert len(world.rollout.verdicts) > 1
    assert sum(line.startswith("guard success:") for line in lines) == 1  # the newest of each
    assert not any(line.startswith(("next", "waits")) for line in lines)


def test_why_on_the_way_back_says_where_it_goes() -> None:
    world = World(given.plan())
    world.run(until=State.OBSERVING)
    world.verdict = Outcome.FAIL
    world.run(until=State.ROLLING_BACK)
    assert "next: traffic back to stable, then the candidate stops" in why(world.rollout, world.now)
