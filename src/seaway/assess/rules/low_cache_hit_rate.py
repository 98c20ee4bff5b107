"""VEL-03: a cache that is rarely hit. Run by `assess.examine`.

Only executions of which the history tells whether the cache was hit are counted; those of which nobody knows say nothing.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.numbers import proportion
from seaway.model.finding import Impact, Severity

_LEAST, _SHARE = 20, 0.8


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Jobs whose cache was hit in fewer than 80 % of at least 20 executions, by more than chance."""
    told = [
        (past, name, [job.cache for job in executions if job.cache is not None])
        for past in facts.pasts(estate) or ()
        for name, executions in facts.jobs(past.runs).items()
    ]
    if not any(hits for _, _, hits in told):
        return None
    judged = [(past, name, hits) for past, name, hits in told if len(hits) >= _LEAST]
    if not judged:
        return Unclear(f"no job has {_LEAST} runs of which it is known whether its cache was hit")
    found = []
    for past, name, hits in judged:
        rate = proportion(sum(hits), len(hits))
        if rate.high < _SHARE:
            words = f"{name} found its cache in {rate.value:.0%} of {rate.n} runs: it mostly downloads and builds everything"
            found.append(Hit(facts.place(estate, past.last, name), words, (past.pipeline, name)))
    return found


RULE = Rule(
    id="low-cache-hit-rate",
    number="VEL-03",
    title="A cache is rarely hit",
    why="Saving and looking for a cache costs time in every run, and what it should save is done anyway.",
    advice="A key that changes only with the lockfile, and restore keys that take the nearest older cache.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("lead_time", "measured"),
    effort="S",
    refs=("DORA: continuous integration",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
