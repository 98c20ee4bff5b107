"""Model -> a CircleCI configuration of version 2.1. Called through the package by `convert`."""

from __future__ import annotations

from typing import Any

from seaway.formats.pipelines.circleci import started
from seaway.formats.pipelines.circleci.lower import lowered
from seaway.formats.pipelines.circleci.words import Unprintable, Words, filters, kept_data, logic, named, put_back
from seaway.formats.pipelines.circleci.write_steps import write_steps
from seaway.formats.pipelines.losses import Losses
from seaway.formats.yaml.emit import Flow, Note, Raw, Spaced, emit
from seaway.model.loss import Written
from seaway.model.pipeline import (
    Image,
    Job,
    Matrix,
    Need,
    Parameter,
    Pipeline,
    Stage,
    System,
    Trigger,
    TriggerKind,
)

_STATUS = {"failure": "failed", "always": "terminal", "success": "success"}
_IN_WORKFLOW = ("context", "filters", "override-with")
_TYPES = {"choice": "enum", "number": "integer"}


def render(pipeline: Pipeline) -> Written:
    """The pipeline in CircleCI's language, with everything that the text does not say."""
    losses = Losses()
    if pipeline.system is not System.CIRCLECI:
        pipeline = lowered(pipeline, losses)
    emitted = emit(Spaced(_Writer(pipeline, losses).document()), head=pipeline.comment, path=pipeline.path)
    return Written(emitted.text, losses.all(emitted.places))


