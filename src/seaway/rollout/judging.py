"""What follows from verdicts: the policy of each guard and of the judge, and the worst reaction wins. Called by `looks` and `steps`.

Guards and the judge are *voters*: each has a name, says verdicts, and has a reaction to each outcome. A `fail` counts at once. The other outcomes may still become better while evidence grows, so their policies count when an
observation ends. During soak only `fail` counts: the release is promoted, and a quiet service must not be held for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from seaway.model.analysis import JUDGE, Underpowered
from seaway.model.plan import Analysis, Pause, Plan, Ramp
from seaway.model.rollout import State
from seaway.model.verdict import Outcome, Reaction, Verdict
from seaway.rollout import back, hold, ramping
from seaway.rollout.turn import Turn

KEPT = 50  # verdicts on the record, newest last
_FRESH = frozenset({State.OBSERVING, State.SOAKING})  # states that judge by verdicts of their own
_RANK = (Reaction.CONTINUE, Reaction.EXTEND, Reaction.HOLD, Reaction.ROLLBACK)


@dataclass(frozen=True, slots=True)
class Voter:
    """A guard or the judge: how it reacts to each outcome. `step`: how much longer it looks at a time when it is extended."""

    name: str
    reactions: dict[Outcome, Reaction]
    extend_max: timedelta
    step: timedelta


def voters(plan: Plan) -> tuple[Voter, ...]:
    """All that have a say in a plan, the judge first."""
    made = [] if plan.judging is None else [_judge(plan)]
    for guard in plan.guards:
        reactions = _reactions(guard.on_fail, guard.on_inconclusive, guard.on_no_data, guard.on_error)
        made.append(Voter(guard.name, reactions, guard.extend_max, max(guard.window, plan.tick)))
    return tuple(made)


def _judge(plan: Plan) -> Voter:
    """An underpowered canary that shall be extended looks on where it would be held for want of evidence."""
    judging = plan.judging
    if judging is None:
        raise LookupError("the plan has no judge")
    few, inconclusive = judging.on_no_data, judging.on_inconclusive
    if plan.underpowered and judging.underpowered is Underpowered.EXTEND:
        few, inconclusive = Reaction.EXTEND, Reaction.EXTEND
    elif plan.underpowered and judging.underpowered is Underpowered.HOLD:
        few, inconclusive = (max(one, Reaction.HOLD, key=_RANK.index) for one in (few, inconclusive))
    reactions = _reactions(judging.on_fail, inconclusive, few, judging.on_error)
    return Voter(JUDGE, reactions, judging.extend_max, max(judging.extend_max / 4, plan.tick))


def _reactions(fail: Reaction, inconclusive: Reaction, no_data: Reaction, error: Reaction) -> dict[Outcome, Reaction]:
    return {
        Outcome.PASS: Reaction.CONTINUE,
        Outcome.FAIL: fail,
        Outcome.INCONCLUSIVE: inconclusive,
        Outcome.NO_DATA: no_data,
        Outcome.ERROR: error,
    }


def who(turn: Turn) -> str:
    """Whose pass is waited for, in words."""
    plan = turn.plan
    return " and ".join((["every guard"] if plan.guards else []) + (["the judge"] if plan.judging else []))


def look(turn: Turn, verdicts: tuple[Verdict, ...]) -> None:
    """Take in verdicts that are news, and react to failures."""
    if not applies(turn):
        return
    known = {voter.name: voter for voter in voters(turn.plan)}
    news = [verdict for verdict in verdicts if verdict.guard in known and _is_news(turn, verdict)]
    if not news:
        return
    turn.set(verdicts=(*turn.rollout.verdicts, *news)[-KEPT:])
    worst = Reaction.CONTINUE
    for verdict in news:
        reaction = (
            known[verdict.guard].reactions[Outcome.FAIL] if verdict.outcome is Outcome.FAIL else Reaction.CONTINUE
        )
        turn.emit("verdict", guard=verdict.guard, outcome=verdict.outcome.value, reason=verdict.reason,
                  reaction=reaction.value, state=State.DECIDING.value)  # fmt: skip
        worst = max(worst, reaction, key=_RANK.index)
    failed = next((verdict for verdict in news if verdict.outcome is Outcome.FAIL), news[0])
    if worst in {Reaction.HOLD, Reaction.ROLLBACK}:
        _carry_out(turn, worst, f"{failed.guard}: {failed.reason}")


def applies(turn: Turn) -> bool:
    """Do verdicts count now? While the candidate gets traffic, or a ramp is about to give it some, on the way forward."""
    exposed = turn.rollout.weights[turn.candidate.id].set > 0 or isinstance(turn.step, Ramp)
    asked = bool(turn.plan.guards) or turn.plan.judging is not None
    return asked and exposed and turn.rollout.phase == "" and not turn.state.terminal


def all_pass(turn: Turn) -> bool:
    """Has every guard, and the judge, said pass, with evidence from this observation?"""
    return applies(turn) and all(
        (last := latest(turn, voter.name)) is not None and last.outcome is Outcome.PASS for voter in voters(turn.plan)
    )


def latest(turn: Turn, name: str) -> Verdict | None:
    """The last verdict of this observation, None before the first."""
    last, since = _latest_at_all(turn, name), _since(turn)
    return last if last and (since is None or last.at >= since) else None


def conclude(turn: Turn) -> bool:
    """An observation ends: True when the next step may begin; else it was extended, held or turned back."""
    if not applies(turn):
        return True
    worst, about = Reaction.CONTINUE, ""
    for voter in voters(turn.plan):
        reaction, words = _at_the_end(turn, voter)
        if _RANK.index(reaction) > _RANK.index(worst):
            worst, about = reaction, words
    if worst is Reaction.CONTINUE:
        return True
    _carry_out(turn, worst, about)
    return False


def _since(turn: Turn) -> datetime | None:
    """Since when verdicts count: a ramp is one observation, however often its weight changes."""
    if isinstance(turn.step, Ramp):
        return turn.rollout.steps[turn.rollout.step].started
    return turn.rollout.since


def _at_the_end(turn: Turn, voter: Voter) -> tuple[Reaction, str]:
    last = latest(turn, voter.name)
    outcome = last.outcome if last else Outcome.NO_DATA
    reaction = voter.reactions[outcome]
    if voter.name == JUDGE and isinstance(turn.step, Pause) and outcome in {Outcome.INCONCLUSIVE, Outcome.NO_DATA}:
        return Reaction.CONTINUE, ""  # a pause only watches for harm: the proof is asked for before 100 %
    words = f"{voter.name}: {outcome.value} ({last.reason if last else 'no verdict came'})"
    if reaction is Reaction.EXTEND and _extension(turn, voter) <= timedelta():
        return Reaction.HOLD, f"{words}, after {turn.number('extended'):g} s more"
    return reaction, words


def _extension(turn: Turn, voter: Voter) -> timedelta:
    """How much longer this voter may still ask for: its own step at a time, `extend_max` in all."""
    return min(voter.extend_max - timedelta(seconds=turn.number("extended")), voter.step)


def _carry_out(turn: Turn, reaction: Reaction, words: str) -> None:
    if reaction is Reaction.ROLLBACK:
        back.by_itself(turn, words)
    elif reaction is Reaction.HOLD:
        hold.hold(turn, words)
    else:
        more = min(
            _extension(turn, voter) for voter in voters(turn.plan) if _at_the_end(turn, voter)[0] is Reaction.EXTEND
        )
        turn.remember({"extended": turn.number("extended") + more.total_seconds()})
        if isinstance(turn.step, Ramp):
            ramping.extend(turn, more)
        what = f"{who(turn)} to pass" if isinstance(turn.step, (Analysis, Ramp)) else "more evidence"
        turn.wait(f"{what} ({words})", more, "their policies decide again")


def _is_news(turn: Turn, verdict: Verdict) -> bool:
    fresh = turn.state in _FRESH or isinstance(turn.step, Ramp)
    last = latest(turn, verdict.guard) if fresh else _latest_at_all(turn, verdict.guard)
    return last is None or last.outcome is not verdict.outcome


def _latest_at_all(turn: Turn, name: str) -> Verdict | None:
    return next((verdict for verdict in reversed(turn.rollout.verdicts) if verdict.guard == name), None)
