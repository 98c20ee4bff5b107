"""Limits of a whole run, for systems that have none: they become limits of its jobs. Called by those systems' writers."""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Pipeline


def of_jobs(pipeline: Pipeline, losses: Losses, system: str) -> Pipeline:
    """The pipeline with its time limit on each job that has none of its own; told as approximated."""
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
