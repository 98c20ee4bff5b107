"""Jobs of another system -> GitHub's jobs. Called by `lower`.

What GitHub's jobs lack is put where an expert puts it: caches and artifacts become steps, a person's start becomes an environment,
variables that a script of the other system reads come in under their old names.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field

from seaway.formats.pipelines.github_actions import lower_steps
from seaway.formats.pipelines.github_actions.lower_late import late, setting
from seaway.formats.pipelines.github_actions.lower_scripts import provided
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope, simplified
from seaway.formats.pipelines.github_actions.nearest import NEEDS_PACKAGES
from seaway.model.expression import Binary, Call, Condition, Expr, Ref, Template, Text, Unary, both, refs, walk
from seaway.model.pipeline import (
    Artifact,
    Axis,
    Checkout,
    Component,
    Concurrency,
    DeployTarget,
    Image,
    Job,
    Matrix,
    Native,
    Need,
    Permissions,
    Pin,
    Run,
    Runner,
    Step,
    System,
    Variable,
)

_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-(?:latest|[\w.-]+)\Z")
_DEFAULT_RUNNER = {"windows": "windows-latest", "macos": "macos-latest"}
_STATUS = frozenset({"success", "failure", "always", "cancelled"})
_SKIPS = frozenset(
    {System.GITLAB_CI, System.JENKINS, System.TEKTON}
)  # a job that is left out keeps no later one from running
_AXES_IN_ENV = frozenset({System.GITLAB_CI, System.JENKINS, System.AZURE_PIPELINES})
_FOLDED = frozenset({"only", "except", "when"})  # the reader has made them a condition
_UNTAGGED = re.compile(r"[^@:]+(?::\d+/[^@:]+)?(?::latest)?")
_SHARD = "shard"


@dataclass(slots=True)
class Around:
    """What a job is asked about others: artifacts by job, those that may be left out, new ids by old ones."""

    uploads: dict[str, tuple[Artifact, ...]]
    optional: frozenset[str]
    ids: dict[str, str]
    matrices: frozenset[str] = frozenset()
    outputs: dict[str, tuple[Variable, ...]] = field(default_factory=dict)
    before: dict[str, frozenset[str]] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)


def lower(job: Job, scope: Scope, around: Around) -> Job:
    """One job in GitHub's shape."""
    axes = _axes(job) if scope.system in _AXES_IN_ENV else frozenset()
    inner = scope.with_variables(job.variables, axes)
    inner.before = around.before.get(job.id, frozenset())
    say_lost(job, inner)
    if job.calls is not None:
        return _call(job, inner, around)
    steps = _steps(job, inner, around)
    given, steps = provided(job, steps, inner)
    later = late(tuple(Variable(name, value) for name, value in inner.known.items()))
    own = tuple(one for one in job.variables if one.name not in later)
    at = _behind_checkout(steps)
    steps = (*steps[:at], *setting(later, steps, inner), *steps[at:])
    container, services = _containers(job, inner)
    made = Job(
        around.ids[job.id],
        _name(job, inner, around),
        condition=_condition(job, inner, around),
        runner=_runner(job, inner),
        container=container,
        services=services,
        matrix=_matrix(job, inner),
        variables=(*given, *inner.variables(own, Place.JOB)),
        permissions=_permissions(steps, given),
        steps=steps,
        outputs=(*inner.variables(job.outputs, Place.STEP), *around.outputs.get(job.id, ())),
        timeout=job.timeout,
        continue_on_error=_tolerance(job, inner),
        environment=_environment(job, inner),
        concurrency=_concurrency(job, inner),
        shell=lower_steps.shell_name(job.shell) or _shell(job, steps),
        cwd=inner.text(job.cwd, Place.JOB),
        comment=job.comment,
        span=job.span,
        key_span=job.key_span,
    )
    return dataclasses.replace(made, needs=_needs(job, made, around))


def _needs(job: Job, made: Job, around: Around) -> tuple[Need, ...] | None:
    """The jobs it waits for; GitHub lets a job read values only of those that it names itself."""
    names = [around.ids[need.job] for need in job.needs or () if need.job in around.ids]
    names += [str(ref.path[0]) for ref in refs(made) if ref.context == "job" and ref.path]
    return tuple(Need(name, artifacts=False) for name in dict.fromkeys(names)) or None


