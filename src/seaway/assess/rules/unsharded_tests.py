"""VEL-09: long tests on one machine. Run by `assess.examine`.

What a job tests is known by its name alone, so only names that say so are judged.
"""

from __future__ import annotations

import re

from seaway.assess.estate import Estate, Kind
from seaway.assess.flow.gantt import span
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.facts import Past
from seaway.assess.runs.known import base
from seaway.assess.runs.numbers import spread
from seaway.model.finding import Impact, Severity

_TESTS = re.compile(
    r"(?:^|[^a-z])(?:tests?|specs?|e2e|pytest|jest|rspec|cypress|playwright)(?:$|[^a-z])", re.IGNORECASE
)
_SECONDS = 600.0


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Jobs of tests with a median above 10 minutes that run as one piece on one machine, in runs that somebody waits for."""
    tests = [
        (past, name, [job.work for job in executions if job.conclusion.passed])
        for past in facts.pasts(estate) or ()
        for name, executions in facts.jobs(past.waited).items()
        if _TESTS.search(base(name))
    ]
    if not tests:
        return None
    judged = [(past, name, seconds) for past, name, seconds in tests if len(seconds) >= facts.LEAST]
    if not judged:
        return Unclear(f"no job of tests has {facts.LEAST} executions")
    found = []
    for past, name, seconds in judged:
        work = spread(seconds)
        if work.low > _SECONDS and not _divided(past, name):
            words = f"{name} takes {span(work.value)} (median of {work.n}), in one piece on one machine"
            found.append(Hit(facts.place(estate, past.last, name), words, (past.pipeline, name)))
    return found


def _divided(past: Past, name: str) -> bool:
    return len({other for other in facts.jobs(past.waited) if base(other) == base(name)}) > 1


RULE = Rule(
    id="unsharded-tests",
    number="VEL-09",
    title="Long tests run on one machine",
    why="Every change waits for all tests, one after the other.",
    advice="Divide them among machines by their recorded times: a matrix of shards, `parallel`, a runner that splits.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("lead_time", "measured"),
    effort="M",
    refs=("DORA: test automation",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
