"""Jobs, deployment jobs and stages -> `jobs:` and `stages:`. Called by the writer, for pipelines in Azure's shape."""

from __future__ import annotations

import dataclasses
from typing import Any

from seaway.formats.pipelines.azure_pipelines.jobs import HOOKS, SERVER
from seaway.formats.pipelines.azure_pipelines.words import Words, named, put_back
from seaway.formats.pipelines.azure_pipelines.write_steps import minutes, validation, write_step, write_steps
from seaway.formats.pipelines.expand import combinations
from seaway.formats.yaml.emit import Flow, Note, Raw
from seaway.model.pipeline import (
    DeployTarget,
    Image,
    Job,
    Matrix,
    Native,
    Pipeline,
    Row,
    Runner,
    Stage,
    Variable,
)


def write_stage(words: Words, stage: Stage, jobs: list[Job], shared: Runner | None) -> Any:
    """One stage with its jobs. `shared`: the pool that stands at the top of the file."""
    words.stage = stage.name
    if len(jobs) == 1 and jobs[0].calls is not None and jobs[0].calls.text == stage.name:
        return _call(words, jobs[0]) | _guarded(words, jobs[0])
    found: dict[str, Any] = {"stage": named(stage.name)}
    if named(stage.name) != stage.name:
        found["displayName"] = stage.name
    if stage.needs is not None:
        found["dependsOn"] = _needs(tuple(named(need.job) for need in stage.needs))
    if stage.condition is not None:
        found["condition"] = words.condition(stage.condition, "stage condition", stage.span)
    found |= variables(words, stage.variables, stage.natives, f"stages.{stage.name}.")
    put_back(found, _plain(stage.natives, f"stages.{stage.name}."), f"stages.{stage.name}.")
    found["jobs"] = [write_job(words, job, shared) for job in jobs] or Flow([])
    return Note(found, mark=stage.span)


def write_job(words: Words, job: Job, shared: Runner | None) -> Any:
    """One job."""
    if job.calls is not None:
        return _call(words, job) | _guarded(words, job)
    owner = f"jobs.{job.id}."
    name = words.name(job)
    found: dict[str, Any] = {"deployment" if job.environment else "job": name}
    found |= _described(words, job, name)
    if job.approval is not None:
        limit = {} if job.timeout is None else {"timeoutInMinutes": minutes(job.timeout)}
        return found | limit | {"pool": SERVER, "steps": [validation(words, job.approval)]}
    found |= body(words, job, shared)
    put_back(found, _plain(job.natives, owner, "strategy", "pool"), owner)
    return Note(found, above=job.comment, mark=job.span) if job.comment or job.span else found


def _described(words: Words, job: Job, name: str) -> dict[str, Any]:
    """What it is called, and what it waits for."""
    found: dict[str, Any] = {}
    title = words.text(job.name, "job name", job.span)
    if title or (name != job.id and not words.own):
        found["displayName"] = title or job.id
    if job.needs is not None and (job.needs or words.own):
        places = [words.place(need.job) for need in job.needs]
        found["dependsOn"] = _needs(tuple(place[1] for place in places if place is not None))
    if job.condition is not None:
        found["condition"] = words.condition(job.condition, "job condition", job.span)
    return found


def body(words: Words, job: Job, shared: Runner | None) -> dict[str, Any]:
    """What a job has below its name; at the top of a file this is the whole job."""
    found: dict[str, Any] = {}
    if job.runner != shared and job.runner != Runner():
        found["pool"] = pool(words, job.runner, job.natives)
    if job.container is not None:
        found["container"] = _image(words, job.container)
    if job.services:
        found["services"] = {
            one.alias: words.containers.get(dataclasses.replace(one, span=None), one.alias) for one in job.services
        }
    found |= _strategy(words, job) if job.environment is None else {}
    found |= variables(words, job.variables, job.natives, f"jobs.{job.id}.")
    if job.timeout is not None:
        found["timeoutInMinutes"] = minutes(job.timeout)
    if job.continue_on_error is not False:
        found["continueOnError"] = words.tolerance(job.continue_on_error, job.span)
    if job.environment is not None:
        found["environment"] = _environment(words, job.environment, f"jobs.{job.id}.environment.")
        found["strategy"] = _hooks(words, job)
    else:
        found["steps"] = write_steps(words, job.steps, server=job.runner.group == SERVER) or Flow([])
    return found


def _call(words: Words, job: Job) -> dict[str, Any]:
    assert job.calls is not None  # noqa: S101 - the caller asked
    given = words.variables(job.inputs, "parameter")
    found: dict[str, Any] = {"template": job.calls.text} | ({"parameters": given} if given else {})
    put_back(found, job.natives, f"jobs.{job.id}.")
    return found


def _guarded(words: Words, job: Job) -> dict[str, Any]:
    """A template takes no condition: that of the whole is lost."""
    if job.condition is not None:
        why = "a template cannot have a condition"
        words.losses.dropped("condition of a template", why, "put `${{ if }}` around it", job.span)
    return {}


def _needs(names: tuple[str, ...]) -> Any:
    return names[0] if len(names) == 1 else Flow(list(names))


