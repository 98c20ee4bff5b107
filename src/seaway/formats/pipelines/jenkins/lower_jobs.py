"""One job of another system -> a job in Jenkins' shape, or several where its matrix must be unrolled. Called by `lower`."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import Any

from seaway.formats.pipelines import approvers, outside
from seaway.formats.pipelines.expand import combinations, render_template, shown
from seaway.formats.pipelines.jenkins import agent as agents
from seaway.formats.pipelines.jenkins import lower_steps, lower_words
from seaway.formats.pipelines.jenkins.sections_text import joined
from seaway.formats.pipelines.jenkins.stages import axes, slug
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Condition, Literal, Phase, Ref, Template, Text, parts, refs
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Axis,
    Checkout,
    Concurrency,
    Image,
    Job,
    Matrix,
    Native,
    Opaque,
    Pipeline,
    Post,
    Retry,
    Row,
    Run,
    Runner,
    Step,
    System,
    Variable,
)
from seaway.model.span import Span

_NOTHING = Step(Run('echo "There is nothing to do here"'), native="echo")
_AGENTLESS = (Native("agent", "none"),)
_TOLERANT = "catchError(buildResult: 'SUCCESS', stageResult: 'FAILURE')"
_MOST = 200  # jobs that a matrix may be unrolled into
_SHARDS = {
    System.GITLAB_CI: ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    System.CIRCLECI: ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    System.AZURE_PIPELINES: ("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1),
}


def lower(job: Job, pipeline: Pipeline, losses: Losses, consumers: Consumers) -> Job:
    """The job with everything that Jenkins can do of it."""
    around = lower_steps.Around(pipeline, job, losses, consumers.names, consumers.everything)
    fetched = tuple(Step(Artifact("down", one, layer=True), native="unstash") for one in consumers.of(job))
    made = lower_steps.lower(_steps(job), around)
    made.steps = [*fetched, *made.steps]
    for post in job.post:
        inner = lower_steps.lower(post.steps, around)
        made.posts.setdefault(post.when, []).extend(inner.steps)
    _given(job, made, losses, consumers)
    for name in _secrets(job, pipeline):
        made.variables.setdefault(name, Variable(name, Template((Ref("secret", (name,)),)), secret=True))
    _say_lost(job, losses)
    matrix = _matrix(job, losses)
    if matrix is not None and any(step.native == "stash" for step in _all(made)):
        why = "every cell of the matrix stashes under the same name, and the last one stays"
        losses.manual(f"files of {job.id}", why, "put the values of the axes into the name", job.span)
    approval = _approval(job, made, losses)
    implicit = [Step(Checkout(implicit=True))] if made.checked_out else []
    posts = _known_posts(lower_steps.posts(made), job, losses)
    natives = [Native("failFast", "true")] if matrix is not None and _fails_fast(job, pipeline) else []
    if approval is not None and not made.steps and not implicit:
        natives += _AGENTLESS
    condition = _condition(job, losses)
    if approval is not None and condition is not None:  # else a person is asked for what then does not run
        natives.append(Native("when.beforeInput", "true"))
    exported = [one for one in made.variables.values() if one.name not in {each.name for each in job.variables}]
    title = shown(job.name) if isinstance(job.name, str) else job.id
    return Job(
        slug(title or job.id),
        title or job.id,
        job.stage,
        job.needs,
        condition,
        runner=_runner(job, losses),
        container=_image(job, losses),
        matrix=matrix,
        variables=(*axes(matrix), *exported, *lower_words.variables(job.variables, losses, job.span)),
        steps=(*implicit, *(_tolerant(job, made.steps) or [_NOTHING])),
        timeout=job.timeout,
        retry=_retry(job, losses),
        concurrency=_lock(job, losses),
        approval=approval,
        post=posts,
        natives=tuple(natives),
        comment=_comment(job, condition),
        part_of=job.part_of,
        span=job.span,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Consumers:
    """Which files go from job to job. `fetched`: job -> names of the stashes that it fetches by itself."""

    names: frozenset[str]
    everything: bool
    fetched: dict[str, tuple[str, ...]]
    given: frozenset[str]

    def of(self, job: Job) -> tuple[str, ...]:
        """Stashes that the job fetches without a step that says so."""
        return self.fetched.get(job.id, ())


def _all(made: lower_steps.Lowered) -> list[Step]:
    return [*made.steps, *(step for steps in made.posts.values() for step in steps)]


def _secrets(job: Job, pipeline: Pipeline) -> tuple[str, ...]:
    """What the project gave its scripts and is secret by its name: credentials of the same id."""
    read = dict.fromkeys(name for name, _ in outside.of_project(pipeline, job))
    read |= dict.fromkeys(str(one.path[0]) for one in refs(job) if one.context == "var" and len(one.path) == 1)
    return tuple(name for name in read if name.isidentifier() and outside.is_secret(name))


def _steps(job: Job) -> tuple[Step, ...]:
    if job.calls is None:
        return job.steps
    text = f"{job.calls.text} with {', '.join(one.name for one in job.inputs)}" if job.inputs else job.calls.text
    return (Step(Opaque(text), name=job.calls.text, span=job.span),)


def _given(job: Job, made: lower_steps.Lowered, losses: Losses, consumers: Consumers) -> None:
    """Files that the job leaves without a step that says so (GitLab)."""
    for cache in job.caches:
        if not any(step.work == cache for step in job.steps):
            lower_steps.cached(cache, losses, job)
    for one in job.artifacts:
        if one.expires is not None:
            losses.dropped(
                "how long artifacts are kept", "Jenkins keeps what the build keeps", "set buildDiscarder", job.span
            )
        shown_to_all = lower_steps.report(one.reports, losses, job)
        if shown_to_all is not None:
            made.posts.setdefault("always", []).append(shown_to_all)
        if not one.paths:
            continue
        paths = tuple(each for path in one.paths for each in lower_steps.with_folder(path))
        kept = job.id in consumers.given
        work = Artifact("up", job.id if kept else "", paths, one.exclude, layer=kept)
        step = Step(work, native="stash" if kept else "archiveArtifacts")
        if one.when == "success":
            made.steps.append(step)
        else:
            made.posts.setdefault(one.when, []).append(step)


def _known_posts(found: tuple[Post, ...], job: Job, losses: Losses) -> tuple[Post, ...]:
    known = {
        "always",
        "success",
        "failure",
        "aborted",
        "unstable",
        "changed",
        "fixed",
        "regression",
        "unsuccessful",
        "cleanup",
    }
    made = []
    for one in found:
        if one.when in known:
            made.append(one)
        else:
            losses.approximated(f"after the job: {one.when}", "Jenkins has no such outcome", "it runs always", job.span)
            made.append(dataclasses.replace(one, when="always"))
    return tuple(made)


def _say_lost(job: Job, losses: Losses) -> None:
    for service in job.services:
        fix = "start it with docker compose, or as a container of a Kubernetes agent"
        named = f"service {shown(service.name)} of {job.part_of or job.id}"
        losses.dropped(named, "a Jenkins agent has none", fix, service.span or job.span)
    if job.permissions is not None:
        losses.dropped(
            f"permissions of {job.part_of or job.id}",
            "Jenkins gives a job no token",
            "give its credentials the same limits",
            job.permissions.span,
        )
    if job.outputs:
        losses.dropped(
            f"outputs of {job.part_of or job.id}",
            "Jenkins has no outputs of jobs",
            "write them to a file and stash it",
            job.span,
        )
    if job.environment is not None:
        name = shown(job.environment.name)
        fix = "ask for an approval with `input`, and show the deployment with a plugin"
        losses.manual(
            f"environment {name}",
            "its protection and its history are kept outside of the file",
            fix,
            job.environment.span or job.span,
        )
    for native in job.natives:
        losses.dropped(native.key, "Jenkins has no counterpart", "", native.span or job.span)
    for need in job.needs or ():
        if need.when != "success":
            losses.approximated(
                f"needs of {job.part_of or job.id}",
                f"it waited for the outcome {need.when} of {need.job}",
                "use `post`",
                need.span or job.span,
            )
    if isinstance(job.continue_on_error, Condition):
        losses.approximated(
            f"tolerance of {job.id}", "its condition is left out", "", job.continue_on_error.span or job.span
        )


def _comment(job: Job, condition: Condition | None) -> str:
    place = f"Deploys to the environment {shown(job.environment.name)}." if job.environment else ""
    lines = (job.comment, place, lower_words.unsaid(job.condition, condition))
    return "\n".join(line for line in lines if line)


def _condition(job: Job, losses: Losses) -> Condition | None:
    asked = job.condition
    if asked is None:
        return None
    lower_words.phase_crossed(asked, job.part_of or job.id, losses)
    status = lower_words.has_status(asked.expr) - {"success"}
    if status:
        why = "Jenkins skips the stages that follow a failure"
        losses.approximated(
            f"condition of {job.part_of or job.id}", why, "move its steps to `post`", asked.span or job.span
        )
    expr = lower_words.without_status(asked.expr)
    if expr is None:
        return None
    left = lower_words.askable(expr, job.part_of or job.id, losses, asked.span or job.span, in_when=True)
    return Condition(left, Phase.RUN, asked.text, asked.span)


def _tolerant(job: Job, steps: list[Step]) -> list[Step]:
    """A job that may fail: its steps stand in one block."""
    if not job.continue_on_error or not steps:
        return steps
    if len(steps) == 1 and not steps[0].continue_on_error:
        return [
            dataclasses.replace(
                steps[0], continue_on_error=True, natives=(*steps[0].natives, Native("catchError", _TOLERANT))
            )
        ]
    native = Native("around.1.catchError", _TOLERANT)
    return [dataclasses.replace(step, natives=(native, *step.natives)) for step in steps]


def _approval(job: Job, made: lower_steps.Lowered, losses: Losses) -> Approval | None:
    found = job.approval
    if found is None and len(made.steps) == 1 and isinstance(made.steps[0].work, Approval):
        found = made.steps.pop().work  # type: ignore[assignment]
    if found is None and job.manual:
        why = "Jenkins waits for the person before it goes on; a manual job may be left out"
        losses.approximated(f"manual job {job.id}", why, "add a parameter, or a timeout", job.span)
        found = Approval(f"Run {shown(job.name) or job.id}?")
    if found is None:
        return None
    instructions = lower_words.text(found.instructions) or f"Go on with {shown(job.name) or job.id}?"
    who = approvers.names(found.who)
    return dataclasses.replace(found, instructions=instructions, who=who, holds_runner=False)


def _runner(job: Job, losses: Losses) -> Runner:
    labels: list[Text] = [lower_words.text(one) for one in job.runner.labels]
    if job.runner.group:
        labels.append(job.runner.group)
    lost = next(
        (
            why
            for label in labels
            for one in parts(label)
            if not isinstance(one, str) and (why := lower_words.unprintable(one))
        ),
        "",
    )
    if lost:
        losses.dropped(
            "runner", f"Jenkins has no word for {lost}", "choose an agent by hand", job.runner.span or job.span
        )
        return Runner()
    if labels:
        names = " && ".join(shown(one) for one in labels)
        fix = "give an agent this label, or write your own"
        losses.manual(
            f"runner {names}", "Jenkins runs on your agents, found by their labels", fix, job.runner.span or job.span
        )
    if job.runner.size:
        losses.dropped(
            f"machine size {job.runner.size}", "an agent's label says it", "choose a label", job.runner.span or job.span
        )
    found = agents.labelled(labels[0] if len(labels) == 1 else joined(labels, " && "))
    return dataclasses.replace(found, os=found.os if all(isinstance(one, str) for one in labels) else "")


def _image(job: Job, losses: Losses) -> Image | None:
    image = job.container
    if image is None:
        return None
    for native in image.natives:
        losses.dropped(native.key, "Jenkins has no counterpart", "", native.span or image.span)
    options = [image.options] if image.options else []
    options += [f"-e {one.name}={one.value}" for one in image.env if isinstance(one.value, str)]
    options += [f"-p {port}" for port in image.ports]
    if image.entrypoint is not None:
        options.append(f"--entrypoint='{' '.join(image.entrypoint)}'")
    return Image(lower_words.text(image.name), options=" ".join(options), span=image.span)


def _retry(job: Job, losses: Losses) -> Retry | None:
    if job.retry is None or job.retry.attempts < 1:
        return None
    if job.retry.when:
        losses.approximated(
            f"retry of {job.part_of or job.id}",
            f"it was only for {', '.join(job.retry.when)}",
            "",
            job.retry.span or job.span,
        )
    return Retry(job.retry.attempts)


def _lock(job: Job, losses: Losses) -> Concurrency | None:
    found = job.concurrency
    if found is None:
        return None
    if found.cancel is not False:
        losses.approximated(
            f"concurrency of {job.part_of or job.id}",
            "a lock makes the newer run wait",
            "use milestone()",
            found.span or job.span,
        )
    group = lower_words.text(found.group)
    lost = next((why for one in parts(group) if not isinstance(one, str) and (why := lower_words.unprintable(one))), "")
    if lost:
        losses.dropped(
            f"concurrency of {job.part_of or job.id}",
            f"Jenkins has no word for {lost}",
            "add a lock",
            found.span or job.span,
        )
        return None
    return dataclasses.replace(found, group=group, cancel=False, queue=True)


def _fails_fast(job: Job, pipeline: Pipeline) -> bool:
    fast = job.matrix.fail_fast if job.matrix is not None else False
    return fast is True or (fast is None and pipeline.system is System.GITHUB_ACTIONS)


def _matrix(job: Job, losses: Losses) -> Matrix | None:
    found = job.matrix
    if found is None:
        return None
    if found.max_parallel is not None:
        losses.dropped(
            f"at most {found.max_parallel} jobs of {job.id} at once",
            "Jenkins has no such limit",
            "use throttle",
            found.span,
        )
    return Matrix(
        tuple(
            Axis(lower_words.name(axis.name), tuple(lower_words.text(one) for one in axis.values))
            for axis in found.axes
        ),
        exclude=tuple(
            tuple((lower_words.name(name), lower_words.text(value)) for name, value in row) for row in found.exclude
        ),
    )


# --- before: jobs that Jenkins cannot have as one ----------------------------------------------------------------------------


def unrolled(job: Job, pipeline: Pipeline, losses: Losses, *, alone: bool) -> list[Job]:
    """One job per combination where Jenkins' matrix cannot say them: with `include`, with names, beside other jobs."""
    if job.parallel is not None and job.parallel > 1:
        cells = unrolled(dataclasses.replace(job, parallel=None), pipeline, losses, alone=False)
        return [
            shard
            for cell in cells
            for shard in _shards(dataclasses.replace(cell, parallel=job.parallel), pipeline, losses)
        ]
    matrix = job.matrix
    if matrix is None:
        return [job]
    if (
        matrix.computed
        or any(axis.computed for axis in matrix.axes)
        or not (matrix.axes or matrix.include or matrix.named)
    ):
        text = matrix.computed or "its values"
        losses.dropped(
            f"matrix of {job.id}",
            f"it is computed while the pipeline runs: {text}",
            "write its values",
            matrix.span or job.span,
        )
        return [dataclasses.replace(job, matrix=None)]
    if alone and not matrix.include and not matrix.named and all(matrix.axes):
        return [job]
    rows = [(", ".join(shown(value) for _, value in row), row) for row in combinations(matrix)] + list(matrix.named)
    if len(rows) > _MOST:
        losses.approximated(
            f"matrix of {job.id}",
            f"only the first {_MOST} of its combinations are written",
            "",
            matrix.span or job.span,
        )
    return [_cell(job, label, row) for label, row in rows[:_MOST]]


