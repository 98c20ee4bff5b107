"""Jobs with durations and edges, and the longest way through them. Called by `schedule`, `whatif` and the assessment's bottlenecks.

Times are seconds from the start of the run. The critical path method (Kelley and Walker, 1959): a job's slack is how much
longer it could take before the whole run takes longer; jobs without slack are critical.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from seaway.model.pipeline import Pipeline


class Circular(ValueError):
    """Jobs that wait for each other: their names, in order."""


@dataclass(frozen=True, slots=True)
class Task:
    """One machine's work. `seconds`: how long; `needs`: whom it waits for; `runner`: which kind of machine; `person`: it waits
    for one and needs no machine.
    """

    name: str
    seconds: float
    needs: tuple[str, ...] = ()
    runner: str = ""
    person: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """When one task can begin and end, and how much later it may end."""

    start: float
    end: float
    slack: float


@dataclass(frozen=True, slots=True)
class Course:
    """A run with as many machines as it wants: `order` is topological, `path` the critical one."""

    total: float
    times: Mapping[str, Times]
    path: tuple[str, ...]
    order: tuple[str, ...] = field(default=(), repr=False)


def tasks(pipeline: Pipeline, seconds: Mapping[str, float], default: float) -> tuple[Task, ...]:
    """Tasks of an expanded pipeline. Durations are looked up by id, then by the job of the matrix it came from."""
    known = {job.id for job in pipeline.jobs}
    return tuple(
        Task(
            job.id,
            seconds.get(job.id, seconds.get(job.part_of, default)),
            tuple(dict.fromkeys(need.job for need in job.needs or () if need.job in known and need.job != job.id)),
            " ".join(label if isinstance(label, str) else "?" for label in job.runner.labels) or job.runner.group,
            person=job.manual or job.approval is not None,
        )
        for job in pipeline.jobs
    )


def order(found: Iterable[Task]) -> tuple[str, ...]:
    """Names so that each stands behind all it needs. Raises Circular."""
    try:
        return tuple(TopologicalSorter({task.name: task.needs for task in found}).static_order())
    except CycleError as error:
        raise Circular(" -> ".join(reversed(error.args[1]))) from None


def course(found: Iterable[Task]) -> Course:
    """Earliest times, slack and the critical path. Raises Circular."""
    by_name = {task.name: task for task in found}
    names = order(by_name.values())
    start: dict[str, float] = {}
    end: dict[str, float] = {}
    for name in names:
        start[name] = max((end[need] for need in by_name[name].needs), default=0.0)
        end[name] = start[name] + by_name[name].seconds
    total = max(end.values(), default=0.0)
    latest = dict.fromkeys(names, total)
    for name in reversed(names):
        for need in by_name[name].needs:
            latest[need] = min(latest[need], latest[name] - by_name[name].seconds)
    times = {name: Times(start[name], end[name], max(0.0, latest[name] - end[name])) for name in names}
    return Course(total, times, _path(by_name, end), names)


def _path(by_name: Mapping[str, Task], end: Mapping[str, float]) -> tuple[str, ...]:
    """From the last end backwards, each time to the need that ended last; of equals the first by name, so that it is stable."""
    if not end:
        return ()
    at = min(end, key=lambda name: (-end[name], name))
    found = [at]
    while by_name[at].needs:
        at = min(by_name[at].needs, key=lambda name: (-end[name], name))
        found.append(at)
    return tuple(reversed(found))