def _axes(job: Job) -> frozenset[str]:
    """Names that the job's matrix gives a value."""
    if job.matrix is None:
        return frozenset()
    rows = (*job.matrix.include, *(row for _, row in job.matrix.named))
    return frozenset({axis.name for axis in job.matrix.axes} | {name for row in rows for name, _ in row})


def say_lost(job: Job, scope: Scope) -> None:
    """What of a job has no counterpart."""
    losses = scope.losses
    if job.retry is not None:
        fix = "repeat the command in its script, where it is safe to run twice"
        losses.dropped(
            "retry", "GitHub does not repeat a job by itself", fix, job.retry.span or job.span, mark=job.span
        )
    for one in job.natives:
        if one.key.rpartition(".")[2] not in _FOLDED:
            _lost(one, job, scope)
    for rule in job.rules:
        if rule.variables:
            why = "GitHub has one set of variables per job, whichever condition holds"
            losses.dropped(
                "rules:variables", why, "set them by an expression in `env`", rule.span or job.span, mark=job.span
            )
        if rule.when == "delayed":
            losses.dropped(
                "when: delayed", "GitHub cannot start a job later", "wait in a step", rule.span, mark=job.span
            )
        if rule.allow_failure is not None and rule.allow_failure != bool(job.continue_on_error):
            why = "GitHub decides once for a job whether it may fail"
            losses.approximated("rules:allow_failure", why, "", rule.span or job.span, mark=job.span)
    if job.rules and not job.manual and any(rule.when == "manual" for rule in job.rules):
        why = "a person starts it in some cases only; GitHub starts it in all of them"
        losses.approximated("rules: when: manual", why, "", job.span, mark=job.span)
    if job.interruptible is False:
        losses.dropped(
            "interruptible: false", "GitHub cancels whole runs", "leave `concurrency` away", job.span, mark=job.span
        )


def _lost(one: Native, job: Job, scope: Scope) -> None:
    scope.losses.dropped(
        one.key, "GitHub has no counterpart", f"it was: {one.text[:200]}", one.span or job.span, mark=job.span
    )


def _name(job: Job, scope: Scope, around: Around) -> Text:
    name = scope.text(job.name, Place.JOB, job.span)
    return name or (job.id if around.ids[job.id] != job.id else "")


def _condition(job: Job, scope: Scope, around: Around) -> Condition | None:
    found = scope.condition(job.condition, Place.CONDITION, job.span)
    optional = any(need.job in around.optional for need in job.needs or ())
    asks = found is not None and any(isinstance(one, Call) and one.name in _STATUS for one in walk(found.expr))
    if not optional or asks or scope.system not in _SKIPS:
        return found
    # GitHub leaves a job out with those before it; here one that was left out keeps nobody from running.
    runs: Expr = Binary("&&", Unary("!", Call("failure")), Unary("!", Call("cancelled")))
    return Condition(simplified(both(runs, found.expr if found else None) or runs), text=found.text if found else "")


def _call(job: Job, scope: Scope, around: Around) -> Job:
    """Another pipeline as a job: a workflow of that name, which is to be converted, too."""
    assert job.calls is not None  # noqa: S101 - the caller asked
    words = re.sub(r"(?:(?:^|/)\.?(?:gitlab-ci|azure-pipelines))?\.ya?ml$", "", job.calls.name)
    name = re.sub(r"[^\w-]+", "-", words).strip("-")
    target = f"./.github/workflows/{name or 'called'}.yml"
    fix = f"convert {job.calls.text} as well, save it as {target[2:]} and start it `on: workflow_call`"
    scope.losses.manual(
        f"pipeline {job.calls.text}",
        "the called pipeline is another file",
        fix,
        job.calls.span or job.span,
        mark=job.span,
    )
    made = Job(
        around.ids[job.id],
        _name(job, scope, around),
        condition=_condition(job, scope, around),
        calls=Component(target, target, "", Pin.LOCAL),
        inputs=scope.variables((*job.inputs, *job.variables), Place.JOB),
        comment=job.comment,
        span=job.span,
    )
    return dataclasses.replace(made, needs=_needs(job, made, around))


# Where it runs.


