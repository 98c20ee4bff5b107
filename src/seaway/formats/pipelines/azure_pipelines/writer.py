"""Model -> an Azure Pipelines file. Called through the package by `convert`."""

from __future__ import annotations

from typing import Any

from seaway.formats.pipelines.azure_pipelines.lower import lowered
from seaway.formats.pipelines.azure_pipelines.words import Words, put_back
from seaway.formats.pipelines.azure_pipelines.write_jobs import body, pool, services, variables, write_job, write_stage
from seaway.formats.pipelines.azure_pipelines.write_triggers import parameters, triggers
from seaway.formats.pipelines.losses import Losses
from seaway.formats.yaml.emit import Spaced, emit
from seaway.model.loss import Written
from seaway.model.pipeline import Job, Native, Pipeline, Runner, Stage, System

_FIRST = ("name", "lockBehavior", "appendCommitMessageToRunName", "resources")


def render(pipeline: Pipeline) -> Written:
    """The pipeline in Azure's language, with everything that the text does not say."""
    losses = Losses()
    if pipeline.system is not System.AZURE_PIPELINES:
        pipeline = lowered(pipeline, losses)
    words = Words(pipeline, losses)
    emitted = emit(Spaced(_document(words, pipeline)), head=pipeline.comment, path=pipeline.path)
    return Written(emitted.text, losses.all(emitted.places))


def _document(words: Words, pipeline: Pipeline) -> dict[str, Any]:
    """The keys in the order in which people look for them."""
    root = tuple(
        one for one in pipeline.natives if one.key.split(".")[0] not in {"variables", "schedules", "parameters"}
    )
    found: dict[str, Any] = {}
    put_back(found, tuple(one for one in root if one.key == "name"), "")
    found |= triggers(words, pipeline)
    found |= parameters(pipeline)
    put_back(found, tuple(one for one in root if one.key != "name" and "." not in one.key), "")
    put_back(found, tuple(one for one in root if one.key.startswith(("trigger.", "pr.", "resources."))), "")
    _add_containers(words, found, pipeline)
    found |= variables(words, pipeline.variables, pipeline.natives, "")
    if "extends" in found:
        return found
    shared = _shared(pipeline.jobs)
    single = _single(pipeline)
    if shared is not None and single is None:
        found["pool"] = pool(words, shared)
    if pipeline.stages:
        members: dict[str, list[Job]] = {stage.name: [] for stage in pipeline.stages}
        for job in pipeline.jobs:  # a stage that nobody declares (an include would, that is not here) comes last
            members.setdefault(job.stage or "jobs", []).append(job)
        stages = {stage.name: stage for stage in pipeline.stages}
        made = [write_stage(words, stages.get(name) or Stage(name), jobs, shared) for name, jobs in members.items()]
        found["stages"] = Spaced(made)
    elif single is not None:
        found |= body(words, single, None)
        put_back(found, _of_job(single), f"jobs.{single.id}.")
    elif pipeline.jobs:
        found["jobs"] = Spaced([write_job(words, job, shared) for job in pipeline.jobs])
    else:
        found["steps"] = []
    return found


def _of_job(job: Job) -> tuple[Native, ...]:
    """What a job that is the whole file keeps: the rest of it stands at the top already."""
    skipped = ("variables.", "pool.", "strategy.")
    owner = f"jobs.{job.id}."
    return tuple(
        one for one in job.natives if one.key.startswith(owner) and not one.key[len(owner) :].startswith(skipped)
    )


def _single(pipeline: Pipeline) -> Job | None:
    """The one job of a file that needs no `jobs:`."""
    if pipeline.stages or len(pipeline.jobs) != 1:
        return None
    job = pipeline.jobs[0]
    if job.id != "Job" or job.name or job.condition or job.needs is not None or job.environment:
        return None
    return None if job.approval or job.calls or job.timeout or job.variables else job


def _shared(jobs: tuple[Job, ...]) -> Runner | None:
    """The machine that all jobs take, which then stands once at the top."""
    working = [job for job in jobs if job.approval is None and job.calls is None]
    runners = {job.runner for job in working}
    if len(working) < 2 or len(runners) != 1 or any(".pool." in one.key for job in working for one in job.natives):
        return None
    runner = runners.pop()
    return runner if runner.labels and all(isinstance(label, str) for label in runner.labels) else None


def _add_containers(words: Words, found: dict[str, Any], pipeline: Pipeline) -> None:
    """The services' containers, and those that the file declares besides."""
    resources = found.get("resources", {})
    needed = [*resources.get("containers", {}).values(), *services(words, pipeline)]
    if needed:
        found["resources"] = resources
        resources["containers"] = needed
