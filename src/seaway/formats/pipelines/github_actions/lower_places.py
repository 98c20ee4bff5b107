"""Where a job of another system runs and what it deploys to -> the same in GitHub's words. Called by `lower_jobs`."""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines import approvers
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope
from seaway.model.expression import Condition, Ref, Template, Text
from seaway.model.pipeline import (
    Axis,
    Concurrency,
    DeployTarget,
    Image,
    Job,
    Matrix,
    Native,
    Run,
    Runner,
)

_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-(?:latest|[\w.-]+)\Z")
_DEFAULT_RUNNER = {"windows": "windows-latest", "macos": "macos-latest"}
_UNTAGGED = re.compile(r"[^@:]+(?::\d+/[^@:]+)?(?::latest)?")
_SHARD = "shard"


def lost(one: Native, job: Job, scope: Scope) -> None:
    """Names something that has no counterpart, with its text."""
    scope.losses.dropped(
        one.key, "GitHub has no counterpart", f"it was: {one.text[:200]}", one.span or job.span, mark=job.span
    )


def runner(job: Job, scope: Scope) -> Runner:
    """GitHub's machine of the same system, or one's own by the same labels."""
    runner = job.runner
    labels = tuple(scope.text(label, Place.JOB, runner.span) for label in runner.labels)
    if runner.size:
        why = "sizes of machines have other names at GitHub"
        scope.losses.approximated(
            f"size {runner.size}", why, "name a larger runner in `runs-on`", runner.span or job.span, mark=job.span
        )
    plain = tuple(label for label in labels if isinstance(label, str))
    hosted = next((label for label in plain if _HOSTED.match(label)), "")
    if hosted:
        return Runner((hosted,), os=runner.os)
    if len(labels) == 1 and _is_hosted(labels[0], job):
        return Runner(labels, os=runner.os)
    if not labels and not runner.group:
        system = runner.os or ("windows" if _is_for_windows(job) else "linux")
        return Runner((_DEFAULT_RUNNER.get(system, "ubuntu-latest"),), os=system)
    names = tuple(dict.fromkeys(("self-hosted", *labels))) if labels else ()
    fix = "give a self-hosted runner these labels, or write `ubuntu-latest`"
    shown = ", ".join(plain) or runner.group or "computed"
    scope.losses.manual(
        f"runner {shown}", "machines are registered outside the file", fix, runner.span or job.span, mark=job.span
    )
    return Runner(names, re.sub(r"\W+", "-", runner.group), os=runner.os)


def _is_for_windows(job: Job) -> bool:
    return any(
        isinstance(step.work, Run) and step.work.shell in {"cmd", "bat", "batch", "powershell"} for step in job.steps
    )


def _is_hosted(label: Text, job: Job) -> bool:
    """A value of the matrix that is always the name of one of GitHub's machines."""
    if not isinstance(label, Template) or len(label.parts) != 1 or job.matrix is None:
        return False
    part = label.parts[0]
    if not isinstance(part, Ref) or part.context != "matrix":
        return False
    rows = (*job.matrix.include, *(row for _, row in job.matrix.named))
    values = [value for row in rows for name, value in row if name == part.path[0]]
    values += [value for axis in job.matrix.axes if axis.name == part.path[0] for value in axis.values]
    return bool(values) and all(isinstance(value, str) and _HOSTED.match(value) for value in values)


def containers(job: Job, scope: Scope) -> tuple[Image | None, tuple[Image, ...]]:
    """The container of a job, and those beside it."""
    container = _image(job.container, job, scope, service=False) if job.container else None
    services = []
    for one in job.services:
        made = _image(one, job, scope, service=True)
        alias = one.alias or re.sub(
            r"[^\w-]", "-", str(made.name if isinstance(made.name, str) else "service").split(":")[0].split("@")[0]
        )
        services.append(dataclasses.replace(made, alias=identifier(alias)))
    if services and container is None:
        why = "a job without a container reaches its services at localhost, by published ports"
        scope.losses.approximated(
            "services", why, "publish `ports` and use localhost", job.services[0].span or job.span, mark=job.span
        )
    return container, tuple(services)