def _permissions(steps: tuple[Step, ...], given: tuple[Variable, ...]) -> Permissions | None:
    """More than reading, where a script pushes commits or images."""
    packages = any(one.name in NEEDS_PACKAGES for one in given)
    commits = lower_steps.pushes(steps)
    if not packages and not commits:
        return None
    return Permissions((("contents", "write" if commits else "read"), *([("packages", "write")] if packages else [])))


def _tolerance(job: Job, scope: Scope) -> bool | Condition:
    if isinstance(job.continue_on_error, bool):
        return job.continue_on_error
    return scope.condition(job.continue_on_error, Place.JOB, job.span) or True


def _runner(job: Job, scope: Scope) -> Runner:
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


def _containers(job: Job, scope: Scope) -> tuple[Image | None, tuple[Image, ...]]:
    container = _image(job.container, job, scope, service=False) if job.container else None
    services = []
    for one in job.services:
        made = _image(one, job, scope, service=True)
        alias = one.alias or re.sub(
            r"[^\w-]", "-", str(made.name if isinstance(made.name, str) else "service").split(":")[0].split("@")[0]
        )
        services.append(dataclasses.replace(made, alias=_identifier(alias)))
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
        _lost(one, job, scope)
    if isinstance(image.name, str) and _UNTAGGED.fullmatch(image.name):
        fix = "write the version that works today"
        losses.manual(f"image {image.name}", "without a version it is another image tomorrow", fix, span, mark=job.span)
    options = image.options
    if service and image.entrypoint and image.entrypoint[0]:
        options = f"{options} --entrypoint {image.entrypoint[0]}".strip()
    name = scope.text(image.name, Place.JOB, span)
    return Image(name, image.alias, env=scope.variables(image.env, Place.JOB), ports=image.ports, options=options)


def _environment(job: Job, scope: Scope) -> DeployTarget | None:
    target = job.environment
    losses = scope.losses
    asked = job.manual or job.approval is not None
    if target is None and not asked:
        return None
    name = scope.text(target.name, Place.JOB, target.span) if target else _identifier(job.id)
    if asked:
        shown = name if isinstance(name, str) else "of this job"
        why = "at GitHub a person lets a job start by approving its environment, which is set up outside the file"
        fix = f"make the environment {shown} with required reviewers"
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
        _lost(one, job, scope)
    return DeployTarget(name, scope.text(target.url, Place.STEP, target.span))


def _concurrency(job: Job, scope: Scope) -> Concurrency | None:
    found = job.concurrency
    if found is None:
        return None
    if found.queue:
        why = "GitHub keeps one waiting run per group: of several, only the newest is left"
        scope.losses.approximated("queue of deployments", why, "", found.span or job.span, mark=job.span)
    return Concurrency(scope.text(found.group, Place.JOB, found.span), found.cancel)


def _matrix(job: Job, scope: Scope) -> Matrix | None:
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
    axes = tuple(Axis(axis.name, tuple(scope.text(value, Place.JOB) for value in axis.values)) for axis in matrix.axes)
    excludes = tuple(_row(row, scope) for row in matrix.exclude)
    return Matrix(axes, rows, excludes, (), matrix.max_parallel, matrix.fail_fast or False)


def _row(row: tuple[tuple[str, Text], ...], scope: Scope) -> tuple[tuple[str, Text], ...]:
    return tuple((name, scope.text(value, Place.JOB)) for name, value in row)


def _shell(job: Job, steps: tuple[Step, ...]) -> str:
    """Bash by name fails where any part of a pipe fails, as the other system's bash did."""
    piped = any(isinstance(one.work, Run) and "|" in str(one.work.script).replace("||", "") for one in steps)
    return "bash" if piped and job.container is None and job.runner.os in {"", "linux", "macos"} else ""


def _identifier(text: str) -> str:
    found = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-") or "job"
    return found if re.match(r"[A-Za-z_]", found) else f"_{found}"


def identifiers(jobs: tuple[Job, ...]) -> dict[str, str]:
    """Old id -> one that GitHub takes, each once."""
    found: dict[str, str] = {}
    for job in jobs:
        name = _identifier(job.id)
        while name in found.values():
            name += "-2" if not name.endswith("-2") else "x"
        found[job.id] = name
    return found


# What it does.


