"""Jobs of a pipeline with stages, for systems that have none: what a stage says, its jobs say. Called by the writers' lowering."""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.expand import with_stage_order
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Binary, Condition
from seaway.model.pipeline import Job, Pipeline, Post, Stage


def unstaged(pipeline: Pipeline, losses: Losses) -> list[Job]:
    """The jobs that run, ordered by needs alone, under the conditions of their stages and of the stages around those.

    Work after a stage goes to its one job; after several jobs it is a loss.
    """
    jobs = [job for job in pipeline.jobs if not job.template]
    if not pipeline.stages:
        return jobs
    stages = {stage.name: stage for stage in pipeline.stages}
    owners = _owners(jobs, stages)
    posts: dict[str, tuple[Post, ...]] = {}
    for stage in pipeline.stages:
        for post in stage.post:
            owned = owners.get(stage.name, [])
            if len(owned) == 1:
                posts[owned[0]] = (*posts.get(owned[0], ()), post)
            else:
                why = "there is no work after several jobs"
                losses.dropped(f"post {post.when} of {stage.name}", why, "add a job that needs them all", post.span)
    return [
        dataclasses.replace(job, stage="", post=(*job.post, *posts.get(job.id, ())))
        for job in with_conditions(pipeline, with_stage_order(pipeline, with_variables(pipeline, jobs)))
    ]


def with_conditions(pipeline: Pipeline, jobs: list[Job]) -> list[Job]:
    """The jobs under the conditions of the stages around them, too."""
    stages = {stage.name: stage for stage in pipeline.stages}
    found = []
    for job in jobs:
        for stage in _around(job.stage, stages):
            job = under(job, stage.condition)  # noqa: PLW2901 - it grows on its way out
        found.append(job)
    return found


def with_variables(pipeline: Pipeline, jobs: list[Job]) -> list[Job]:
    """The jobs with the variables of their stages, where they have nothing of that name; of two stages the inner one counts."""
    stages = {stage.name: stage for stage in pipeline.stages}
    found = []
    for job in jobs:
        given = {one.name: one for one in job.variables}
        for stage in _around(job.stage, stages):
            given = {one.name: one for one in stage.variables} | given
        found.append(dataclasses.replace(job, variables=tuple(given.values())))
    return found


def _around(name: str, stages: dict[str, Stage]) -> list[Stage]:
    """The stage and those around it, innermost first."""
    found: list[Stage] = []
    while name in stages and stages[name] not in found:
        found.append(stages[name])
        name = stages[name].parent
    return found


def _owners(jobs: list[Job], stages: dict[str, Stage]) -> dict[str, list[str]]:
    """Stage -> the jobs in it, those of stages within it too."""
    found: dict[str, list[str]] = {}
    for job in jobs:
        for stage in _around(job.stage, stages):
            found.setdefault(stage.name, []).append(job.id)
    return found


def under(job: Job, condition: Condition | None) -> Job:
    """The job with another condition before its own."""
    if condition is None:
        return job
    if job.condition is None:
        return dataclasses.replace(job, condition=condition)
    whole = Binary("&&", condition.expr, job.condition.expr)
    text = " && ".join(one for one in (condition.text, job.condition.text) if one)
    return dataclasses.replace(job, condition=Condition(whole, condition.phase, text, condition.span))
