"""VEL-15: a pipeline that people wait for too long. Run by `assess.examine`.

Nobody waits for a schedule, and a person's own time to decide is none of the pipeline's: both are left out.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.flow.gantt import span
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts, order
from seaway.assess.runs.facts import Past
from seaway.assess.runs.numbers import quantile, spread
from seaway.model.finding import Impact, Severity

_SECONDS, _RATIO = 600.0, 3.0


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Pipelines whose median run takes longer than 10 minutes, or where one run in ten takes three times the median and longer than that."""
    pasts = [past for past in facts.pasts(estate) or () if past.waited]
    if not pasts:
        return None
    judged = [past for past in pasts if len(past.waited) >= facts.LEAST]
    if not judged:
        return Unclear(f"no pipeline has {facts.LEAST} whole runs that somebody waits for")
    found = []
    for past in judged:
        seconds = _seconds(past)
        middle, worst = spread(seconds), quantile(sorted(seconds), 0.9)
        if middle.low > _SECONDS:
            words = f"a run takes {span(middle.value)} (median of {middle.n}; 90 %: {span(middle.low)} to {span(middle.high)})"
        elif worst > _RATIO * middle.value and worst > _SECONDS:
            words = f"one run in ten takes longer than {span(worst)}, and half of them less than {span(middle.value)}"
        else:
            continue
        found.append(Hit(facts.place(estate, past.last), words, (past.pipeline,)))
    return found


def _seconds(past: Past) -> list[float]:
    return [
        max(0.0, run.seconds - sum(job.queue for job in order.critical(run, past.order.needs) if job.manual))
        for run in past.waited
    ]


RULE = Rule(
    id="slow-pipeline",
    number="VEL-15",
    title="A pipeline takes long",
    why="Whoever waits longer than ten minutes does something else meanwhile, and changes pile up into batches.",
    advice="See its bottlenecks in the report: what is on the critical path, what waits, what a cache or shards would bring.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("lead_time", "measured"),
    effort="M",
    refs=("DORA: continuous integration",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
