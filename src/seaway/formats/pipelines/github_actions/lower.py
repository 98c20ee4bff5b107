"""A pipeline of another system -> the same in GitHub's shape, with what that loses. Called by `render` before the writer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from seaway.formats.pipelines import limits, starting
from seaway.formats.pipelines.expand import files_from, with_stage_order
from seaway.formats.pipelines.github_actions import lower_jobs, lower_steps, lower_triggers, lower_values
from seaway.formats.pipelines.github_actions.expressions import Unprintable, printed_text
from seaway.formats.pipelines.github_actions.lower_late import late
from seaway.formats.pipelines.github_actions.lower_values import Place, Scope
from seaway.formats.pipelines.given import given
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.matrix_rows import whole_rows
from seaway.formats.pipelines.settled import settled
from seaway.formats.pipelines.shell_names import shell_named, with_axes
from seaway.formats.pipelines.simple import mapped, simplified
from seaway.formats.pipelines.step_names import named_steps
from seaway.model.expression import Call, Condition, Expr, Literal, Ref, Template, both, refs
from seaway.model.pipeline import (
    Artifact,
    Cache,
    Concurrency,
    Job,
    Native,
    Need,
    Permissions,
    Pipeline,
    Run,
    Runner,
    Step,
    System,
    Trigger,
    Variable,
)

READ_ONLY = Permissions((("contents", "read"),))


def lower(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """GitHub's shape. A pipeline that is GitHub's own stays as it is."""
    if pipeline.system is System.GITHUB_ACTIONS:
        return pipeline
    pipeline = settled(starting.joined(starting.asked(given(pipeline, losses)), losses, "GitHub"), losses)
    pipeline = whole_rows(pipeline)
    pipeline = with_axes(pipeline) if pipeline.system is System.AZURE_PIPELINES else pipeline
    pipeline = limits.of_jobs(shell_named(pipeline), losses, "GitHub")
    ordered = _ordered(pipeline)
    ids = lower_jobs.identifiers(ordered)
    inputs = {one.name for one in pipeline.parameters} | {one.name for each in pipeline.triggers for one in each.inputs}
    truths = frozenset(one.name for one in pipeline.parameters if one.type == "boolean")
    scope = Scope(pipeline.system, losses, ids=ids, inputs=frozenset(inputs), truths=truths)
    scope = scope.with_variables(pipeline.variables)
    scope.stashes = _stashes(ordered)
    optional = _optional(ordered)
    whole = starting.asked_by_rules(pipeline.rules)
    jobs = tuple(_asking(job, whole, optional) for job in ordered)
    jobs = tuple(named_steps(job, pipeline, lambda expr: lower_steps.said(expr, scope)) for job in jobs)
    asked = _asked_outputs(jobs)
    scope.outputs = {job.id: frozenset(one.name for one in (*job.outputs, *asked.get(job.id, ()))) for job in jobs}
    around = lower_values.Around(
        uploads={job.id: _uploads(job) for job in jobs},
        optional=optional,
        ids=ids,
        matrices=frozenset(job.id for job in jobs if job.matrix is not None or job.parallel),
        outputs=asked,
        before=_before(jobs),
        files=files_from(pipeline),
    )
    made = tuple(lower_jobs.lower(job, scope, around) for job in jobs)
    made = _without_off(made, losses)
    made += _afterwards(pipeline, made, scope)
    made = made or (_nothing(pipeline, losses),)
    _say_lost(pipeline, losses)
    triggers = lower_triggers.lower(pipeline, losses)
    _say_poison(triggers, made, losses)
    return Pipeline(
        System.GITHUB_ACTIONS,
        pipeline.path,
        pipeline.name if isinstance(pipeline.name, str) else "",
        triggers,
        variables=_plain_variables(pipeline, scope),
        permissions=pipeline.permissions or READ_ONLY,
        concurrency=_concurrency(pipeline, scope),
        jobs=made,
        shell=lower_steps.shell_name(pipeline.shell),
        cwd=scope.text(pipeline.cwd, Place.WORKFLOW),
        natives=_run_name(pipeline, scope),
        comment=pipeline.comment,
        span=pipeline.span,
    )


def _run_name(pipeline: Pipeline, scope: Scope) -> tuple[Native, ...]:
    """A name that is computed for each run."""
    if isinstance(pipeline.name, str):
        return ()
    try:
        text = printed_text(scope.text(pipeline.name, Place.WORKFLOW))
    except Unprintable as why:
        scope.losses.dropped(
            "name of the run", f"GitHub has no expression for {why}", "write `run-name`", pipeline.span
        )
        return ()
    return (Native("run-name", text),)


def _plain_variables(pipeline: Pipeline, scope: Scope) -> tuple[Variable, ...]:
    """Those that need no script: the others are set by a step of the jobs that read them."""
    later = late(pipeline.variables)
    return scope.variables(tuple(one for one in pipeline.variables if one.name not in later), Place.WORKFLOW)


def _asked_outputs(jobs: tuple[Job, ...]) -> dict[str, tuple[Variable, ...]]:
    """Outputs that others read as `step.name` of a job: GitHub wants them declared there."""
    found: dict[str, dict[str, Variable]] = {}
    for job in jobs:
        for ref in refs(job):
            path = ref.path
            if ref.context != "job" or len(path) != 3 or not isinstance(path[0], str) or not isinstance(path[2], str):
                continue
            step, dot, name = path[2].partition(".")
            if dot and any(one.id == step for other in jobs if other.id == path[0] for one in other.steps):
                value = Template((Ref("step", (step, "output", name)),))
                made = Variable(lower_values.output_name(path[2]), value)
                found.setdefault(path[0], {})[path[2]] = made
    return {job: tuple(values.values()) for job, values in found.items()}


def _before(jobs: tuple[Job, ...]) -> dict[str, frozenset[str]]:
    """For each job those it waits for, also by way of others."""
    found: dict[str, frozenset[str]] = {job.id: frozenset(need.job for need in job.needs or ()) for job in jobs}
    for _ in jobs:
        more = {name: names.union(*(found.get(one, frozenset()) for one in names)) for name, names in found.items()}
        if more == found:
            break
        found = more
    return found


def _ordered(pipeline: Pipeline) -> tuple[Job, ...]:
    """Jobs without templates; the order of stages as needs, the conditions of stages and of the whole on each job."""
    jobs = [job for job in pipeline.jobs if not job.template]
    stages = {stage.name: stage for stage in pipeline.stages}
    names = {job.id for job in jobs}
    found = []
    for job in with_stage_order(pipeline, jobs):
        expr = job.condition.expr if job.condition else None
        text = job.condition.text if job.condition else ""
        stage = stages.get(job.stage)
        variables = job.variables
        while stage is not None:
            if stage.condition is not None:
                expr, text = both(stage.condition.expr, expr), text or stage.condition.text
            variables = (
                *(one for one in stage.variables if one.name not in {each.name for each in variables}),
                *variables,
            )
            stage = stages.get(stage.parent) if stage.parent != stage.name else None
        needs = _once(need for need in job.needs or () if need.job in names)
        condition = (
            None if expr is None else Condition(expr, text=text, span=job.condition.span if job.condition else None)
        )
        found.append(dataclasses.replace(job, needs=needs, condition=condition, variables=variables))
    return tuple(found)


def _asking(job: Job, whole: Expr | None, optional: frozenset[str]) -> Job:
    """The job with what is asked of the whole run; jobs that are left out with those before them need not ask again."""
    if whole is None or (job.needs and not any(need.job in optional for need in job.needs)):
        return job
    expr = both(whole, job.condition.expr if job.condition else None)
    assert expr is not None  # noqa: S101 - `whole` is not
    return dataclasses.replace(job, condition=Condition(expr, text=job.condition.text if job.condition else ""))


def _without_off(jobs: tuple[Job, ...], losses: Losses) -> tuple[Job, ...]:
    """Without jobs whose condition never holds: GitHub's tools call that a mistake."""
    off = {job.id for job in jobs if job.condition is not None and job.condition.expr == Literal(value=False)}
    for job in jobs:
        if job.id in off:
            losses.dropped(f"job {job.id}", "its condition never holds", "", job.span)
    return tuple(_without(job, off) for job in jobs if job.id not in off) if off else jobs