def _steps(job: Job, scope: Scope, around: Around) -> tuple[Step, ...]:
    before: list[Step] = []
    after: list[Step] = []
    for cache in job.caches:
        made = lower_steps.cache(cache, scope, Step(cache, span=job.span))
        (after if made.action == "save" else before).append(Step(made, name=""))
    before += _downloads(job, around)
    for kept in job.artifacts:
        if kept.direction == "up":
            after += _uploads(kept, job, scope)
    listed = lower_steps.lower(job.steps, scope)
    at = _behind_checkout(listed)
    credentials = lower_steps.pushes(listed)
    listed = tuple(_checked_out(step, credentials=credentials) for step in listed)
    posts = tuple(step for one in job.post for step in lower_steps.post(one, scope))
    found = (*listed[:at], *before, *listed[at:], *posts, *after)
    return found or (Step(Run("echo 'nothing to do but to wait for approval'" if job.approval else "true")),)


def _behind_checkout(steps: tuple[Step, ...]) -> int:
    return next((index + 1 for index, step in enumerate(steps) if isinstance(step.work, Checkout)), 0)


def _checked_out(step: Step, *, credentials: bool) -> Step:
    if isinstance(step.work, Checkout) and credentials and step.work.credentials is False:
        return dataclasses.replace(step, work=dataclasses.replace(step.work, credentials=True))
    return step


def upload_name(job_id: str, artifact: Artifact, *, matrix: bool) -> Text:
    """Names are unique in a run: an artifact without one is called after its job, and its number in the matrix."""
    start = artifact.name or job_id
    pieces = start.parts if isinstance(start, Template) else (start,)
    if any(isinstance(part, Ref) and part.context == "matrix" for part in pieces):
        return start
    return Template((*pieces, "-", Ref("native", ("strategy", "job-index")))) if matrix else start


def _uploads(artifact: Artifact, job: Job, scope: Scope) -> list[Step]:
    for kind, path in artifact.reports:
        if kind == "dotenv":
            fix = "write the lines to $GITHUB_OUTPUT and name them in the job's `outputs`"
            scope.losses.manual(
                f"report dotenv {path}", "variables for later jobs are outputs at GitHub", fix, job.span, mark=job.span
            )
        else:
            why = "GitHub shows no reports of this kind: the file is kept with the artifacts"
            scope.losses.approximated(f"report {kind}", why, "add an action that shows it", job.span, mark=job.span)
    made = lower_steps.artifact(artifact, scope)
    paths = (*made.paths, *(path for _, path in artifact.reports if path not in made.paths))
    if not paths:
        return []
    matrix = job.matrix is not None or bool(job.parallel)
    made = dataclasses.replace(
        made, paths=paths, name=upload_name(job.id, made, matrix=matrix), reports=(), when="success"
    )
    made = dataclasses.replace(made, name=_file_name(made.name))
    return [Step(made, condition=lower_steps.upload_condition(artifact))]


def _file_name(name: Text) -> Text:
    """Characters that GitHub refuses in names of artifacts are dashes."""
    if isinstance(name, str):
        return re.sub(r"[\"':<>|*?\\/\r\n]+", "-", name)
    return Template(
        tuple(re.sub(r"[\"':<>|*?\\/\r\n]+", "-", part) if isinstance(part, str) else part for part in name.parts)
    )


def _downloads(job: Job, around: Around) -> list[Step]:
    """The files of the jobs before it that its system would have put there, each back in its folder."""
    return [
        _download(name, one, matrix=name in around.matrices, maybe=name in around.optional)
        for name in around.files.get(job.id, ())
        for one in around.uploads.get(name, ())
    ]


def _download(job_id: str, one: Artifact, *, matrix: bool, maybe: bool) -> Step:
    into = lower_steps.artifact_root((*one.paths, *(path for _, path in one.reports)))
    name = _file_name(upload_name(job_id, one, matrix=False))
    inputs: tuple[Variable, ...] = ()
    if matrix:
        shown = name if isinstance(name, str) else job_id
        inputs = (Variable("pattern", f"{shown}-*"), Variable("merge-multiple", "true"))
        name = ""
    # An artifact need not be there: its job may have been left out, or has made no files.
    return Step(Artifact("down", name=name, into=into, inputs=inputs), continue_on_error=maybe or one.when == "failure")
