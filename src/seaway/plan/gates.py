"""Gates of an environment as the first steps of a plan. Called by `build` and `undo`."""

from __future__ import annotations

from datetime import datetime

from seaway.errors import PlanRefused, UnknownName
from seaway.model.environment import Environment, Gate
from seaway.model.plan import Approval, PauseUntil, Step


def steps(environment: Environment, now: datetime) -> tuple[Step, ...]:
    """A moment that has passed already holds nothing. Raises PlanRefused for a gate that nobody here could ever open."""
    return tuple(_step(gate, environment) for gate in environment.gates if not _is_past(gate, now))


def _is_past(gate: Gate, now: datetime) -> bool:
    return gate.kind == "until" and gate.until is not None and gate.until <= now


def _step(gate: Gate, environment: Environment) -> Step:
    if gate.kind == "approval":
        return _approval(gate, environment)
    if gate.kind == "until" and gate.until is not None:
        return PauseUntil(gate.until)
    if gate.kind == "until":
        raise PlanRefused(f"a gate of {environment.name} waits until a time and names none", hint="seaway docs gates")
    raise UnknownName("gate", gate.kind, ["approval", "until"])


def _approval(gate: Gate, environment: Environment) -> Approval:
    if gate.required < 1:
        raise PlanRefused(f"a gate of {environment.name} asks for {gate.required} approvals, which gates nothing")
    if gate.required > 1:
        raise PlanRefused(
            f"a gate of {environment.name} needs {gate.required} different people, and a local control plane knows one: "
            "its owner",
            hint="set `required: 1` on this gate, or run a control plane that tells people apart",
        )
    return Approval(required=gate.required, approvers=gate.approvers, deadline=gate.deadline)