def _plain(natives: tuple[Native, ...], owner: str, *but: str) -> tuple[Native, ...]:
    """Those that stand at their own key: variables, strategy and the like are put back where those are written."""
    skipped = {"variables", "environment", *but}
    return tuple(one for one in natives if one.key.removeprefix(owner).split(".")[0] not in skipped)


def pool(words: Words, runner: Runner, natives: tuple[Native, ...] = ()) -> Any:
    """`pool:`."""
    found: dict[str, Any] = {"name": runner.group} if runner.group else {}
    if runner.labels:
        found["vmImage"] = words.text(runner.labels[0], "pool", runner.span)
    put_back(found, tuple(Native(one.key.split("pool.", 1)[1], one.text) for one in natives if ".pool." in one.key), "")
    return runner.group if set(found) == {"name"} else found


def variables(
    words: Words, found: tuple[Variable, ...], natives: tuple[Native, ...], owner: str
) -> dict[str, Any]:  # fmt: skip
    """`variables:`, as a list where there are groups, templates or fixed values."""
    kept = [one for one in natives if one.key.startswith(f"{owner}variables.")]
    if not kept:
        return {"variables": words.variables(found, "variable")} if found else {}
    listed: list[Any] = []
    for one in kept:
        kind = one.key.removeprefix(f"{owner}variables.")
        if kind == "group":
            listed.append({"group": one.text})
        elif kind == "template":
            entry: dict[str, Any] = {}
            put_back(entry, (Native("entry", one.text),), "")
            listed.append(entry["entry"])
    for variable in found:
        entry = {"name": variable.name, "value": words.text(variable.value, "variable", variable.span)}
        extra = tuple(one for one in kept if one.key.startswith(f"{owner}variables.{variable.name}."))
        put_back(entry, extra, f"{owner}variables.{variable.name}.")
        listed.append(entry)
    return {"variables": listed}


def _image(words: Words, image: Image) -> Any:
    found = image_data(words, image)
    return found["image"] if set(found) == {"image"} else found


def image_data(words: Words, image: Image) -> dict[str, Any]:
    """A container as a mapping."""
    found: dict[str, Any] = {"image": words.text(image.name, "image", image.span)}
    if image.env:
        found["env"] = words.variables(image.env, "environment")
    if image.ports:
        found["ports"] = Flow(list(image.ports))
    if image.options:
        found["options"] = image.options
    put_back(found, image.natives, "container.")
    return found


def _environment(words: Words, target: DeployTarget, owner: str) -> Any:
    name = words.text(target.name, "environment", target.span)
    if not target.natives:
        return name
    found: dict[str, Any] = {"name": name} if name else {}
    put_back(found, target.natives, owner)
    return found


def _strategy(words: Words, job: Job) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if job.parallel is not None:
        found["parallel"] = job.parallel
    if job.matrix is not None:
        found["matrix"] = job.matrix.computed or _matrix(words, job.matrix)
        if job.matrix.max_parallel is not None:
            found["maxParallel"] = job.matrix.max_parallel
    put_back(found, tuple(one for one in job.natives if one.key.startswith("strategy.")), "strategy.")
    return {"strategy": found} if found else {}


def _matrix(words: Words, matrix: Matrix) -> dict[str, Any]:
    named_rows: list[tuple[str, Row]] = [(_label(words, row), row) for row in combinations(matrix)]
    rows = [*named_rows, *matrix.named]
    return {name: {axis: words.text(value, "matrix", matrix.span) for axis, value in row} for name, row in rows}


def _label(words: Words, row: Row) -> str:
    return named("_".join(words.text(value, "matrix") for _, value in row))


def _hooks(words: Words, job: Job) -> dict[str, Any]:
    """A deployment's strategy with its hooks."""
    owner = f"jobs.{job.id}.strategy"
    kind = next((one.text for one in job.natives if one.key == owner), "runOnce")
    found: dict[Any, Any] = {}
    put_back(found, tuple(one for one in job.natives if one.key.startswith(f"{owner}.{kind}.")), f"{owner}.{kind}.")
    for hook in HOOKS:
        own = tuple(step for step in job.steps if (step.native if step.native in HOOKS else "deploy") == hook)
        if hook == "deploy":
            others = any(step.work.kind == "artifact" and step.native in HOOKS for step in job.steps)
            found.setdefault(hook, {})["steps"] = write_steps(words, own, deployment=not others) or Flow([])
        elif own:
            found.setdefault(hook, {})["steps"] = [write_step(words, step) for step in own]
    for post in job.post:
        place = found.setdefault(Raw("on"), {}).setdefault(post.when, {})
        place["steps"] = [write_step(words, step) for step in post.steps] or Flow([])
    return {kind: found}


def services(words: Words, pipeline: Pipeline) -> list[dict[str, Any]]:
    """The containers that jobs name as their services. Two that differ have two names, whatever host names the jobs give them."""
    found: dict[str, dict[str, Any]] = {}
    for one in dict.fromkeys(dataclasses.replace(one, span=None) for job in pipeline.jobs for one in job.services):
        data = image_data(words, one)
        base = name = one.alias if words.own else named(one.alias)
        while name in found and found[name] != {"container": name} | data:
            name = f"{base}_{len(found) + 1}"
        words.containers[one] = name
        found[name] = {"container": name} | data
    return list(found.values())