class _Writer:
    def __init__(self, pipeline: Pipeline, losses: Losses) -> None:
        self._pipeline = pipeline
        self._words = Words(pipeline, losses)
        self._keys: dict[str, str] = {}

    def document(self) -> dict[str, Any]:
        """The keys in the order in which people look for them."""
        pipeline = self._pipeline
        version = next((one.text for one in pipeline.natives if one.key == "version"), "2.1")
        found: dict[str, Any] = {"version": Raw(version)}
        rest = tuple(one for one in pipeline.natives if one.key.split(".")[0] not in {"version", "workflows"})
        put_back(found, rest, "")
        if pipeline.parameters:
            found["parameters"] = {one.name: _parameter(one) for one in pipeline.parameters}
        jobs = self._definitions()
        if jobs:
            found["jobs"] = Spaced(jobs)
        workflows = self._workflows()
        put_back(
            workflows, tuple(one for one in pipeline.natives if one.key.startswith("workflows.")), "workflows."
        )  # fmt: skip
        if workflows:
            found["workflows"] = workflows
        return found

    def _definitions(self) -> dict[str, Any]:
        """The jobs; those that do the same are one."""
        found: dict[str, Any] = {}
        for job in self._pipeline.jobs:
            if job.approval is not None or job.calls is not None:
                continue
            made = self._job(job)
            same = next((key for key, other in found.items() if other == made), None)
            if same is not None and not job.template:
                self._keys[job.id] = same
            else:
                found[self._key(job)] = made
        return found

    def _workflows(self) -> dict[str, Any]:
        pipeline = self._pipeline
        jobs = [job for job in pipeline.jobs if not job.template]
        if pipeline.stages:
            return {
                stage.name: self._stage(stage, [job for job in jobs if job.stage == stage.name])
                for stage in pipeline.stages
            }
        if not pipeline.name and [job.id for job in jobs] == ["build"] and self._words.own:
            return {}
        name = pipeline.name if isinstance(pipeline.name, str) and pipeline.name else "main"
        return {name: {"jobs": [self._use(job) for job in jobs] or Flow([])}} if jobs or pipeline.name else {}

    def _stage(self, stage: Stage, jobs: list[Job]) -> dict[str, Any]:
        owner = f"workflows.{stage.name}."
        found: dict[str, Any] = {}
        expr = stage.condition.expr if stage.condition is not None else None
        clock = [one for one in self._pipeline.triggers if one.kind is TriggerKind.SCHEDULE]
        if clock:
            expr = started.without_clock(expr)
        if own := [one for one in clock if one.native == stage.name]:
            found["triggers"] = [{"schedule": _schedule(one)} for one in own]
        if expr is not None:
            try:
                found["when"] = logic(expr)
            except Unprintable as why:
                self._words.losses.dropped("workflow condition", f"CircleCI has no condition for {why}", "", stage.span)
        put_back(found, stage.natives, owner)
        found["jobs"] = [self._use(job) for job in jobs] or Flow([])
        return found

    def _key(self, job: Job) -> str:
        """The job's name below `jobs`."""
        if job.id not in self._keys:
            taken = {*self._keys.values(), *(named(one.id) for one in self._pipeline.jobs if one.id != job.id)}
            key = named(self._shown(job))
            key = named(job.id) if key in taken else key
            self._keys[job.id] = key if key not in self._keys.values() else f"{key}-{len(self._keys)}"
        return self._keys[job.id]

    def _shown(self, job: Job) -> str:
        """The job's name within its workflow."""
        return job.id.removeprefix(f"{job.stage}.") if job.stage else job.id

    def _use(self, job: Job) -> Any:
        """A job's entry in its workflow."""
        shown = self._shown(job)
        body: dict[str, Any] = {}
        key = job.calls.text if job.calls is not None else shown if job.approval is not None else self._key(job)
        if job.approval is not None:
            body["type"] = "approval"
        elif key != shown and job.matrix is None:
            body["name"] = shown
        if job.calls is not None:
            body |= {
                one.name: kept_data(one.value)
                if isinstance(one.value, str) and one.value.startswith(("[", "{"))
                else self._words.text(one.value)
                for one in job.inputs
            }
        if job.matrix is not None:
            body["matrix"] = self._matrix(job.matrix, shown if key != shown else "")
        if job.needs:
            body["requires"] = self._requires(job.needs)
        asked = started.without_tags(job.condition.expr if job.condition is not None else None)
        if asked is not None:
            found = filters(asked)
            if found is not None:
                body["filters"] = found
            else:
                why = "a job can only be filtered by branch and tag"
                self._words.losses.dropped("job condition", why, "write a workflow of its own with `when`", job.span)
        if job.concurrency is not None:
            body["serial-group"] = self._words.text(job.concurrency.group, "group", job.span)
        owner = f"jobs.{job.id}."
        put_back(body, tuple(one for one in job.natives if _is_use(one.key, owner)), owner)
        written: Any = {key: body} if body else key
        return Note(written, above=job.comment, mark=job.span) if job.comment or job.span else written

    def _requires(self, needs: tuple[Need, ...]) -> list[Any]:
        found: list[Any] = []
        for need in needs:
            other = self._pipeline.job(need.job)
            name = self._shown(other) if other is not None else need.job
            if need.when in ("success", ""):
                found.append(name)
            else:
                words = [_STATUS.get(one, one) for one in need.when.split(" ")]
                found.append({name: words[0] if len(words) == 1 else Flow(words)})
        return found

    def _matrix(self, matrix: Matrix, alias: str) -> dict[str, Any]:
        rows = {
            one.name: Raw(one.computed) if one.computed else Flow([self._words.text(value) for value in one.values])
            for one in matrix.axes
        }
        found: dict[str, Any] = {"alias": alias} if alias else {}
        found["parameters"] = rows
        if matrix.exclude:
            found["exclude"] = [{name: self._words.text(value) for name, value in row} for row in matrix.exclude]
        return found

    def _job(self, job: Job) -> Any:
        """A job's definition."""
        words, owner = self._words, f"jobs.{job.id}."
        found: dict[str, Any] = {}
        if job.matrix is not None:
            found["parameters"] = {axis.name: {"type": "string"} for axis in job.matrix.axes}
        found |= self._place(job, owner)
        if job.parallel is not None:
            found["parallelism"] = job.parallel
        if job.shell:
            found["shell"] = job.shell
        if job.cwd:
            found["working_directory"] = words.text(job.cwd, "folder")
        if job.variables:
            found["environment"] = words.variables(job.variables, "variable")
        own = tuple(one for one in job.natives if not _is_use(one.key, owner) and not one.key.startswith("docker."))
        put_back(found, own, owner)
        found["steps"] = write_steps(words, job.steps) or Flow([])
        return found

    def _place(self, job: Job, owner: str) -> dict[str, Any]:
        """`docker`, `machine`, `macos` or `executor`."""
        runner = job.runner
        found: dict[str, Any] = {}
        label = self._words.text(runner.labels[0], "image") if runner.labels else ""
        if job.container is not None:
            found["docker"] = [self._image(one) for one in (job.container, *job.services)]
        elif runner.group:
            kept = any(one.key.startswith(f"{owner}executor.") for one in job.natives)
            found["executor"] = {"name": runner.group} if kept else runner.group
        elif runner.os == "macos":
            found["macos"] = {"xcode": label} if label else {}
        elif runner.labels:
            found["machine"] = {"image": label}
        elif runner.os == "linux":
            found["machine"] = True
        if runner.size:
            found["resource_class"] = runner.size
        return found

    def _image(self, image: Image) -> dict[str, Any]:
        found: dict[str, Any] = {"image": self._words.text(image.name, "image", image.span)}
        if image.alias:
            found["name"] = image.alias
        for key, words in (("entrypoint", image.entrypoint), ("command", image.command)):
            if words is not None:
                found[key] = Flow(list(words))
        if image.env:
            found["environment"] = self._words.variables(image.env, "environment")
        put_back(found, image.natives, "docker.")
        return found


def _is_use(key: str, owner: str) -> bool:
    return key.removeprefix(owner).split(".")[0] in _IN_WORKFLOW


def _schedule(trigger: Trigger) -> dict[str, Any]:
    globs = (("only", trigger.branches.include), ("ignore", trigger.branches.exclude))
    branches = {key: Flow(list(names)) for key, names in globs if names}
    found: dict[str, Any] = {"cron": trigger.cron}
    return found | ({"filters": {"branches": branches}} if branches else {})


def _parameter(parameter: Parameter) -> dict[str, Any]:
    kind = _TYPES.get(parameter.type, parameter.type)
    if kind == "enum" and not parameter.options:
        kind = "string"
    found: dict[str, Any] = {"type": kind}
    if parameter.description:
        found["description"] = parameter.description
    if kind == "enum":
        found["enum"] = Flow(list(parameter.options))
    if parameter.default is not None:
        found["default"] = Raw(parameter.default) if kind in {"boolean", "integer"} else parameter.default
    return found