def _without(job: Job, off: set[str]) -> Job:
    """The job without those before it that never run: their result is `skipped`, their outputs are empty."""

    def gone(expr: Expr) -> Expr | None:
        if not isinstance(expr, Ref) or expr.context != "job" or expr.path[0] not in off:
            return None
        return Literal("skipped" if expr.path[1] == "result" else "")

    condition = job.condition
    if condition is not None:
        expr = simplified(mapped(condition.expr, gone))
        condition = None if expr == Literal(value=True) else dataclasses.replace(condition, expr=expr)
    needs = tuple(need for need in job.needs or () if need.job not in off) or None
    return dataclasses.replace(job, needs=needs, condition=condition)


def _once(needs: Iterable[Need]) -> tuple[Need, ...]:
    found: dict[str, Need] = {}
    for need in needs:
        found.setdefault(need.job, need)
    return tuple(found.values())


def _uploads(job: Job) -> tuple[Artifact, ...]:
    return tuple(one for one in job.artifacts if one.direction == "up" and (one.paths or one.reports))


def _stashes(jobs: tuple[Job, ...]) -> dict[str, Artifact]:
    """What jobs put away under a name, for others to fetch."""
    works = [step.work for job in jobs for step in (*job.steps, *(one for post in job.post for one in post.steps))]
    up = [one for one in works if isinstance(one, Artifact) and one.layer and one.direction == "up"]
    return {one.name: one for one in up if isinstance(one.name, str) and one.name}


