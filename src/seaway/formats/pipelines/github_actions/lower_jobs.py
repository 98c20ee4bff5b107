"""Jobs of another system -> GitHub's jobs. Called by `lower`.

What GitHub's jobs lack is put where an expert puts it: caches and artifacts become steps, a person's start becomes an environment,
variables that a script of the other system reads come in under their old names.
"""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines.github_actions import lower_files, lower_places, lower_steps
from seaway.formats.pipelines.github_actions.lower_late import late, setting
from seaway.formats.pipelines.github_actions.lower_retry import repeated
from seaway.formats.pipelines.github_actions.lower_scripts import provided
from seaway.formats.pipelines.github_actions.lower_values import Around, Place, Scope
from seaway.formats.pipelines.github_actions.nearest import NEEDS_PACKAGES
from seaway.formats.pipelines.simple import simplified
from seaway.model.expression import Binary, Call, Condition, Expr, Text, Unary, both, refs, walk
from seaway.model.pipeline import (
    Checkout,
    Component,
    Job,
    Need,
    Permissions,
    Pin,
    Run,
    Step,
    System,
    Variable,
)

_STATUS = frozenset({"success", "failure", "always", "cancelled"})
_SKIPS = frozenset(
    {System.GITLAB_CI, System.JENKINS, System.TEKTON}
)  # a job that is left out keeps no later one from running
_AXES_IN_ENV = frozenset({System.GITLAB_CI, System.JENKINS, System.AZURE_PIPELINES})
_FOLDED = frozenset({"only", "except", "when"})  # the reader has made them a condition


def lower(job: Job, scope: Scope, around: Around) -> Job:
    """One job in GitHub's shape."""
    axes = _axes(job) if scope.system in _AXES_IN_ENV else frozenset()
    inner = scope.with_variables(job.variables, axes)
    inner.span = job.span
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
    container, services = lower_places.containers(job, inner)
    made = Job(
        around.ids[job.id],
        _name(job, inner, around),
        condition=_condition(job, inner, around),
        runner=lower_places.runner(job, inner),
        container=container,
        services=services,
        matrix=lower_places.matrix(job, inner),
        variables=(*given, *inner.variables(own, Place.JOB)),
        permissions=_permissions(steps, given),
        steps=steps,
        outputs=(*inner.variables(job.outputs, Place.STEP), *around.outputs.get(job.id, ())),
        timeout=job.timeout,
        continue_on_error=_tolerance(job, inner),
        environment=lower_places.environment(job, inner),
        concurrency=lower_places.concurrency(job, inner),
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
    for one in job.natives:
        if one.key.rpartition(".")[2] not in _FOLDED:
            lower_places.lost(one, job, scope)
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


def _shell(job: Job, steps: tuple[Step, ...]) -> str:
    """Bash by name fails where any part of a pipe fails, as the other system's bash did."""
    piped = any(isinstance(one.work, Run) and "|" in str(one.work.script).replace("||", "") for one in steps)
    return "bash" if piped and job.container is None and job.runner.os in {"", "linux", "macos"} else ""


def identifiers(jobs: tuple[Job, ...]) -> dict[str, str]:
    """Old id -> one that GitHub takes, each once."""
    found: dict[str, str] = {}
    for job in jobs:
        name = lower_places.identifier(job.id)
        while name in found.values():
            name += "-2" if not name.endswith("-2") else "x"
        found[job.id] = name
    return found


# What it does.


def _steps(job: Job, scope: Scope, around: Around) -> tuple[Step, ...]:
    before: list[Step] = []
    after: list[Step] = []
    for cache in job.caches:
        made = lower_files.cache(cache, scope, Step(cache, span=job.span))
        (after if made.action == "save" else before).append(Step(made, name=""))
    before += lower_files.downloads(job, around)
    for kept in job.artifacts:
        if kept.direction == "up":
            after += lower_files.uploads(kept, job, scope)
    listed = repeated(job, lower_steps.lower(job.steps, scope), scope)
    at = _behind_checkout(listed)
    credentials = lower_steps.pushes(listed)
    listed = tuple(_checked_out(step, credentials=credentials) for step in listed)
    posts = tuple(step for one in job.post for step in lower_steps.post(one, scope))
    own = lower_files.named((*listed, *posts), job)
    found = (*own[:at], *before, *own[at:], *after)
    return found or (Step(Run("echo 'nothing to do but to wait for approval'" if job.approval else "true")),)


def _behind_checkout(steps: tuple[Step, ...]) -> int:
    return next((index + 1 for index, step in enumerate(steps) if isinstance(step.work, Checkout)), 0)


def _checked_out(step: Step, *, credentials: bool) -> Step:
    if isinstance(step.work, Checkout) and credentials and step.work.credentials is False:
        return dataclasses.replace(step, work=dataclasses.replace(step.work, credentials=True))
    return step
