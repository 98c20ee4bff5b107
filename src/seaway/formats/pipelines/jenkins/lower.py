"""A pipeline of another system -> the same in Jenkins' shape, with what that loses. Called by `writer` before it writes."""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines import commands, outside, shell, starting
from seaway.formats.pipelines.expand import shown, with_stage_order
from seaway.formats.pipelines.given import given
from seaway.formats.pipelines.jenkins import lower_jobs, lower_order, lower_steps, lower_words
from seaway.formats.pipelines.jenkins.lower_jobs import Consumers
from seaway.formats.pipelines.jenkins.options import RUN
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.matrix_rows import whole_rows
from seaway.formats.pipelines.settled import settled
from seaway.formats.pipelines.shell_names import shell_named, with_axes
from seaway.formats.pipelines.step_names import named_steps
from seaway.model.expression import Condition, Phase, both
from seaway.model.pipeline import (
    Artifact,
    Concurrency,
    Globs,
    Job,
    Need,
    Parameter,
    Pipeline,
    Post,
    Stage,
    Step,
    System,
    Trigger,
    TriggerKind,
)

_HOSTED = frozenset({TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.PULL_REQUEST, TriggerKind.MERGE_QUEUE})
_POSTS = {"always": "always", "failure": "failure", "cancelled": "aborted"}


