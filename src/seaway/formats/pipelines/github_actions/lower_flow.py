"""Order and files of systems with stages: whom a job waits for, and whose artifacts it finds. Called by `lower`.

A job without needs waits for all stages before its own and gets the files of all their jobs; GitHub wants both said.
"""

from __future__ import annotations

import dataclasses

from seaway.model.pipeline import Job, Need, Pipeline


def flowing(pipeline: Pipeline, jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """Jobs whose needs name everybody of earlier stages who is not waited for yet, or whose files they get.

    `jobs`: with the order of stages as needs, so that those of the stage just before are there already.
    """
    if not pipeline.barrier:
        return tuple(_of_dependencies(job) for job in jobs)
    stages = [stage.name for stage in pipeline.stages]
    place = {job.id: stages.index(job.stage) for job in jobs if job.stage in stages}
    written = {job.id for job in pipeline.jobs if job.needs is not None}
    known = {job.id: job for job in jobs}
    found = []
    for job in jobs:
        if job.id not in written and job.id in place:
            earlier = [one for one in jobs if place.get(one.id, len(stages)) < place[job.id]]
            waited = _ancestors(job, known)
            direct = {need.job for need in job.needs or ()}
            more = [one for one in earlier if one.id not in direct and (one.id not in waited or _gives(one))]
            found.append(dataclasses.replace(job, needs=(*(job.needs or ()), *(Need(one.id) for one in more))))
        else:
            found.append(job)
    return tuple(_of_dependencies(job) for job in found)


def _gives(job: Job) -> bool:
    return any(one.direction == "up" and (one.paths or one.reports) for one in job.artifacts)


def _of_dependencies(job: Job) -> Job:
    """Where `dependencies` names jobs, only their files come along."""
    if job.dependencies is None:
        return job
    wanted = set(job.dependencies)
    needs = tuple(
        dataclasses.replace(need, artifacts=need.artifacts and need.job in wanted) for need in job.needs or ()
    )
    return dataclasses.replace(job, needs=needs)


def _ancestors(job: Job, known: dict[str, Job]) -> set[str]:
    found: set[str] = set()
    waiting = [need.job for need in job.needs or ()]
    while waiting:
        name = waiting.pop()
        if name not in found and name in known:
            found.add(name)
            waiting += [need.job for need in known[name].needs or ()]
    return found
