"""Jobs -> `jobs:`. Called by the writer."""

from __future__ import annotations

from typing import Any

from seaway.formats.pipelines.github_actions import write_steps
from seaway.formats.pipelines.github_actions.words import Words, put_back
from seaway.formats.pipelines.github_actions.write_steps import minutes
from seaway.formats.pipelines.github_actions.write_triggers import few
from seaway.formats.yaml.emit import Flow, Note
from seaway.formats.yaml.kept import restored
from seaway.model.expression import Text
from seaway.model.pipeline import Axis, Concurrency, DeployTarget, Image, Job, Matrix, Need, Permissions, Runner


def write(words: Words, job: Job) -> Any:
    """One job, its keys in the order in which people look for them."""
    whole = next((one for one in job.natives if one.key == f"jobs.{job.id}"), None)
    if whole is not None:  # no mapping
        return restored(whole.text)
    found: dict[str, Any] = {"name": words.text(job.name, "name", job.span)} if job.name else {}
    if job.needs is not None:
        found["needs"] = _needs(job.needs)
    if job.condition is not None:
        found["if"] = words.condition(job.condition, "job condition", job.span)
    found |= _place(words, job)
    found |= _around(words, job)
    found |= _values(words, job)
    if job.timeout is not None:
        found["timeout-minutes"] = minutes(job.timeout)
    if job.continue_on_error is not False:
        found["continue-on-error"] = words.tolerance(job.continue_on_error, job.span)
    found |= _call(words, job) if job.calls is not None else _steps(words, job)
    put_back(found, job.natives, f"jobs.{job.id}.")
    return Note(found or None, above=job.comment, mark=job.span)


def _place(words: Words, job: Job) -> dict[str, Any]:
    """Where it runs, how often, and with what beside it."""
    found: dict[str, Any] = {}
    if job.runner.labels or job.runner.group:
        found["runs-on"] = _runner(words, job.runner)
    if job.matrix is not None:
        found["strategy"] = _matrix(words, job.matrix)
    if job.container is not None:
        found["container"] = _image(words, job.container, f"jobs.{job.id}.container.")
    if job.services:
        found["services"] = {
            one.alias: _service(words, one, f"jobs.{job.id}.services.{one.alias}.") for one in job.services
        }
    return found


def _values(words: Words, job: Job) -> dict[str, Any]:
    found = {"outputs": words.variables(job.outputs, "output")} if job.outputs else {}
    if job.variables:
        found["env"] = words.variables(job.variables, "variable")
    return found | defaults(words, job.shell, job.cwd)


def _around(words: Words, job: Job) -> dict[str, Any]:
    """Authority, target and exclusion."""
    found: dict[str, Any] = {}
    if job.permissions is not None:
        found["permissions"] = permissions(job.permissions)
    if job.environment is not None:
        found["environment"] = _environment(words, job.environment, f"jobs.{job.id}.environment.")
    if job.concurrency is not None:
        found["concurrency"] = concurrency(words, job.concurrency)
    return found


def _steps(words: Words, job: Job) -> dict[str, Any]:
    return {"steps": [write_steps.write(words, step) for step in job.steps]} if job.steps else {}


def _call(words: Words, job: Job) -> dict[str, Any]:
    """`uses` of another workflow. Secrets are the inputs that are marked so."""
    assert job.calls is not None  # noqa: S101 - the caller asked
    given = tuple(one for one in job.inputs if not one.secret)
    secrets = tuple(one for one in job.inputs if one.secret)
    found = write_steps.used(words, job.calls, words.variables(given, "input"))
    return found | ({"secrets": words.variables(secrets, "secret")} if secrets else {})


def _needs(needs: tuple[Need, ...]) -> Any:
    names = tuple(dict.fromkeys(need.job for need in needs))
    return names[0] if len(names) == 1 else few(names)


def _runner(words: Words, runner: Runner) -> Any:
    labels = [words.text(label, "runner") for label in runner.labels]
    if runner.group:
        return {"group": runner.group} | ({"labels": Flow(labels)} if labels else {})
    return labels[0] if len(labels) == 1 else Flow(labels)


def permissions(found: Permissions) -> Any:
    """`permissions:`."""
    if found.scopes:
        return dict(found.scopes)
    return Flow({}) if found.all == "none" else f"{found.all}-all"


def concurrency(words: Words, found: Concurrency) -> Any:
    """`concurrency:`."""
    group = words.text(found.group, "concurrency", found.span)
    if found.cancel is False and not found.queue:
        return {"group": group}
    made: dict[str, Any] = {"group": group}
    if found.cancel is not False:
        made["cancel-in-progress"] = words.tolerance(found.cancel, found.span)
    return made | ({"queue": "max"} if found.queue else {})


def defaults(words: Words, shell: str, cwd: Text) -> dict[str, Any]:
    """`defaults.run`."""
    run: dict[str, Any] = {"shell": shell} if shell else {}
    if cwd:
        run["working-directory"] = words.text(cwd, "folder")
    return {"defaults": {"run": run}} if run else {}


def _environment(words: Words, target: DeployTarget, prefix: str) -> Any:
    name = words.text(target.name, "environment", target.span)
    found: dict[str, Any] = {"name": name} if name else {}
    if target.url:
        found["url"] = words.text(target.url, "environment", target.span)
    put_back(found, target.natives, prefix)
    return name if set(found) == {"name"} else found


def _image(words: Words, image: Image, prefix: str) -> Any:
    found: dict[str, Any] = {"image": words.text(image.name, "image", image.span)} if image.name else {}
    if image.env:
        found["env"] = words.variables(image.env, "variable")
    if image.ports:
        found["ports"] = few(image.ports)
    if image.options:
        found["options"] = image.options
    put_back(found, image.natives, prefix)
    return found["image"] if set(found) == {"image"} else found


def _service(words: Words, image: Image, prefix: str) -> Any:
    """GitHub takes a name alone for containers only."""
    found = _image(words, image, prefix)
    return found if isinstance(found, dict) else {"image": found}


def _matrix(words: Words, matrix: Matrix) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if matrix.fail_fast is not None:
        found["fail-fast"] = matrix.fail_fast
    if matrix.max_parallel is not None:
        found["max-parallel"] = matrix.max_parallel
    if matrix.computed:
        return found | {"matrix": matrix.computed}
    rows: dict[str, Any] = {axis.name: _axis(words, axis) for axis in matrix.axes}
    if matrix.include:
        rows["include"] = [words.row(row) for row in matrix.include]
    if matrix.exclude:
        rows["exclude"] = [words.row(row) for row in matrix.exclude]
    return found | {"matrix": rows or Flow({})}


def _axis(words: Words, axis: Axis) -> Any:
    if axis.computed:
        return axis.computed
    values = [words.structured(value) for value in axis.values]
    if any(isinstance(value, Flow) for value in values):
        return values
    return Flow(values) if sum(len(str(value)) + 2 for value in values) <= 70 else values