def _optional(jobs: tuple[Job, ...]) -> frozenset[str]:
    """Jobs that may be left out, and those that wait for one such: GitHub asks the whole chain."""
    found: set[str] = set()
    asking = {job.id for job in jobs if job.condition is not None and job.condition.expr != Literal(value=False)}
    for _ in jobs:
        more = {job.id for job in jobs if job.id in asking or any(need.job in found for need in job.needs or ())}
        if more <= found:
            break
        found |= more
    return frozenset(found)


def _concurrency(pipeline: Pipeline, scope: Scope) -> Concurrency | None:
    found = pipeline.concurrency
    if found is None:
        return _superseding(pipeline)
    cancel = found.cancel
    if isinstance(cancel, Condition):
        cancel = scope.condition(cancel, Place.WORKFLOW, found.span) or True
    return Concurrency(scope.text(found.group, Place.WORKFLOW, found.span), cancel, span=found.span)


def _superseding(pipeline: Pipeline) -> Concurrency | None:
    """A newer run ends an older one, where all jobs of the other system may be interrupted."""
    jobs = [job for job in pipeline.jobs if not job.template]
    if not jobs or not all(job.interruptible for job in jobs):
        return None
    group = Template((Ref("native", ("github", "workflow")), "-", Ref("git", ("ref",))))
    return Concurrency(group, cancel=True)


def _afterwards(pipeline: Pipeline, jobs: tuple[Job, ...], scope: Scope) -> tuple[Job, ...]:
    """Steps after the whole pipeline, or after a stage: a job of their own that runs whatever happened."""
    found = []
    taken = {job.id for job in jobs}
    for post in (*pipeline.post, *(post for stage in pipeline.stages for post in stage.post)):
        steps = lower_steps.post(dataclasses.replace(post, when=post.when), scope)
        if not steps:
            continue
        name = f"after-{post.when}"
        while name in taken:
            name += "-2"
        taken.add(name)
        asked = {"success": None, "failure": Call("failure")}.get(post.when, Call("always"))
        found.append(
            Job(
                name,
                needs=tuple(Need(job.id, artifacts=False) for job in jobs) or None,
                condition=Condition(asked) if asked else None,
                runner=Runner(("ubuntu-latest",), os="linux"),
                steps=tuple(dataclasses.replace(step, condition=None) for step in steps),
                span=post.span,
            )
        )
        scope.losses.approximated(f"post {post.when}", "it became a job of its own, on another machine", "", post.span)
    return tuple(found)


def _nothing(pipeline: Pipeline, losses: Losses) -> Job:
    """A workflow has a job. In place of none, one that fails until somebody has looked."""
    why = "no job was found in it, and a workflow must have one"
    losses.dropped("jobs", why, "name what it includes by --library, or write the job by hand", pipeline.span)
    script = "echo '::error::the converted file had no jobs'\nexit 1\n"
    return Job("nothing", runner=Runner(("ubuntu-latest",), os="linux"), steps=(Step(Run(script)),))


def _say_poison(triggers: tuple[Trigger, ...], jobs: tuple[Job, ...], losses: Losses) -> None:
    """Caches in a workflow that publishes: another run may have written them."""
    publishes = any(
        one.tags.include or any(name.startswith("release") for name in one.branches.include) for one in triggers
    )
    for job in jobs if publishes else ():
        for step in job.steps:
            if isinstance(step.work, Cache):
                why = "this workflow runs for releases, too, and what another run put into the cache goes into them"
                fix = "leave the cache away where something is published"
                losses.manual("cache in a release", why, fix, step.span or job.span, mark=job.span)


def _say_lost(pipeline: Pipeline, losses: Losses) -> None:
    for one in (*pipeline.natives, *(native for stage in pipeline.stages for native in stage.natives)):
        losses.dropped(one.key, "GitHub has no counterpart", f"it was: {one.text[:200]}", one.span)
    for gone in pipeline.unresolved:
        losses.dropped(gone.text, gone.why, "give its file by --library, or convert it as well", gone.span)