def lower(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """Jenkins' shape. Its own pipelines stay, but for workspaces that a declarative pipeline cannot share."""
    if pipeline.system is System.JENKINS:
        return _own(pipeline, losses)
    commands.told(pipeline, losses, "Jenkins")
    starting.nothing(pipeline, losses)
    outside.tell(pipeline, losses, System.JENKINS, _to_make, known=frozenset(shell.predefined(System.JENKINS)))
    pipeline = starting.by_rules(starting.asked(given(pipeline, losses)), losses, "Jenkins", knows_default=True)
    pipeline = shell_named(settled(pipeline, losses))
    if (
        pipeline.system is System.AZURE_PIPELINES
    ):  # it gives scripts `python` as PYTHON; elsewhere an axis is its own variable
        pipeline = with_axes(whole_rows(pipeline, variables=False))
    pipeline = dataclasses.replace(pipeline, jobs=tuple(named_steps(job, pipeline) for job in pipeline.jobs), index={})
    jobs = _ordered(pipeline, losses)
    jobs = _unrolled(jobs, pipeline, losses)
    jobs, late = _afterwards(jobs)
    consumers = _consumers(jobs, pipeline)
    made = tuple(lower_jobs.lower(job, pipeline, losses, consumers) for job in jobs)
    made = _renamed(jobs, made)
    stages, placed = lower_order.arranged(made, losses)
    _say_lost(pipeline, losses)
    return Pipeline(
        System.JENKINS,
        pipeline.path,
        triggers=_triggers(pipeline, losses),
        parameters=_parameters(pipeline),
        variables=lower_words.variables(pipeline.variables, losses, pipeline.span),
        concurrency=_concurrency(pipeline, losses),
        timeout=pipeline.timeout,
        stages=stages,
        jobs=placed,
        post=_post(pipeline, late, losses),
        comment=pipeline.comment or (pipeline.name if isinstance(pipeline.name, str) else ""),
        span=pipeline.span,
    )


def _to_make(name: str, secret: bool) -> str:
    if secret or outside.is_secret(name):
        return f"create a credential of the id {name} (secret text)"
    return f"add {name} to the environment variables of Jenkins' global properties, or to `environment`"


def _own(pipeline: Pipeline, losses: Losses) -> Pipeline:
    known = {"", "pipeline", *(stage.name for stage in pipeline.stages)}
    found = []
    for job in pipeline.jobs:
        if job.workspace not in known:
            why = "the stages of one `node` share its folder; each stage of a declarative pipeline has an agent of its own"
            losses.approximated(f"workspace of {job.id}", why, "stash what the next stage needs", job.span)
            job = dataclasses.replace(job, workspace="")  # noqa: PLW2901 - the same job
        found.append(job)
    return dataclasses.replace(pipeline, jobs=tuple(found), index={})


# --- jobs ------------------------------------------------------------------------------------------------------------------


def _ordered(pipeline: Pipeline, losses: Losses) -> tuple[Job, ...]:
    """Jobs without templates, with what their stages say of all their jobs."""
    stages = {stage.name: stage for stage in pipeline.stages}
    jobs = [job for job in pipeline.jobs if not job.template]
    found = []
    for job in with_stage_order(pipeline, jobs):
        stage = stages.get(job.stage)
        made = job
        while stage is not None:
            made = _within(made, stage)
            stage = stages.get(stage.parent)
        found.append(made)
    for stage in pipeline.stages:
        for native in stage.natives:
            losses.dropped(native.key, "Jenkins has no counterpart", "", native.span or stage.span)
        if stage.post:
            losses.approximated(f"after the stage {stage.name}", "it runs after each of its jobs", "", stage.span)
    return tuple(found)


def _within(job: Job, stage: Stage) -> Job:
    asked = both(stage.condition.expr if stage.condition else None, job.condition.expr if job.condition else None)
    text = (job.condition or stage.condition).text if (job.condition or stage.condition) else ""  # type: ignore[union-attr]
    phase = (stage.condition or job.condition).phase if (stage.condition or job.condition) else Phase.RUN  # type: ignore[union-attr]
    own = {one.name for one in job.variables}
    return dataclasses.replace(
        job,
        condition=Condition(asked, phase, text, job.span) if asked is not None else None,
        variables=(*(one for one in stage.variables if one.name not in own), *job.variables),
        post=(*job.post, *stage.post),
    )


def _unrolled(jobs: tuple[Job, ...], pipeline: Pipeline, losses: Losses) -> tuple[Job, ...]:
    """Copies and matrices that must be several jobs; whoever needed one needs all of them."""
    levels = lower_order.order(jobs, Losses())
    count: dict[int, int] = {}
    for level in levels.level:
        count[level] = count.get(level, 0) + 1
    copies: dict[str, tuple[str, ...]] = {}
    found: list[Job] = []
    for at, job in enumerate(jobs):
        made = lower_jobs.unrolled(job, pipeline, losses, alone=count[levels.level[at]] == 1)
        copies[job.id] = tuple(one.id for one in made)
        found += made
    return tuple(_needing(job, copies) for job in found)


def _needing(job: Job, copies: dict[str, tuple[str, ...]]) -> Job:
    needs = tuple(
        dataclasses.replace(need, job=name) for need in job.needs or () for name in copies.get(need.job, (need.job,))
    )
    return dataclasses.replace(job, needs=needs)


def _afterwards(jobs: tuple[Job, ...]) -> tuple[tuple[Job, ...], list[tuple[str, Job]]]:
    """Jobs at the end that run however it ended: they are the pipeline's `post`."""
    needed = {need.job for job in jobs for need in job.needs or ()}
    late: list[tuple[str, Job]] = []
    for job in jobs:
        status = lower_words.has_status(job.condition.expr if job.condition else None)
        asked = lower_words.without_status(job.condition.expr) if job.condition else None
        plain = job.matrix is None and job.calls is None and not job.manual and job.approval is None
        if (
            len(status) == 1
            and asked is None
            and job.id not in needed
            and plain
            and status <= set(_POSTS)
            and len(jobs) > 1
        ):
            late.append((_POSTS[next(iter(status))], job))
    gone = {job.id for _, job in late}
    left = tuple(job for job in jobs if job.id not in gone)
    return (left, late) if left else (jobs, [])


def _renamed(jobs: tuple[Job, ...], made: tuple[Job, ...]) -> tuple[Job, ...]:
    """Ids as the reader makes them from names, each once; needs follow."""
    taken: set[str] = set()
    names: dict[str, str] = {}
    found = []
    for job, one in zip(jobs, made, strict=True):
        name, title, number = one.id, str(one.name), 1
        while name in taken:
            number += 1
            name, title = f"{one.id}-{number}", f"{one.name} {number}"
        taken.add(name)
        names[job.id] = name
        found.append(dataclasses.replace(one, id=name, name=title))
    return tuple(
        dataclasses.replace(one, needs=tuple(Need(names[need.job]) for need in one.needs or () if need.job in names))
        for one in found
    )


def _consumers(jobs: tuple[Job, ...], pipeline: Pipeline) -> Consumers:
    """Who fetches whose files, by steps that say so or (GitLab) without one."""
    names: set[str] = set()
    everything = False
    for job in jobs:
        for step in job.steps:
            if isinstance(step.work, Artifact) and step.work.direction == "down":
                everything = everything or not isinstance(step.work.name, str)
                names |= {step.work.name} if isinstance(step.work.name, str) and step.work.name else set()
    giving = {job.id for job in jobs if any(one.paths for one in job.artifacts)}
    before = lower_order.order(jobs, Losses())
    fetched: dict[str, tuple[str, ...]] = {}
    for at, job in enumerate(jobs):
        chosen = [need.job for need in job.needs or () if need.artifacts]
        if job.dependencies is not None:
            chosen = list(job.dependencies)
        elif pipeline.barrier and not any(need.span for need in job.needs or ()):
            chosen = [one for index, one in enumerate(before.ids) if before.before[at] >> index & 1]
        wanted = tuple(one for one in chosen if one in giving)
        if wanted:
            fetched[job.id] = wanted
    given = frozenset(one for names_of in fetched.values() for one in names_of)
    return Consumers(frozenset(names), everything, fetched, given)


# --- the pipeline ------------------------------------------------------------------------------------------------------------


def _triggers(pipeline: Pipeline, losses: Losses) -> tuple[Trigger, ...]:
    found = []
    for one in pipeline.triggers:
        word = one.native or one.kind.value
        times = _times(one.cron) if one.kind is TriggerKind.SCHEDULE else ""
        if times:
            if one.jobs:
                losses.approximated(
                    "schedule of some jobs", "it starts the whole pipeline", "ask for the cause in `when`", one.span
                )
            if one.branches != Globs():
                losses.approximated(
                    "branches of a schedule",
                    "every branch of a multibranch project has it",
                    "ask for the branch in `when`",
                    one.span,
                )
            found.append(Trigger(TriggerKind.SCHEDULE, "cron", cron=times, timezone=one.timezone, span=one.span))
        elif one.kind in _HOSTED:
            why = "what starts a multibranch project is set in the project, outside of the file"
            losses.manual(f"trigger {word}{_filters(one)}", why, "set its branch sources", one.span)
        elif one.kind in {TriggerKind.MANUAL, TriggerKind.CALL}:
            continue
        else:
            losses.manual(
                f"trigger {word}", "Jenkins has no such trigger in the file", "start it through Jenkins' API", one.span
            )
    return tuple(sorted(found, key=lambda one: bool(one.timezone)))


_DAYS = {"SUN": "0", "MON": "1", "TUE": "2", "WED": "3", "THU": "4", "FRI": "5", "SAT": "6"}
_FIELD = re.compile(r"[\dH*/,()-]+")


def _times(cron: str) -> str:
    """Five fields as Jenkins reads them, with numbers for the names of days; "" for what it cannot."""
    fields = [_NAMED.sub(lambda found: _DAYS[found[0].upper()], field) for field in cron.split()]
    fields = ["*" if field == "?" else field for field in fields]
    return " ".join(fields) if len(fields) == 5 and all(_FIELD.fullmatch(field) for field in fields) else ""


_NAMED = re.compile("|".join(_DAYS), re.IGNORECASE)


def _filters(one: Trigger) -> str:
    parts = [
        f"{name} {', '.join(getattr(one, name).include)}"
        for name in ("branches", "tags", "paths")
        if getattr(one, name).include
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _parameters(pipeline: Pipeline) -> tuple[Parameter, ...]:
    """Those of the pipeline, else of whoever starts it by hand; names as the environment takes them."""
    found = pipeline.parameters or tuple(one for trigger in pipeline.triggers for one in trigger.inputs)
    made = {one.name: one for one in found}
    return tuple(
        Parameter(
            lower_words.name(one.name),
            "choice" if one.options else one.type if one.type in {"boolean", "string"} else "string",
            None if one.options and one.default == one.options[0] else one.default,
            one.description,
            options=one.options,
            span=one.span,
        )
        for one in made.values()
    )


def _concurrency(pipeline: Pipeline, losses: Losses) -> Concurrency | None:
    found = pipeline.concurrency
    if found is None:
        return None
    cancel = found.cancel is not False
    if isinstance(found.cancel, Condition):
        losses.approximated("concurrency", "a newer run ends the older one always", "", found.span)
    if not found.queue and not cancel:
        losses.approximated("concurrency", "Jenkins lets every run wait, not only the newest", "", found.span)
    if isinstance(found.group, str):
        losses.approximated(
            f"concurrency group {found.group}",
            "Jenkins' group is the branch's own project",
            "use lock() across branches",
            found.span,
        )
    return Concurrency(RUN, cancel, queue=not cancel, span=found.span)


def _post(pipeline: Pipeline, late: list[tuple[str, Job]], losses: Losses) -> tuple[Post, ...]:
    steps: dict[str, list[Step]] = {}
    nobody = Consumers(frozenset(), everything=False, fetched={}, given=frozenset())
    for when, job in late:
        made = lower_jobs.lower(dataclasses.replace(job, condition=None), pipeline, losses, nobody)
        comment = f"The job {shown(job.name) or job.id}."
        kept = [one for one in made.steps if one.work.kind != "checkout"]
        given = made.variables
        body = [dataclasses.replace(one, env=(*given, *one.env)) if given else one for one in kept]
        if body:
            body[0] = dataclasses.replace(body[0], comment=f"{comment}\n{body[0].comment}".strip())
        steps.setdefault(when, []).extend(body)
        why = "it runs after the pipeline, on its agent"
        losses.approximated(f"job {job.id}", why, "", job.span)
    for post in pipeline.post:
        around = lower_steps.Around(pipeline, Job("post"), losses, frozenset(), everything=False)
        steps.setdefault(post.when, []).extend(lower_steps.lower(post.steps, around).steps)
    return tuple(Post(when, tuple(found)) for when, found in steps.items() if found)


def _say_lost(pipeline: Pipeline, losses: Losses) -> None:
    if pipeline.permissions is not None:
        losses.dropped(
            "permissions",
            "Jenkins gives a run no token",
            "give its credentials the same limits",
            pipeline.permissions.span,
        )
    if pipeline.rules:
        losses.manual(
            "when a run is made", "a multibranch project decides it", "set its branch sources", pipeline.rules[0].span
        )
    for native in pipeline.natives:
        losses.dropped(native.key, "Jenkins has no counterpart", "", native.span)
    for one in pipeline.unresolved:
        losses.dropped(one.text, one.why, "convert it by hand", one.span)
