"""The critical path of each pipeline as it is written. Called by `app.assess` for the reports that draw it.

A file does not say how long a job takes: where no run tells it of all, every job counts as one, and the path is the longest
chain of jobs that wait for each other. A matrix is one job here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from seaway.assess.flow import dag
from seaway.formats.pipelines.expand import ordered
from seaway.model.pipeline import Pipeline

MAX_JOBS = 500  # of a pipeline that is still looked at


@dataclass(frozen=True, slots=True)
class Way:
    """One pipeline's jobs with their earliest times, in jobs or in seconds. `critical`: the longest chain, in order."""

    path: str
    system: str
    total: float
    critical: tuple[str, ...]
    times: tuple[tuple[str, float, float], ...]  # (job, start, end), in order of start
    unit: Literal["jobs", "seconds"] = "jobs"


def ways(
    pipelines: Iterable[Pipeline], seconds: Mapping[str, Mapping[str, float]] = MappingProxyType({})
) -> tuple[Way, ...]:
    """Of those with an order to speak of; jobs in a circle have none. `seconds`: of a job's work, by path and job."""
    return tuple(found for one in pipelines if (found := _way(one, seconds.get(one.path, {}))) is not None)


def _way(pipeline: Pipeline, seconds: Mapping[str, float]) -> Way | None:
    if not 2 <= len(pipeline.jobs) <= MAX_JOBS:
        return None
    try:
        found = ordered(pipeline)
        timed = bool(seconds) and all(job.id in seconds for job in found.jobs)
        course = dag.course(dag.tasks(found, seconds if timed else {}, 1.0))
    except dag.Circular:
        return None
    if len(course.path) < 2:
        return None
    rows = sorted((times.start, name, times.end) for name, times in course.times.items())
    return Way(
        pipeline.path,
        pipeline.system.value,
        course.total,
        course.path,
        tuple((name, start, end) for start, name, end in rows),
        "seconds" if timed else "jobs",
    )
