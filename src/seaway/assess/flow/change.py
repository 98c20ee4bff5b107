"""What if: jobs as they would be after a change. Called by `pipeline simulate` and the assessment's what-if.

Each change makes other tasks; nothing else about the run is different. What a change assumes is its `words`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from seaway.assess.flow.dag import Task
from seaway.model.expression import refs
from seaway.model.pipeline import Artifact, Job, Pipeline


@dataclass(frozen=True, slots=True)
class Cached:
    """A cache saves `share` (0..1) of a job's time."""

    job: str
    share: float
    kind: Literal["cached"] = "cached"

    @property
    def words(self) -> str:
        return f"{self.job} with a cache that saves {self.share:.0%}"


@dataclass(frozen=True, slots=True)
class Sharded:
    """A job's work divided among `count` machines, each with `overhead` seconds of its own."""

    job: str
    count: int
    overhead: float = 0.0
    kind: Literal["sharded"] = "sharded"

    @property
    def words(self) -> str:
        return f"{self.job} in {self.count} shards"


@dataclass(frozen=True, slots=True)
class ByData:
    """Jobs wait only for those whose files or outputs they use: `edges` are the needs that stay."""

    edges: frozenset[tuple[str, str]]
    kind: Literal["by_data"] = "by_data"

    @property
    def words(self) -> str:
        return "jobs wait only for whose files or outputs they use"


Change: TypeAlias = Cached | Sharded | ByData


def apply(found: Iterable[Task], change: Change) -> tuple[Task, ...]:
    """The tasks after the change. Raises KeyError for a job that is not there."""
    tasks = tuple(found)
    if isinstance(change, ByData):
        return tuple(
            dataclasses.replace(task, needs=tuple(need for need in task.needs if (need, task.name) in change.edges))
            for task in tasks
        )
    chosen = {task.name for task in tasks if task.name == change.job or task.name.startswith(f"{change.job} (")}
    if not chosen:
        raise KeyError(change.job)
    if isinstance(change, Cached):
        return tuple(
            dataclasses.replace(task, seconds=task.seconds * (1 - change.share)) if task.name in chosen else task
            for task in tasks
        )
    return _sharded(tasks, change, chosen)


def _sharded(tasks: tuple[Task, ...], change: Sharded, chosen: set[str]) -> tuple[Task, ...]:
    parts = {name: tuple(f"{name} {number}/{change.count}" for number in range(1, change.count + 1)) for name in chosen}
    made: list[Task] = []
    for task in tasks:
        needs = tuple(one for need in task.needs for one in parts.get(need, (need,)))
        if task.name in chosen:
            seconds = change.overhead + task.seconds / change.count
            made += [dataclasses.replace(task, name=name, seconds=seconds, needs=needs) for name in parts[task.name]]
        else:
            made.append(dataclasses.replace(task, needs=needs))
    return tuple(made)


def data_edges(pipeline: Pipeline) -> frozenset[tuple[str, str]]:
    """Needs of an expanded pipeline along which files, outputs or a decision flow: those that an order by data would keep.

    A job that deploys or waits for a person keeps all of its needs: they are gates, not data.
    """
    uploads = {job.id for job in pipeline.jobs if _gives(job)}
    return frozenset(
        (need.job, job.id)
        for job in pipeline.jobs
        for need in job.needs or ()
        if job.environment or job.manual or job.approval or need.when != "success"
        or (need.job in uploads and need.artifacts and _takes(job, need.job)) or _mentions(job, need.job)
    )  # fmt: skip


def _gives(job: Job) -> bool:
    return bool(job.artifacts or job.outputs) or any(
        isinstance(step.work, Artifact) and step.work.direction == "up" for step in job.steps
    )


def _takes(job: Job, _giver: str) -> bool:
    """Downloads what it needs by a step, or gets everything by itself (GitLab), which the readers write as no step at all."""
    downloads = [one.work for one in job.steps if isinstance(one.work, Artifact) and one.work.direction == "down"]
    return bool(downloads) or not any(isinstance(one.work, Artifact) for one in job.steps)


def _mentions(job: Job, giver: str) -> bool:
    """Some text of the job refers to the giver's outputs or result."""
    base = giver.partition(" (")[0]
    return any(ref.context == "job" and ref.path[:1] == (base,) for ref in refs(job))
