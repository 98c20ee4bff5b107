"""VEL-06: jobs wait for machines. Run by `assess.examine`. Waiting for a person is none of this (`manual-job`)."""

from __future__ import annotations

from seaway.assess.estate import Estate, Kind
from seaway.assess.flow.gantt import span
from seaway.assess.rule import Hit, Rule, Unclear
from seaway.assess.runs import facts, order
from seaway.assess.runs.facts import Past
from seaway.assess.runs.numbers import quantile, spread
from seaway.model.finding import Impact, Severity

_LEAST = 30  # executions
_SECONDS, _SHARE, _WORTH = 60.0, 0.2, 30.0


def survey(estate: Estate) -> list[Hit] | Unclear | None:
    """Pipelines where one job in ten waits longer than a minute for its machine, or where waiting is more than 20 % of a run."""
    told = [(past, _queues(past)) for past in facts.pasts(estate) or ()]
    told = [(past, queues) for past, queues in told if queues]
    if not told:
        return None
    judged = [(past, queues) for past, queues in told if len(queues) >= _LEAST]
    if not judged:
        return Unclear(f"no pipeline has {_LEAST} executions of jobs whose waiting is known")
    found = []
    for past, queues in judged:
        worst = spread(queues, 0.9)
        share = _share(past)
        slow = worst.low > _SECONDS
        if slow or (share > _SHARE and quantile(sorted(queues), 0.5) > _WORTH):
            words = f"one job in ten waits longer than {span(worst.value)} for a machine, and {share:.0%} of a run is waiting"
            found.append(Hit(facts.place(estate, past.last), f"{words} ({worst.n} jobs)", (past.pipeline,)))
    return found


def _queues(past: Past) -> list[float]:
    return [job.queue for run in past.runs for job in run.jobs if job.ran and job.queued is not None and not job.manual]


def _share(past: Past) -> float:
    """The median share of a run in which what decides its length waits for a machine."""
    shares = [
        sum(job.queue for job in order.critical(run, past.order.needs) if not job.manual) / run.seconds
        for run in past.waited
        if run.seconds > 0
    ]
    return quantile(sorted(shares), 0.5) if shares else 0.0


RULE = Rule(
    id="long-queue",
    number="VEL-06",
    title="Jobs wait for machines",
    why="Everybody waits for a machine that is busy with somebody else's run, and faster code changes nothing about it.",
    advice="More or larger runners at the hours when they are missing; cancel runs that a newer push has overtaken; fewer, longer jobs.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("lead_time", "measured"),
    effort="M",
    refs=("DORA: continuous integration",),
    kinds=frozenset({Kind.RUNS}),
    survey=survey,
)
