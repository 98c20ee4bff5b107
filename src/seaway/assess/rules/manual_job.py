"""GOV-81: releases wait for somebody to press a button. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.flow.gantt import span
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts
from seaway.assess.runs.numbers import quantile, spread
from seaway.model.finding import Impact, Severity
from seaway.model.runs import JobRun, Run

_LEAST, _SECONDS = 5, 3600.0


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Jobs that a person starts in runs that deploy to production, and that wait longer than an hour in the median."""
    waits: dict[tuple[str, str], list[tuple[Run, JobRun]]] = {}
    for past in facts.pasts(estate) or ():
        for run in past.runs:
            if any(facts.is_production(job.environment) for job in run.jobs):
                for job in run.jobs:
                    if job.manual and job.ran and job.queued is not None:
                        waits.setdefault((past.pipeline, job.name), []).append((run, job))
    if not waits:
        return None
    judged = {key: each for key, each in waits.items() if len(each) >= _LEAST}
    if not judged:
        return Unclear(f"no job that a person starts ran {_LEAST} times")
    found = []
    for (pipeline, name), each in sorted(judged.items()):
        seconds = [job.queue for _, job in each]
        middle = spread(seconds)
        if middle.low > _SECONDS:
            words = f"{name} waited for a person in {middle.n} runs, half of them longer than {span(middle.value)}, one in ten longer than {span(quantile(sorted(seconds), 0.9))}"
            found.append(Hit(facts.place(estate, each[-1][0], name), words, (pipeline, name)))
    return found


RULE = Rule(
    id="manual-job",
    number="GOV-81",
    title="Releases wait for somebody to press a button",
    why="A change that is ready waits, and gets company: what goes out then is a batch.",
    advice="Let objectives or an analysis decide; where a person must, tell them at once, and only where the risk asks for it.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("lead_time", "measured"),
    effort="M",
    refs=("DORA: streamlining change approval",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
