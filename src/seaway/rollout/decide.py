"""The state machine: `decide(rollout, event, now) -> (rollout, commands)`. Called by the engine, which stores and carries out.

It is pure: the same arguments give the same answer, on any machine, at any time. An event that is late, repeated or without
news gives the same rollout back and no commands, and the engine then records nothing.

Each event first becomes facts (`looks`, `people`, `trouble`); then the leg the rollout is on goes as far as the facts allow:
`forward` through the steps of the plan, or `back` to stable.
"""

from __future__ import annotations

from datetime import datetime

from seaway.model.rollout import Rollout, State
from seaway.rollout import back, forward, looks, people, ramping, trouble
from seaway.rollout.messages import (
    Abort,
    Admit,
    Approve,
    Command,
    CommandFailed,
    DeadlinePassed,
    Event,
    InstancesSeen,
    JobsSeen,
    LossSeen,
    PauseNow,
    ProbeSeen,
    PromoteNow,
    RampDue,
    Resume,
    RouteSeen,
    Supersede,
    VerdictSeen,
)  # fmt: skip
from seaway.rollout.turn import BACK, Turn


def decide(rollout: Rollout, event: Event, now: datetime) -> tuple[Rollout, tuple[Command, ...]]:
    """The next rollout and what is to be done, in order. `now` is UTC and need not be monotone."""
    turn = Turn(rollout, now)
    if rollout.state.terminal:
        if isinstance(event, LossSeen) and rollout.loss is None:
            turn.set(loss=event.loss)
    elif not people.refusal(rollout, event):
        _take_in(turn, event)
        if turn.rollout.phase == BACK:
            back.advance(turn)
        else:
            forward.advance(turn)
    return turn.rollout, tuple(turn.commands)


def _take_in(turn: Turn, event: Event) -> None:
    match event:
        case InstancesSeen():
            looks.seen_instances(turn, event)
        case RouteSeen():
            looks.seen_route(turn, event.seen)
        case JobsSeen():
            looks.seen_job(turn, event.job)
        case ProbeSeen():
            looks.seen_probes(turn, event.probed)
        case VerdictSeen() | RampDue():
            _take_evidence(turn, event)
        case DeadlinePassed():
            if event.deadline == turn.rollout.deadline:
                trouble.deadline(turn)
        case CommandFailed():
            trouble.failed(turn, event)
        case _:
            _heed(turn, event)
    if isinstance(event, (InstancesSeen, RouteSeen, JobsSeen)):
        trouble.repeat_due(turn)


def _take_evidence(turn: Turn, event: VerdictSeen | RampDue) -> None:
    if isinstance(event, RampDue):
        ramping.due(turn, event)
    else:
        looks.seen_verdicts(turn, event.verdicts)


def _heed(turn: Turn, event: Event) -> None:
    match event:
        case Admit():
            _admit(turn)
        case Approve():
            people.approve(turn, event)
        case PromoteNow():
            people.promote(turn, event)
        case PauseNow():
            people.pause(turn, event)
        case Resume():
            people.resume(turn, event)
        case Abort():
            people.abort(turn, event)
        case Supersede():
            people.supersede(turn, event)


def _admit(turn: Turn) -> None:
    if turn.flag("admitted") or turn.state not in {State.PENDING, State.HELD}:
        return
    turn.remember({"admitted": True})
    turn.emit("rollout.admitted", actor=turn.rollout.actor)
