"""What a whole run or a step has and a job of most systems has not: a limit, a folder, an image. Called by those systems' writers."""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.grounded import grounded
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.one_container import one_container
from seaway.model.pipeline import Checkout, Job, Pipeline


def of_jobs(pipeline: Pipeline, losses: Losses, system: str) -> Pipeline:
    """The pipeline with its time limit on each job that has none of its own; told as approximated. Each job has one image.

    Jobs that went on in the folder of an earlier one now begin without its files: told, as only the scripts know which.
    """
    _folders(pipeline, losses, system)
    pipeline = grounded(pipeline, losses, system)
    if any(step.container is not None for job in pipeline.jobs for step in job.steps):
        images = tuple(one_container(job, losses, system) for job in pipeline.jobs)
        pipeline = dataclasses.replace(pipeline, jobs=images, index={})
    if pipeline.timeout is None:
        return pipeline
    limit = pipeline.timeout
    why = f"{system} limits jobs, not runs: each job may now take as long as the whole might"
    losses.approximated("timeout of the whole run", why, "give each job a limit of its own", pipeline.span)
    jobs = tuple(
        job if job.timeout is not None or job.template or job.calls else dataclasses.replace(job, timeout=limit)
        for job in pipeline.jobs
    )
    return dataclasses.replace(pipeline, jobs=jobs, timeout=None, index={})


def _folders(pipeline: Pipeline, losses: Losses, system: str) -> None:
    earlier: dict[str, Job] = {}
    for job in pipeline.jobs:
        if not job.workspace or all(isinstance(step.work, Checkout) for step in job.steps):
            continue
        before = earlier.setdefault(job.workspace, job)
        if before is not job:
            why = f"it went on in the folder of {before.id}; a job of {system} begins with the repository's files only"
            fix = "hand over as artifacts what the jobs before it make, or make one job of them"
            losses.manual(f"workspace of {job.id}", why, fix, job.span)
        earlier[job.workspace] = job