def _cell(job: Job, label: str, row: Row) -> Job:
    name = shown(job.name) if isinstance(job.name, str) and job.name else job.id
    given = tuple(Variable(lower_words.name(axis), value) for axis, value in row)

    def filled(value: Text) -> Text:
        return render_template(value, row)

    runner = dataclasses.replace(job.runner, labels=tuple(filled(one) for one in job.runner.labels))
    container = dataclasses.replace(job.container, name=filled(job.container.name)) if job.container else None
    return dataclasses.replace(
        job,
        id=f"{job.id} ({label})",
        name=f"{name} ({label})",
        matrix=None,
        part_of=job.id,
        runner=runner,
        container=container,
        variables=(*given, *_filled(job.variables, row)),
        steps=_filled(job.steps, row),
        condition=_filled(job.condition, row),
        environment=_filled(job.environment, row),
        post=_filled(job.post, row),
    )


def _filled(value: Any, row: Row) -> Any:
    """With this combination's values in place of references to the matrix."""
    if isinstance(value, Template):
        return render_template(
            Template(tuple(one if isinstance(one, str) else _filled(one, row) for one in value.parts)), row
        )
    if isinstance(value, Ref) and value.context == "matrix" and len(value.path) == 1:
        found = dict(row).get(str(value.path[0]))
        return Literal(found) if isinstance(found, str) else value
    if isinstance(value, tuple):
        return tuple(_filled(one, row) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Span | StrEnum):
        changed = {one.name: _filled(getattr(value, one.name), row) for one in dataclasses.fields(value) if one.init}
        return dataclasses.replace(value, **changed)
    return value


def _shards(job: Job, pipeline: Pipeline, losses: Losses) -> list[Job]:
    count = min(job.parallel or 1, _MOST)
    index, total, first = _SHARDS.get(pipeline.system, ("NODE_INDEX", "NODE_TOTAL", 1))
    losses.approximated(
        f"{count} copies of {job.id}", "Jenkins has no copies: they are branches of a stage", "", job.span
    )
    found = []
    for number in range(count):
        given = (Variable(index, str(number + first)), Variable(total, str(count)))
        name = f"{shown(job.name) or job.id} {number + 1}/{count}"
        found.append(
            dataclasses.replace(
                job,
                id=f"{job.id} {number + 1}/{count}",
                name=name,
                parallel=None,
                part_of=job.id,
                variables=(*given, *job.variables),
            )
        )
    return found


__all__ = ["Consumers", "Template", "lower", "unrolled"]