def _image(image: Image, job: Job, scope: Scope, *, service: bool) -> Image:
    losses, span = scope.losses, image.span or job.span
    if image.command:
        losses.dropped(
            "command of a service",
            "GitHub starts the image's own command",
            "make an image that needs none",
            span,
            mark=job.span,
        )
    if image.entrypoint and any(image.entrypoint) and service:
        losses.approximated("entrypoint", "GitHub takes one word", "", span, mark=job.span)
    for one in image.natives:
        lost(one, job, scope)
    if isinstance(image.name, str) and _UNTAGGED.fullmatch(image.name):
        fix = "write the version that works today"
        losses.manual(f"image {image.name}", "without a version it is another image tomorrow", fix, span, mark=job.span)
    options = image.options
    if service and image.entrypoint and image.entrypoint[0]:
        options = f"{options} --entrypoint {image.entrypoint[0]}".strip()
    name = scope.text(image.name, Place.JOB, span)
    return Image(name, image.alias, env=scope.variables(image.env, Place.JOB), ports=image.ports, options=options)


def environment(job: Job, scope: Scope) -> DeployTarget | None:
    """What is deployed to; a person's start is the approval of it."""
    target = job.environment
    losses = scope.losses
    asked = job.manual or job.approval is not None
    if target is None and not asked:
        return None
    name = scope.text(target.name, Place.JOB, target.span) if target else identifier(job.id)
    if asked:
        shown = name if isinstance(name, str) else "of this job"
        why = "at GitHub a person lets a job start by approving its environment, which is set up outside the file"
        fix = f"make the environment {shown} with required reviewers{approvers.chosen(approvers.of_job(job))}"
        losses.manual("when: manual" if job.manual else "approval", why, fix, job.span, mark=job.span)
    if target is None:
        return DeployTarget(name)
    if target.action not in {"", "start", "access", "verify"}:
        losses.dropped(
            f"environment action {target.action}",
            "GitHub's environments are not stopped",
            "",
            target.span,
            mark=job.span,
        )
    if target.tier:
        losses.dropped(
            f"deployment_tier {target.tier}", "GitHub's environments have no tiers", "", target.span, mark=job.span
        )
    for one in target.natives:
        lost(one, job, scope)
    return DeployTarget(name, scope.text(target.url, Place.STEP, target.span))


def concurrency(job: Job, scope: Scope) -> Concurrency | None:
    """One at a time."""
    found = job.concurrency
    if found is None:
        return None
    if found.queue:
        why = "GitHub keeps one waiting run per group: of several, only the newest is left"
        scope.losses.approximated("queue of deployments", why, "", found.span or job.span, mark=job.span)
    cancel = found.cancel
    if isinstance(cancel, Condition):
        cancel = scope.condition(cancel, Place.JOB, found.span) or True
    return Concurrency(scope.text(found.group, Place.JOB, found.span), cancel)


def matrix(job: Job, scope: Scope) -> Matrix | None:
    """Combinations, or copies that share the work."""
    matrix = job.matrix
    if matrix is None and not (job.parallel and job.parallel > 1):
        return None
    if matrix is None:
        counts = tuple(str(number) for number in range(1, min(job.parallel or 1, 256) + 1))
        return Matrix((Axis(_SHARD, counts),), fail_fast=False)
    if matrix.computed or any(axis.computed for axis in matrix.axes):
        fix = "compute it in an earlier job and take it by `fromJSON(needs.<job>.outputs.<name>)`"
        scope.losses.dropped(
            "computed matrix", "it is computed in the other system's words", fix, matrix.span or job.span, mark=job.span
        )
        return None
    named = tuple((("name", name), *row) for name, row in matrix.named)
    rows = tuple(_row(row, scope) for row in (*matrix.include, *named))
    axes = tuple(
        Axis(axis.name, tuple(scope.text(value, Place.CONDITION) for value in axis.values)) for axis in matrix.axes
    )
    excludes = tuple(_row(row, scope) for row in matrix.exclude)
    return Matrix(axes, rows, excludes, (), matrix.max_parallel, matrix.fail_fast or False)


def _row(row: tuple[tuple[str, Text], ...], scope: Scope) -> tuple[tuple[str, Text], ...]:
    return tuple((name, scope.text(value, Place.CONDITION)) for name, value in row)


def identifier(text: str) -> str:
    """A name as GitHub takes it for jobs and services."""
    found = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-") or "job"
    return found if re.match(r"[A-Za-z_]", found) else f"_{found}"
