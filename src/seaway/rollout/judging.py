"""What follows from verdicts: each guard's own policy, and the worst reaction wins. Called by `looks` and `steps`.

A `fail` counts at once. The other outcomes may still become better while evidence grows, so their policies count when an
observation ends. During soak only `fail` counts: the release is promoted, and a quiet service must not be held for ever.
"""

from __future__ import annotations

from datetime import timedelta

from seaway.model.plan import Analysis
from seaway.model.rollout import State
from seaway.model.verdict import Guard, Outcome, Reaction, Verdict
from seaway.rollout import back, hold
from seaway.rollout.turn import Turn

KEPT = 50  # verdicts on the record, newest last
_FRESH = frozenset({State.OBSERVING, State.SOAKING})  # states that judge by verdicts of their own
_RANK = (Reaction.CONTINUE, Reaction.EXTEND, Reaction.HOLD, Reaction.ROLLBACK)


def look(turn: Turn, verdicts: tuple[Verdict, ...]) -> None:
    """Take in verdicts that are news, and react to failures."""
    if not applies(turn):
        return
    news = [verdict for verdict in verdicts if _is_news(turn, verdict)]
    if not news:
        return
    turn.set(verdicts=(*turn.rollout.verdicts, *news)[-KEPT:])
    guards = {guard.name: guard for guard in turn.plan.guards}
    worst = Reaction.CONTINUE
    for verdict in news:
        reaction = guards[verdict.guard].on_fail if verdict.outcome is Outcome.FAIL else Reaction.CONTINUE
        turn.emit("verdict", guard=verdict.guard, outcome=verdict.outcome.value, reason=verdict.reason,
                  reaction=reaction.value, state=State.DECIDING.value)  # fmt: skip
        worst = max(worst, reaction, key=_RANK.index)
    failed = next((verdict for verdict in news if verdict.outcome is Outcome.FAIL), news[0])
    if worst in {Reaction.HOLD, Reaction.ROLLBACK}:
        _carry_out(turn, worst, f"{failed.guard}: {failed.reason}")


def applies(turn: Turn) -> bool:
    """Do guards count now? Only while the candidate gets traffic, on the way forward."""
    exposed = turn.rollout.weights[turn.candidate.id].set > 0
    return bool(turn.plan.guards) and exposed and turn.rollout.phase == "" and not turn.state.terminal


def all_pass(turn: Turn) -> bool:
    """Has every guard said pass, with evidence from this observation?"""
    return applies(turn) and all(
        (last := latest(turn, guard)) is not None and last.outcome is Outcome.PASS for guard in turn.plan.guards
    )


def latest(turn: Turn, guard: Guard) -> Verdict | None:
    """The guard's last verdict of this state, None before its first."""
    last = _latest_at_all(turn, guard)
    return last if last and (turn.rollout.since is None or last.at >= turn.rollout.since) else None


def conclude(turn: Turn) -> bool:
    """An observation ends: True when the next step may begin; else it was extended, held or turned back."""
    if not applies(turn):
        return True
    worst, about = Reaction.CONTINUE, ""
    for guard in turn.plan.guards:
        reaction, words = _at_the_end(turn, guard)
        if _RANK.index(reaction) > _RANK.index(worst):
            worst, about = reaction, words
    if worst is Reaction.CONTINUE:
        return True
    _carry_out(turn, worst, about)
    return False


def _at_the_end(turn: Turn, guard: Guard) -> tuple[Reaction, str]:
    last = latest(turn, guard)
    outcome = last.outcome if last else Outcome.NO_DATA
    reaction = {
        Outcome.PASS: Reaction.CONTINUE,
        Outcome.FAIL: guard.on_fail,
        Outcome.INCONCLUSIVE: guard.on_inconclusive,
        Outcome.NO_DATA: guard.on_no_data,
        Outcome.ERROR: guard.on_error,
    }[outcome]
    words = f"{guard.name}: {outcome.value} ({last.reason if last else 'no verdict came'})"
    if reaction is Reaction.EXTEND and _extension(turn, guard) <= timedelta():
        return Reaction.HOLD, f"{words}, after {turn.number('extended'):g} s more"
    return reaction, words


def _extension(turn: Turn, guard: Guard) -> timedelta:
    """How much longer this guard may still ask for: its own window at a time, `extend_max` in all."""
    rest = guard.extend_max - timedelta(seconds=turn.number("extended"))
    return min(rest, max(guard.window, turn.plan.tick))


def _carry_out(turn: Turn, reaction: Reaction, words: str) -> None:
    if reaction is Reaction.ROLLBACK:
        back.by_itself(turn, words)
    elif reaction is Reaction.HOLD:
        hold.hold(turn, words)
    else:
        more = min(
            _extension(turn, guard) for guard in turn.plan.guards if _at_the_end(turn, guard)[0] is Reaction.EXTEND
        )
        turn.remember({"extended": turn.number("extended") + more.total_seconds()})
        what = "every guard to pass" if isinstance(turn.step, Analysis) else "more evidence"
        turn.wait(f"{what} ({words})", more, "the policies of the guards decide again")


def _is_news(turn: Turn, verdict: Verdict) -> bool:
    guard = next((guard for guard in turn.plan.guards if guard.name == verdict.guard), None)
    if guard is None:
        return False
    last = latest(turn, guard) if turn.state in _FRESH else _latest_at_all(turn, guard)
    return last is None or last.outcome is not verdict.outcome


def _latest_at_all(turn: Turn, guard: Guard) -> Verdict | None:
    return next((verdict for verdict in reversed(turn.rollout.verdicts) if verdict.guard == guard.name), None)
