"""A pipeline of another system -> the same in TeamCity's shape, with what that loses. Called by `render` before the writer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from seaway.formats.pipelines import commands, outside, shell, starting
from seaway.formats.pipelines.expand import shown, with_stage_order
from seaway.formats.pipelines.given import given
from seaway.formats.pipelines.grounded import grounded
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.settled import settled
from seaway.formats.pipelines.shell_names import shell_named, with_axes
from seaway.formats.pipelines.step_names import named_steps
from seaway.formats.pipelines.teamcity import lower_steps, lower_triggers
from seaway.formats.pipelines.teamcity.by_trigger import by_trigger
from seaway.formats.pipelines.teamcity.lower_steps import Scope
from seaway.formats.pipelines.teamcity.told import PROJECT, Told
from seaway.formats.pipelines.teamcity.values import to_id
from seaway.formats.pipelines.unstaged import with_conditions, with_variables
from seaway.model.expression import Condition, Expr, Ref, Template, Unary, both, either, refs
from seaway.model.expression import Literal as Constant
from seaway.model.pipeline import (
    Approval,
    Concurrency,
    Job,
    Matrix,
    Need,
    Pipeline,
    Rule,
    Runner,
    Stage,
    System,
    Variable,
)

EVERYBODY = "group:ALL_USERS_GROUP:1"


def lower(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """TeamCity's shape. A pipeline that is TeamCity's own stays as it is."""
    if pipeline.system is System.TEAMCITY:
        return pipeline
    losses = Told(losses, PROJECT, pipeline.span)
    commands.told(pipeline, losses, "TeamCity")
    starting.nothing(pipeline, losses)
    outside.tell(
        pipeline, losses, System.TEAMCITY, _to_make(pipeline), known=frozenset(shell.predefined(System.TEAMCITY))
    )
    pipeline = starting.by_rules(given(pipeline, losses), losses, "TeamCity")
    pipeline = grounded(shell_named(settled(pipeline, losses)), losses, "TeamCity")
    if pipeline.system is System.AZURE_PIPELINES:  # it gives scripts `python` as PYTHON
        pipeline = with_axes(pipeline)
    pipeline = dataclasses.replace(pipeline, jobs=tuple(named_steps(job, pipeline) for job in pipeline.jobs), index={})
    running = [job for job in pipeline.jobs if not job.template and not _is_off(job, losses)]
    jobs = with_stage_order(pipeline, with_conditions(pipeline, with_variables(pipeline, running)))
    jobs, triggers = by_trigger(jobs, pipeline.triggers)
    pipeline = dataclasses.replace(pipeline, triggers=triggers, index={})
    ids = _ids(jobs)
    stages = {stage.name: stage for stage in pipeline.stages}
    scope = Scope(
        pipeline.system,
        losses,
        ids,
        flags=frozenset(one.name for one in pipeline.parameters if one.type == "boolean"),
    )
    made = tuple(_job(job, stages, jobs, scope) for job in jobs)
    secrets = _secrets(pipeline, made)
    _say_lost(pipeline, losses)
    return Pipeline(
        System.TEAMCITY,
        pipeline.path,
        pipeline.name if isinstance(pipeline.name, str) else "",
        lower_triggers.lower(pipeline, made, scope),
        pipeline.parameters,
        (*scope.variables(pipeline.variables), *secrets),
        jobs=made,
        natives=(),
        comment=pipeline.comment,
        span=pipeline.span,
    )


def _to_make(pipeline: Pipeline) -> outside.Fix:
    """A value that the file asks for by its name is `%NAME%`; one that a script reads, a variable of its environment."""
    asked = {str(one.path[0]) for one in refs((pipeline.jobs, pipeline.variables)) if one.context == "var"}

    def fix(name: str, secret: bool) -> str:
        if secret:
            return f"set the password parameter env.{name} in the project"
        kind = "password parameter" if outside.is_secret(name) else "parameter"
        return f"add the {kind} {name if name in asked else f'env.{name}'} to the project"

    return fix


def _is_off(job: Job, losses: Losses) -> bool:
    off = job.condition is not None and job.condition.expr == Constant(value=False)
    if off:
        losses.dropped(f"job {job.id}", "it never runs", "", job.span)
    return off


def _ids(jobs: Iterable[Job]) -> dict[str, str]:
    """TeamCity's ids have letters, digits and `_`."""
    found: dict[str, str] = {}
    for job in jobs:
        name = to_id(job.id.encode("ascii", "ignore").decode()) or "Build"
        made, count = name, 2
        while made in found.values():
            made, count = f"{name}_{count}", count + 1
        found[job.id] = made
    return found


