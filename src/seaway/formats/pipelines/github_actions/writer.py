"""Model -> a workflow's text. Called by `render`. Takes pipelines in GitHub's shape: those of other systems are lowered first."""

from __future__ import annotations

from typing import Any

from seaway.formats.pipelines.github_actions import write_jobs, write_steps, write_triggers
from seaway.formats.pipelines.github_actions.reader import ACTION
from seaway.formats.pipelines.github_actions.words import Words, put_back
from seaway.formats.pipelines.losses import Losses
from seaway.formats.yaml.emit import Flow, Raw, Spaced, emit
from seaway.model.loss import Written
from seaway.model.pipeline import Pipeline


def write(pipeline: Pipeline, losses: Losses) -> Written:
    """The text, and the losses with their places in it."""
    words = Words(losses)
    is_action = any(one.native == ACTION for one in pipeline.triggers)
    document = _action(words, pipeline) if is_action else _workflow(words, pipeline)
    emitted = emit(Spaced(document), head=pipeline.comment, path=pipeline.path)
    return Written(emitted.text, losses.all(emitted.places))


def _workflow(words: Words, pipeline: Pipeline) -> dict[Any, Any]:
    natives = tuple(one for one in pipeline.natives if not one.key.startswith("on."))
    events = tuple(one for one in pipeline.natives if one.key.startswith("on."))
    found: dict[Any, Any] = {"name": words.text(pipeline.name, "name")} if pipeline.name else {}
    found[Raw("on")] = write_triggers.write(words, pipeline.triggers, events)
    if pipeline.permissions is not None:
        found["permissions"] = write_jobs.permissions(pipeline.permissions)
    if pipeline.concurrency is not None:
        found["concurrency"] = write_jobs.concurrency(words, pipeline.concurrency)
    if pipeline.variables:
        found["env"] = words.variables(pipeline.variables, "variable")
    found |= write_jobs.defaults(words, pipeline.shell, pipeline.cwd)
    jobs = {job.id: write_jobs.write(words, job) for job in pipeline.jobs}
    found["jobs"] = Spaced(jobs) if jobs else Flow({})
    put_back(found, natives, "")
    return found


def _action(words: Words, pipeline: Pipeline) -> dict[Any, Any]:
    found: dict[Any, Any] = {"name": words.text(pipeline.name, "name")} if pipeline.name else {}
    if pipeline.parameters:
        found["inputs"] = write_triggers.inputs(words, pipeline.parameters, typed=False)
    job = pipeline.jobs[0] if pipeline.jobs else None
    if job is not None and job.outputs:
        found["outputs"] = {
            one.name: ({"description": one.description} if one.description else {}) | {"value": words.text(one.value)}
            for one in job.outputs
        }
    runs: dict[str, Any] = {}
    found["runs"] = runs
    put_back(found, pipeline.natives, "")
    if job is not None:
        runs["steps"] = [write_steps.write(words, step) for step in job.steps]
    return found
