"""One turn of the state machine: the rollout as it changes, and the commands that follow. Used by every leg of `decide`.

A turn lives inside one call of `decide` and is thrown away: outside, everything stays a frozen value. Small facts that must
survive until the next event go to `Rollout.memory` as JSON scalars; the keys are listed here, beside the words that read them.

| key | fact |
|---|---|
| admitted, entered, before, promoted, full | the engine's yes; index of the entered step; the `before` step ran; who is stable; promote --full |
| end, held, refused | how the way back ends; the hold it leaves on the placement; an abort that was refused once |
| ready/routed/leaving/lost/detail:REVISION | addresses (or ids of workers), separated by blanks; why an instance is not ready |
| flaps, dark | changes of health; since when no candidate instance is ready |
| proxy, rejected, wished, verified, attempts, drift | the router: see `routes` |
| base..., tested, probes, sight | the observation: see `observe` |
| stage, drained, drain_over | the leg that takes a side out: see `leave` |
| left, extended | seconds left when it was held; seconds an observation was extended by |
| retry, retry_at, retries | commands to repeat: see `trouble` |
| ramp.until, ramp.note | when a ramp must be over; what the router rounded: see `ramping` |
| preview, unbound | the preview host in force; the port still belongs to somebody else |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from seaway.model.plan import Plan, Step
from seaway.model.revision import Revision
from seaway.model.rollout import Rollout, State, StepRecord, Waiting
from seaway.rollout.messages import Command, Emit

Fact = str | int | float | bool | None
Side = Literal["candidate", "stable"]

BACK, RETIRE, SHRINK = (
    "back",
    "retire",
    "shrink",
)  # phases: on the way back; the old side leaves; a side gives up instances

ENGINE = "the engine"
PERSON = "a person"


class Turn:
    """The rollout so far, the commands so far, and the one clock of this turn."""

    def __init__(self, rollout: Rollout, now: datetime) -> None:
        self.rollout = rollout
        self.now = now
        self.commands: list[Command] = []

    # ------------------------------------------------------------ what is known

    @property
    def plan(self) -> Plan:
        return self.rollout.plan

    @property
    def state(self) -> State:
        return self.rollout.state

    @property
    def step(self) -> Step | None:
        """The current step, None after the last."""
        return self.plan.steps[self.rollout.step] if self.rollout.step < len(self.plan.steps) else None

    @property
    def candidate(self) -> Revision:
        return self.plan.candidate

    @property
    def old(self) -> Revision | None:
        """The stable revision where it is another one than the candidate."""
        stable = self.plan.stable
        return stable if stable and stable.id != self.candidate.id else None

    @property
    def clock(self) -> float:
        """Now, as seconds, for facts in memory."""
        return self.now.timestamp()

    def number(self, key: str) -> float:
        """A fact that is a number; 0 when unknown."""
        value = self.rollout.memory.get(key)
        return float(value) if isinstance(value, (int, float)) else 0.0

    def text(self, key: str) -> str:
        """A fact that is text; "" when unknown."""
        value = self.rollout.memory.get(key)
        return value if isinstance(value, str) else ""

    def flag(self, key: str) -> bool:
        """A fact that is true; False when unknown."""
        return bool(self.rollout.memory.get(key))

    def names(self, key: str) -> tuple[str, ...]:
        """A fact that is a list of names."""
        return tuple(self.text(key).split())

    # ------------------------------------------------------------ what changes

    def set(self, **changes: Any) -> None:
        """Replace fields of the rollout."""
        self.rollout = replace(self.rollout, **changes)

    def remember(self, facts: Mapping[str, Fact]) -> None:
        """Keep facts; None, False and "" are forgotten, so that equal knowledge is an equal rollout."""
        memory = {**self.rollout.memory, **facts}
        self.set(memory={key: value for key, value in memory.items() if value not in (None, False, "")})

    def forget(self, *keys: str) -> None:
        self.remember(dict.fromkeys(keys))

    def do(self, *commands: Command) -> None:
        self.commands.extend(commands)

    def emit(self, event: str, **data: Fact) -> None:
        self.do(Emit(type=event, data=data))

    def enter(self, state: State, *, phase: str | None = None, reason: str | None = None) -> None:
        """Go to a state; its wait follows by `wait`, so the old one ends here."""
        self.set(
            state=state,
            since=self.now,
            deadline=None,
            waiting=None,
            resume_to=None,
            phase=self.rollout.phase if phase is None else phase,
            reason=self.rollout.reason if reason is None else reason,
        )

    def wait(self, what: str, until: datetime | timedelta, then: str, *, owner: str = ENGINE) -> None:
        """Every wait has what it is for, who can end it, until when, and what happens then."""
        moment = until if isinstance(until, datetime) else self.now + until
        self.set(deadline=moment, waiting=Waiting(what=what, owner=owner, until=moment, then=then))

    def record(self, **changes: Any) -> None:
        """Change the record of the current step."""
        index = self.rollout.step
        records = list(self.rollout.steps)
        records[index] = replace(records[index], **changes)
        self.set(steps=tuple(records))


def joined(names: Iterable[str]) -> str:
    """Names as one fact, in a fixed order."""
    return " ".join(sorted(names))


def blank(plan: Plan) -> tuple[StepRecord, ...]:
    """Records of a plan of which nothing was done yet."""
    return tuple(StepRecord() for _ in plan.steps)