def _job(job: Job, stages: dict[str, Stage], jobs: list[Job], scope: Scope) -> Job:
    losses, what = Told(scope.losses, scope.ids[job.id], job.span), f"job {job.id}"
    inner = scope.of(job, losses)
    condition = _asked(job, stages, losses)
    steps = lower_steps.lower(job, condition, inner)
    tolerant = {one.id for one in jobs if one.continue_on_error}
    needs = []
    for need in {one.job: one for one in job.needs or () if one.job in scope.ids}.values():
        when = "success" if need.when == "success" and need.job not in tolerant else "always"
        if need.when not in {"success", "always"} or need.job in tolerant:
            losses.approximated(
                f"{what}: needs {need.job}",
                f"it goes on whatever became of that build: it asked for `{need.when}`",
                "",
                need.span or job.span,
            )
        needs.append(Need(scope.ids[need.job], when, artifacts=False))
    artifacts = lower_steps.artifacts(job, jobs, inner)
    carried = tuple(dict.fromkeys(name for one in artifacts if one.direction == "down" for name in one.jobs))
    for field, why, fix in _LOST:
        value = getattr(job, field)
        if value and value != type(job).__dataclass_fields__[field].default:
            losses.dropped(f"{what}: {field}", why, fix, job.span)
    _say_more(job, what, losses)
    return Job(
        scope.ids[job.id],
        job.name if isinstance(job.name, str) and job.name else job.id,
        needs=tuple(dataclasses.replace(need, artifacts=need.job in carried) for need in needs),
        dependencies=carried,
        runner=_runner(job, losses),
        container=dataclasses.replace(job.container, env=(), ports=(), options="", natives=())
        if job.container
        else None,
        matrix=_matrix(job.matrix, what, losses),
        parallel=job.parallel,
        variables=(*inner.variables(job.variables), *inner.used_by(job)),
        steps=steps,
        caches=lower_steps.caches(job, inner),
        artifacts=artifacts,
        timeout=job.timeout,
        retry=dataclasses.replace(job.retry, when=()) if job.retry else None,
        environment=job.environment,
        approval=_approval(job, losses),
        concurrency=_concurrency(job, inner),
        comment=job.comment,
        span=job.span,
    )


def _say_more(job: Job, what: str, losses: Losses) -> None:
    for one in job.natives:
        losses.dropped(
            f"{what}: {one.key}", "TeamCity has no counterpart", f"it was: {one.text[:200]}", one.span or job.span
        )
    image = job.container
    if image is not None and (image.env or image.ports or image.options or image.natives or image.entrypoint):
        losses.dropped(
            f"{what}: options of the image",
            "steps run in an image as it is",
            "use `dockerRunParameters`",
            image.span or job.span,
        )
    target = job.environment
    if target is not None:
        losses.approximated(
            f"{what}: environment {shown(target.name)}",
            "the build is a deployment; TeamCity keeps no environments",
            "",
            target.span or job.span,
        )


_LOST = (
    ("services", "TeamCity starts no containers beside a build", "start them by a `dockerCompose` step"),
    ("permissions", "TeamCity's builds have no token of the repository", "give the VCS root the rights"),
    ("outputs", "a build sets parameters that others read by a service message", "print ##teamcity[setParameter name='...' value='...']"),
    ("interruptible", "TeamCity's queue decides it", "use `enableQueueOptimization` of the trigger"),
    ("calls", "another pipeline is no build configuration", "convert it as well and depend on its builds"),
    ("inputs", "they belong to the pipeline that is called", ""),
    ("extends", "a template that was not given", "give its file"),
)  # fmt: skip


def _asked(job: Job, stages: dict[str, Stage], losses: Losses) -> Expr | None:
    """What is asked before the job: by itself and by its rules. Work after the stages around it is told."""
    found = job.condition.expr if job.condition else None
    stage = stages.get(job.stage)
    while stage is not None:
        if stage.post:
            losses.dropped(
                f"post of stage {stage.name}", "TeamCity has no stages and no work after them", "", stage.span
            )
        stage = stages.get(stage.parent) if stage.parent != stage.name else None
    return both(found, _of_rules(job.rules, job, losses)) if job.rules else found


