"""Model -> Tekton: a Pipeline, or a PipelineRun that Pipelines as Code starts where pushes or pull requests do. Called by `render`.

What comes from a system with a machine per job shares one workspace here: a task `clone` fills it, tasks that wanted the
repository's files work in it.
"""

from __future__ import annotations

import re
from typing import Any

from seaway.formats.pipelines import commands, outside, starting
from seaway.formats.pipelines.given import given
from seaway.formats.pipelines.grounded import grounded
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.matrix_rows import whole_rows
from seaway.formats.pipelines.settled import settled
from seaway.formats.pipelines.shell_names import shell_named, with_axes
from seaway.formats.pipelines.tekton import pac, tasks
from seaway.formats.pipelines.tekton.reader import FINALLY
from seaway.formats.pipelines.tekton.tasks import CLONE, SOURCE, Told
from seaway.formats.pipelines.tekton.values import written
from seaway.formats.pipelines.unstaged import unstaged
from seaway.formats.yaml.emit import Emitted, Flow, Spaced, emit
from seaway.formats.yaml.kept import restored
from seaway.model.expression import Call
from seaway.model.loss import Written
from seaway.model.pipeline import Checkout, Job, Need, Pipeline, System, Trigger, TriggerKind

_EVENTS = pac.EVENTS
_RUN = re.compile(r"0\.PipelineRun\.")


def write(pipeline: Pipeline) -> Written:
    """The document, and what it does not say."""
    losses = Losses()
    own = pipeline.system is System.TEKTON
    pipeline = pipeline if own else _lowered(pipeline, losses)
    jobs = unstaged(pipeline, losses)
    started = bool(_starts(pipeline)) or any(_RUN.match(one.key) for one in pipeline.natives if own)
    told = Told(pipeline, losses, clones=any(_wants_files(job) for job in jobs), pac=started or own)
    last = [job for job in jobs if _is_last(job, jobs)]
    spec: dict[Any, Any] = {}
    if pipeline.timeout is not None and not _starts(pipeline):
        losses.manual(
            "timeout", "a limit of the whole is set by the run", "timeouts.pipeline of the PipelineRun", pipeline.span
        )
    if pipeline.parameters:
        spec["params"] = [tasks.parameter(one) for one in pipeline.parameters]
    if told.clones:
        spec["workspaces"] = [{"name": SOURCE}]
    if not told.pac and told.clones:
        spec["params"] = [*spec.get("params", []), *tasks.ASKED]
    body: list[Any] = [tasks.clone(told)] if told.clones else []
    body += [tasks.task(job, _needs(job, told, last), told) for job in jobs if job not in last]
    spec["tasks"] = Spaced(body) if len(body) > 1 else body
    if last:
        spec["finally"] = [tasks.task(job, (), told) for job in last]
    _outside(pipeline, losses, own=own)
    for native in pipeline.natives if own else ():
        place, _, key = native.key.partition(":")
        if key.startswith("pipeline.") and place.startswith("0."):
            spec[key.removeprefix("pipeline.")] = restored(native.text)
    document = _run(pipeline, spec, told) if started else _alone(pipeline, spec)
    others = _own(pipeline, document) if own else []
    emitted = emit(document, head=pipeline.comment)
    for other in others:
        emitted = Emitted(f"{emitted.text}---\n{emit(other).text}", emitted.places)
    return Written(emitted.text, losses.all(emitted.places))


