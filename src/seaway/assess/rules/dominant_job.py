"""VEL-05: one job is most of a run. Run by `assess.examine`.

A pipeline of one job has no other to compare with, and one that takes a few minutes is nobody's trouble: nothing is said there, and below
ten minutes only to auditors.
"""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.flow.gantt import span
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts, order
from seaway.assess.runs.facts import Past
from seaway.assess.runs.numbers import proportion, spread
from seaway.model.finding import Impact, Persona, Severity

_SHARE, _SECONDS, _LONG = 0.5, 300.0, 600.0


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Jobs that are more than half of a run's time, and on its critical path in most runs, where a run takes longer than 10 minutes (for auditors: 5)."""
    several = [past for past in facts.pasts(estate) or () if len(facts.jobs(past.waited)) > 1]
    if not several:
        return None
    judged = [past for past in several if len(past.waited) >= facts.LEAST]
    if not judged:
        return Unclear(f"no pipeline has {facts.LEAST} whole runs")
    return [hit for past in judged for hit in _hits(estate, past)]


def _hits(estate: Estate, past: Past) -> list[Hit]:
    duration = spread([run.seconds for run in past.waited])
    if duration.value <= _SECONDS:
        return []
    shares: dict[str, list[float]] = {}
    for run in past.waited:
        for job in order.critical(run, past.order.needs):
            shares.setdefault(job.name, []).append(job.work / run.seconds if run.seconds else 0.0)
    found = []
    for name, each in shares.items():
        critical = proportion(len(each), len(past.waited))
        share = spread(each)
        if critical.low > _SHARE and share.low > _SHARE:
            words = (
                f"{name} is {share.value:.0%} of a run of {span(duration.value)}, and on the critical path in {critical.value:.0%} "
                f"of {critical.n} runs"
            )
            where = facts.place(estate, past.last, name)
            persona = Persona.REGULAR if duration.value > _LONG else Persona.AUDITOR
            found.append(Hit(where, words, (past.pipeline, name), persona=persona))
    return found


RULE = Rule(
    id="dominant-job",
    number="VEL-05",
    title="One job decides how long a run takes",
    why="Nothing that is done about the other jobs makes a run shorter.",
    advice="Divide it: shards, or parts that need not wait for each other; a cache where it builds the same again.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("lead_time", "measured"),
    effort="M",
    refs=("DORA: continuous integration",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