def _of_rules(rules: tuple[Rule, ...], job: Job, losses: Losses) -> Expr | None:
    """The first rule that fits decides."""
    found: Expr = Constant(value=False)
    for rule in reversed(rules):
        expr = rule.condition.expr if rule.condition else Constant(value=True)
        if rule.changes or rule.exists or rule.variables:
            losses.dropped(
                f"job {job.id}: rule",
                "TeamCity asks neither for changed files nor sets variables by a rule",
                "use `triggerRules`",
                rule.span or job.span,
            )
        if rule.when == "never":
            found = both(Unary("!", expr), found) or expr
        elif expr == Constant(value=True):
            found = expr
        else:
            found = expr if found == Constant(value=False) else either(expr, found)
    return None if found == Constant(value=True) else found


def _runner(job: Job, losses: Losses) -> Runner:
    """Only the system is carried over: labels are names that the other server gave."""
    words = [*(shown(label) for label in job.runner.labels), job.runner.group]
    foreign = [
        word
        for word in words
        if word
        and not any(name in word.lower() for name in ("ubuntu", "linux", "windows", "macos", "latest", "docker"))
    ]
    if foreign:
        losses.manual(
            f"job {job.id}: runner",
            f"agents are chosen by their parameters, not by {', '.join(foreign)}",
            "add `requirements`",
            job.runner.span or job.span,
        )
    return Runner(os=job.runner.os)


def _matrix(matrix: Matrix | None, what: str, losses: Losses) -> Matrix | None:
    if matrix is None:
        return None
    axes = tuple(axis for axis in matrix.axes if axis.values)
    if matrix.include or matrix.exclude or matrix.named or matrix.computed or len(axes) != len(matrix.axes):
        losses.dropped(
            f"{what}: matrix",
            "TeamCity's matrix is the whole product of lists",
            "write single builds for the others",
            matrix.span,
        )
    if matrix.max_parallel or matrix.fail_fast is False:
        losses.approximated(f"{what}: matrix", "all its builds run, as many as there are agents", "", matrix.span)
    return Matrix(axes) if axes else None


def _approval(job: Job, losses: Losses) -> Approval | None:
    if job.approval is None and not job.manual:
        return None
    who = tuple(f"user:{name}" for name in job.approval.who) if job.approval else ()
    if job.approval is None or not who:
        losses.manual(
            f"job {job.id}: approval",
            "who may approve it is not said",
            "name users or groups in `approvalRules`",
            job.span,
        )
    return Approval(who=who or (EVERYBODY,))


def _concurrency(job: Job, scope: Scope) -> Concurrency | None:
    if job.concurrency is None:
        return None
    scope.losses.approximated(
        f"job {job.id}: concurrency", "one build of the configuration runs at a time, the others wait", "for a lock across builds, use `sharedResources`",
        job.concurrency.span or job.span,
    )  # fmt: skip
    return Concurrency(scope.ids[job.id], queue=True)


def _secrets(pipeline: Pipeline, jobs: tuple[Job, ...]) -> tuple[Variable, ...]:
    """Each secret that is used anywhere is a password of the project."""
    names = {
        str(ref.path[0]): None
        for ref in refs((pipeline.variables, jobs))
        if ref.context == "secret" and len(ref.path) == 1
    }
    read = {name: None for job in pipeline.jobs for name, _ in outside.of_project(pipeline, job)}
    names |= {name: None for name in read if outside.is_secret(name)}
    return tuple(Variable(name, Template((Ref("secret", (name,)),)), secret=True) for name in names)


def _say_lost(pipeline: Pipeline, losses: Losses) -> None:
    for one in (*pipeline.natives, *(native for stage in pipeline.stages for native in stage.natives)):
        losses.dropped(one.key, "TeamCity has no counterpart", f"it was: {one.text[:200]}", one.span)
    for gone in pipeline.unresolved:
        losses.dropped(gone.text, gone.why, "give its file by --library, or convert it as well", gone.span)
    whole = (
        ("permissions", pipeline.permissions), ("concurrency", pipeline.concurrency), ("steps after the pipeline", pipeline.post),
        ("rules of the pipeline", pipeline.rules), ("timeout of the run", pipeline.timeout),
    )  # fmt: skip
    for what, value in whole:
        if value:
            losses.dropped(what, "TeamCity has it for each build configuration only", "", pipeline.span)


__all__ = ["Condition", "lower"]
