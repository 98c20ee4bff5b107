"""All invariants at once: anything may happen at any time, and whatever state it is in, an abort ends it."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from rollout.machine import Anything

QUICK = settings(
    max_examples=150,
    stateful_step_count=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_whatever_happens_the_invariants_hold_and_an_abort_ends_it() -> None:
    run_state_machine_as_test(Anything, settings=QUICK)
