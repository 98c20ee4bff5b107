"""Runs with what their pipelines say and the CI system did not record: needs, environments, who waits for a person. Called by `app.assess`.

A job is told by its name as it was shown: its id or its name, without what a matrix (`test (3.12)`, `test: [3.12]`) or a division
(`test 1/4`) adds, behind the caller's (`call / test`). What was recorded is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from seaway.formats.pipelines import expand
from seaway.model.pipeline import Job, Pipeline
from seaway.model.runs import JobRun, Run, RunHistory

_INSTANCE = re.compile(r" \([^()]*\)$|: \[[^\[\]]*\]$| \d+/\d+$")


def base(name: str) -> str:
    """A job's name without what tells its instances apart."""
    return _INSTANCE.sub("", name)


def enriched(history: RunHistory, pipelines: Iterable[Pipeline]) -> RunHistory:
    """The same runs, with more of what is known about their jobs."""
    plans = {pipeline.path: Plan.of(pipeline) for pipeline in pipelines}
    return replace(history, runs=tuple(_enriched(run, plans.get(run.pipeline)) for run in history.runs))


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs of a pipeline, by every name that a run may have for them."""

    jobs: Mapping[str, Job]

    @classmethod
    def of(cls, pipeline: Pipeline) -> Plan:
        found: dict[str, Job] = {}
        for job in expand.ordered(pipeline).jobs:
            found.setdefault(job.id, job)
            if isinstance(job.name, str) and job.name:
                found.setdefault(job.name, job)
        return cls(found)

    def job(self, name: str) -> Job | None:
        """The job that is shown by this name."""
        for each in (name, base(name), base(name).rpartition(" / ")[2]):
            if each in self.jobs:
                return self.jobs[each]
        return None


def _enriched(run: Run, plan: Plan | None) -> Run:
    if plan is None:
        return run
    members: dict[str, list[str]] = {}
    planned = [plan.job(job.name) for job in run.jobs]
    for job, known in zip(run.jobs, planned, strict=True):
        if known is not None:
            members.setdefault(known.id, []).append(job.name)
    return replace(
        run,
        jobs=tuple(
            job if known is None else _told(job, known, members) for job, known in zip(run.jobs, planned, strict=True)
        ),
    )


def _told(job: JobRun, known: Job, members: Mapping[str, list[str]]) -> JobRun:
    needs = job.needs
    if needs is None and known.needs is not None:
        waits = dict.fromkeys(name for need in known.needs for name in members.get(need.job, ()))
        needs = tuple(name for name in waits if name != job.name)
    environment = job.environment
    if not environment and known.environment is not None and isinstance(known.environment.name, str):
        environment = "" if "$" in known.environment.name else known.environment.name
    manual = job.manual or known.manual or known.approval is not None
    return replace(job, needs=needs, environment=environment, manual=manual)
