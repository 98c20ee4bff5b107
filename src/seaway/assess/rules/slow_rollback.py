"""SAF-40: the way back is slow or fails. Run by `assess.examine`. Only what the history calls a rollback is one."""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.flow.gantt import span
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.numbers import quantile
from seaway.model.delivery import Kind as Purpose
from seaway.model.finding import Impact, Severity

_LEAST, _TWICE, _SHARE, _SECONDS = 3, 2, 0.9, 900.0  # once may be bad luck


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Rollbacks in production of which two or more, and more than one in ten, failed, or one in ten, and two or more, took longer than 15 minutes."""
    back = [one for one in facts.shipped(estate) or () if one.job.kind is Purpose.ROLLBACK]
    if not back:
        return None
    if len(back) < _LEAST:
        return Unclear(f"only {len(back)} rollbacks are recorded")
    failed = [one for one in back if one.job.conclusion.failed]
    if len(failed) >= _TWICE and len(failed) > (1 - _SHARE) * len(back):
        words = f"{len(failed)} of {len(back)} rollbacks failed"
        where = failed[-1]
        return [Hit(facts.place(estate, where.run, where.job.name), words, ("failed",), severity=Severity.HIGH)]
    times = sorted(one.when - one.run.queued for one in back)
    worst = quantile(times, 0.9)
    if worst <= _SECONDS or sum(time > _SECONDS for time in times) < _TWICE:
        return []
    where = max(back, key=lambda one: (one.when - one.run.queued, one.when))
    words = f"one rollback in ten takes longer than {span(worst)} ({len(back)} rollbacks)"
    return [Hit(facts.place(estate, where.run, where.job.name), words, ("slow",))]


RULE = Rule(
    id="slow-rollback",
    number="SAF-40",
    title="The way back is slow, or fails",
    why="Users have the broken release for as long as the way back takes, and for longer when it fails.",
    advice="Roll back to an artifact that is still there, without building it again, by the same job each time, and try it regularly.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("recovery", "measured"),
    effort="M",
    refs=("DORA: failed deployment recovery time",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