def _lowered(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """A pipeline of another system, with what its text does not bring along told."""
    pipeline = settled(
        starting.joined(starting.by_rules(starting.asked(given(pipeline, losses)), losses, "Tekton"), losses, "Tekton"),
        losses,
    )
    pipeline = grounded(shell_named(with_axes(whole_rows(pipeline))), losses, "Tekton")
    commands.told(pipeline, losses, "Tekton")
    starting.nothing(pipeline, losses)
    outside.tell(pipeline, losses, System.TEKTON, tasks.to_make)
    return pipeline


def _wants_files(job: Job) -> bool:
    return any(isinstance(step.work, Checkout) for step in job.steps)


def _is_last(job: Job, jobs: list[Job]) -> bool:
    """It runs whatever became of the others, and nobody waits for it."""
    if any(need.job == job.id for other in jobs for need in other.needs or ()):
        return False
    if job.needs and all(need.when == FINALLY for need in job.needs):
        return True
    return bool(job.needs) and job.condition is not None and job.condition.expr in {Call("always"), Call("failure")}


def _needs(job: Job, told: Told, last: list[Job]) -> tuple[Need, ...]:
    gone = {one.id for one in last}
    needs = tuple(need for need in job.needs or () if need.job not in gone)
    return needs or ((Need(CLONE),) if told.clones and _wants_files(job) else ())


def _starts(pipeline: Pipeline) -> list[Trigger]:
    return [one for one in pipeline.triggers if one.kind in _EVENTS]


def _alone(pipeline: Pipeline, spec: dict[Any, Any]) -> dict[Any, Any]:
    name = tasks.name_of(pipeline.name, pipeline.path)
    return {"apiVersion": "tekton.dev/v1", "kind": "Pipeline", "metadata": {"name": name}, "spec": spec}


def _run(pipeline: Pipeline, spec: dict[Any, Any], told: Told) -> dict[Any, Any]:
    starts = _starts(pipeline)
    notes: dict[Any, Any] = dict(pac.as_annotations(starts, told.losses)) if starts else {}
    outer: dict[Any, Any] = {"pipelineSpec": spec}
    if pipeline.timeout is not None:
        outer["timeouts"] = {"pipeline": written(pipeline.timeout)}
    if told.clones:
        claim = {"accessModes": Flow(["ReadWriteOnce"]), "resources": {"requests": {"storage": "1Gi"}}}
        outer["workspaces"] = [{"name": SOURCE, "volumeClaimTemplate": {"spec": claim}}]
    if pipeline.parameters:
        outer["params"] = [{"name": one.name, "value": one.default or ""} for one in pipeline.parameters]
    name = tasks.name_of(pipeline.name, pipeline.path)
    metadata = {"generateName": f"{name.rstrip('-')}-"} | ({"annotations": notes} if notes else {})
    return {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": metadata, "spec": outer}


def _own(pipeline: Pipeline, document: dict[Any, Any]) -> list[Any]:
    """Puts back what was kept of the first document; returns the other documents of the file."""
    others = []
    for native in pipeline.natives:
        place, _, key = native.key.partition(":")
        if not key:
            others.append(restored(native.text))
        elif place.startswith("0.") and not key.startswith("pipeline."):
            outer, _, inner = key.partition(".")
            if inner:
                document[outer][inner] = restored(native.text)
            else:
                document[key] = restored(native.text)
    return others


def _outside(pipeline: Pipeline, losses: Losses, *, own: bool) -> None:
    """What Tekton's documents have no place for."""
    for one in pipeline.triggers:
        if one.kind is TriggerKind.SCHEDULE:
            losses.manual(
                f"schedule {one.cron}", "Tekton starts nothing by the clock",
                "a CronJob of the cluster that creates the PipelineRun", one.span,
            )  # fmt: skip
        elif one.kind not in _EVENTS and one.kind not in {TriggerKind.MANUAL, TriggerKind.API, TriggerKind.CALL}:
            losses.dropped(
                f"trigger {one.native or one.kind.value}",
                "no annotation starts a run on this",
                "an EventListener",
                one.span,
            )
    if pipeline.permissions is not None:
        losses.manual(
            "permissions", "rights belong to the run's service account", "bind a role to it", pipeline.permissions.span
        )
    if pipeline.concurrency is not None:
        losses.dropped(
            "concurrency", "core Tekton does not limit runs", "Pipelines as Code: concurrency_limit of the Repository",
            pipeline.concurrency.span,
        )  # fmt: skip
    for post in (*pipeline.post, *(one for stage in pipeline.stages for one in stage.post)):
        losses.dropped(
            f"post {post.when}", "steps after a stage or the whole pipeline", "write a task under `finally`", post.span
        )
    if not own:
        for native in (*pipeline.natives, *(one for stage in pipeline.stages for one in stage.natives)):
            losses.dropped(native.key, "Tekton has no word for it", "", native.span)
