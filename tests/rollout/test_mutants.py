"""The negative control of the state machine: it must catch a `decide` that was broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rollout import machine, test_forward
from rollout.machine import Anything
from seaway.model.rollout import State
from seaway.rollout import back, decide, hold, instances, judging, leave, people, routes, steps
from seaway.rollout.turn import Turn

SEARCH = settings(
    max_examples=400,
    stateful_step_count=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _drop_the_wait(turn: Turn, what: str, until: Any, then: str, *, owner: str = "") -> None:
    """A wait that nobody ends."""


def _remove_at_once(turn: Turn, side: Any) -> None:
    turn.enter(State.DRAINING)
    leave.remove(turn, side)


def _stop_at_once(turn: Turn, side: Any) -> None:
    leave.stop(turn, side)


def _forget_to_stop(turn: Turn, side: Any) -> None:
    turn.enter(State.DRAINING)
    turn.remember({"stage": "stop", "stopped": True})
    turn.wait("nothing", timedelta(seconds=1), "nothing")


def _stable_first(turn: Turn) -> tuple[Any, ...]:
    sides = [turn.old, turn.candidate] if turn.old else [turn.candidate]
    return tuple(side for side in sides if side and not turn.flag(f"out.{side.id}"))


def _deaf(rollout: Any, event: Any) -> str:
    return "not now" if event.kind == "abort" and rollout.state is State.OBSERVING else _refusal(rollout, event)


def _placed_wrong(turn: Turn) -> Any:
    return type(made := _placement(turn))("candidate", made.replicas, made.warm, made.held)


_refusal, _placement = people.refusal, hold.placement

MUTANTS: dict[str, tuple[Any, str, Callable[..., Any], str]] = {
    "goes back without capacity": (back, "_covered", lambda turn: True, "rolling"),
    "believes a weight without reading it back": (routes, "_matches", lambda turn, seen: True, "canary"),
    "takes a side out before it has drained": (leave, "drain", _remove_at_once, "blue-green"),
    "stops instances before the router has let go": (leave, "remove", _stop_at_once, "blue-green"),
    "passes an analysis without a pass": (judging, "all_pass", lambda turn: True, "close"),
    "ends a ramp without a pass": (judging, "all_pass", lambda turn: True, "ramp"),
    "waits without a deadline": (Turn, "wait", _drop_the_wait, "canary"),
    "puts stable before the candidate": (routes, "members", _stable_first, "canary"),
    "does not hear an abort while it observes": (people, "refusal", _deaf, "canary"),
    "records the candidate as stable too early": (hold, "placement", _placed_wrong, "canary"),
    "goes on without the approval": (steps, "approvals", lambda turn: 99, "gated"),
    "leaves the candidate running": (leave, "stop", _forget_to_stop, "blue-green"),
}


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_the_machine_catches_a_rollout_that(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, broken, plan = MUTANTS[name]
    monkeypatch.setattr(machine, "PLANS", {plan: machine.PLANS[plan]})
    monkeypatch.setattr(module, attribute, broken)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Anything, settings=SEARCH)


def test_a_rollout_that_goes_forward_without_capacity_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its table test: an instance has to fail in just one moment, which a random search seldom meets."""
    monkeypatch.setattr(instances, "covers", lambda turn, step: True)
    with pytest.raises(AssertionError):
        test_forward.test_a_weight_waits_until_ready_instances_cover_it()


def test_a_value_that_depends_on_the_call_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(10**9))
    real = Turn.wait

    def jitter(turn: Turn, what: str, until: Any, then: str, **rest: Any) -> None:
        later = until + timedelta(microseconds=next(calls))
        real(turn, what, later, then, **rest)

    monkeypatch.setattr(Turn, "wait", jitter)
    with pytest.raises(AssertionError, match="deterministic"):
        run_state_machine_as_test(Anything, settings=SEARCH)


def test_the_machine_runs_the_real_decide() -> None:
    assert decide.decide.__module__ == "seaway.rollout.decide"
