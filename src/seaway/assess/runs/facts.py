"""What rules ask about run history: the pipelines' pasts, deployments to production, and where a finding about them stands.

Used by the rules of `assess.rules` that read runs. Loads no numpy: rules are loaded for every assessment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seaway.assess.estate import Estate
from seaway.assess.runs import bottlenecks, order
from seaway.assess.runs.known import Plan
from seaway.model.delivery import Deployment
from seaway.model.runs import JobRun, Run, RunHistory
from seaway.model.span import Span

LEAST = 10  # whole runs before a median is judged
_PRODUCTION = re.compile(r"(?:^|[-_/. ])(?:prod|production|prd|live)(?:$|[-_/. ])", re.IGNORECASE)
_KNOWN = "runs.pasts"


@dataclass(frozen=True, slots=True)
class Past:
    """One pipeline's runs by time. `whole`: first attempts that succeeded; `waited`: those of them that people wait for."""

    pipeline: str
    runs: Sequence[Run]
    whole: Sequence[Run]
    waited: Sequence[Run]
    order: order.Order

    @property
    def last(self) -> Run:
        """The newest run."""
        return self.runs[-1]


@dataclass(frozen=True, slots=True)
class Shipped:
    """One job that deployed to production, or tried to."""

    run: Run
    job: JobRun

    @property
    def when(self) -> float:
        """When it ended."""
        return self.run.finished if self.job.finished is None else self.job.finished


def pasts(estate: Estate) -> list[Past] | None:
    """Every pipeline that ran, None where no run history was given."""
    if _KNOWN not in estate.known:
        found = [
            Past(name, runs, whole, [run for run in whole if run.trigger != "schedule"], order.order(runs))
            for history in estate.all(RunHistory)
            for name, runs in bottlenecks.by_pipeline(history).items()
            for whole in [bottlenecks.whole(runs)]
        ]
        estate.known[_KNOWN] = found if estate.all(RunHistory) else None
    kept: list[Past] | None = estate.known[_KNOWN]  # type: ignore[assignment]
    return kept


def is_production(environment: str) -> bool:
    """Whether an environment's name says that users are there."""
    return _PRODUCTION.search(environment) is not None


def shipped(estate: Estate) -> list[Shipped] | None:
    """Jobs that deployed to production, by time, good or bad; None where there was none, or no history."""
    found = [
        Shipped(run, job)
        for past in pasts(estate) or ()
        for run in past.runs
        for job in run.jobs
        if is_production(job.environment) and (job.conclusion.passed or job.conclusion.failed)
    ]
    return sorted(found, key=lambda one: (one.when, one.run.id, one.job.name)) or None


def recorded(estate: Estate) -> list[Deployment]:
    """Deployments to production that a list of deployments tells, by time."""
    found = [one for one in estate.all(Deployment) if is_production(one.environment)]
    return sorted(found, key=lambda one: (one.finished, one.id))


def place(estate: Estate, run: Run, job: str = "") -> Span:
    """Where a finding about a run stands: at its job in the pipeline's file, else at that file's first line, else at the run's line."""
    if estate.texts.get(run.pipeline):
        plan = next((Plan.of(case.pipeline) for case in estate.cases if case.pipeline.path == run.pipeline), None)
        known = plan.job(job) if plan is not None and job else None
        if known is not None and known.key_span is not None and known.key_span.path in estate.texts:
            return known.key_span
        return estate.top(run.pipeline)
    path = next((one.path for one in estate.all(RunHistory)), run.pipeline)
    return Span(path, run.line, 1, run.line, 1)


def jobs(runs: Sequence[Run]) -> dict[str, list[JobRun]]:
    """Executions that ran, by the name of the job."""
    found: dict[str, list[JobRun]] = {}
    for run in runs:
        for job in run.jobs:
            if job.ran:
                found.setdefault(job.name, []).append(job)
    return found


def people(one: Shipped) -> Iterator[str]:
    """Who else than its author is known to have looked at what was shipped."""
    named = [*(approval.by for approval in one.job.approvals or ()), *(one.run.reviewers or ())]
    yield from (name for name in dict.fromkeys(named) if name and name != one.run.author)


def lane(one: Shipped) -> str:
    """What was shipped, by the job's name without its environment's: the same job may ship several services."""
    words = re.split(r"[\s()/:,_-]+", one.job.name.lower())
    return " ".join(word for word in words if word and word not in re.split(r"[\s/_.-]+", one.job.environment.lower()))
