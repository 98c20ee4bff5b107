"""A pipeline of another system -> one in CircleCI's shape, with a loss for everything that has no place there. Called by the
writer.

Stages become needs. What starts a pipeline becomes filters of its jobs. What waits for a person becomes an approval job.
"""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines import approvers, commands, hashed, limits, outside, starting
from seaway.formats.pipelines.circleci import images, lower_steps, started
from seaway.formats.pipelines.circleci.logic import BRANCH, NO_TAG, TAG
from seaway.formats.pipelines.circleci.started import started_already
from seaway.formats.pipelines.circleci.unroll import unrolled
from seaway.formats.pipelines.circleci.words import Unprintable, filters, logic, named
from seaway.formats.pipelines.given import given
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.matrix_rows import whole_rows
from seaway.formats.pipelines.one_container import one_container
from seaway.formats.pipelines.settled import settled
from seaway.formats.pipelines.shell_names import shell_named, with_axes
from seaway.formats.pipelines.simple import by_branch_or_tag, started_by_clock, with_matches
from seaway.formats.pipelines.unstaged import unstaged
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Template, Unary, either, walk
from seaway.model.pipeline import (
    Approval,
    Concurrency,
    Globs,
    Image,
    Job,
    Matrix,
    Need,
    Parameter,
    Pipeline,
    Retry,
    Run,
    Runner,
    Stage,
    Step,
    System,
    Trigger,
    TriggerKind,
    Use,
)

_PUSHED = frozenset({TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.PULL_REQUEST})
_PUSHES = frozenset({TriggerKind.PUSH, TriggerKind.TAG})
_WHATEVER = frozenset({Call("always"), Call("failure"), Unary("!", Call("cancelled"))})
_NOT_PUSHED = Binary("!=", started.KIND, Literal("push"))


def lowered(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """The pipeline as CircleCI could have been given it."""
    commands.told(pipeline, losses, "CircleCI")
    starting.nothing(pipeline, losses)
    outside.tell(pipeline, losses, System.CIRCLECI, _to_make, known=frozenset({"CI"}))
    pipeline = settled(
        starting.joined(
            starting.by_rules(starting.asked(given(pipeline, losses)), losses, "CircleCI"), losses, "CircleCI"
        ),
        losses,
        texts=True,
    )
    pipeline = limits.of_jobs(shell_named(with_axes(whole_rows(pipeline))), losses, "CircleCI")
    ordered = [one_container(job, losses, "CircleCI") for job in unrolled(unstaged(pipeline, losses))]
    _around(pipeline, losses)
    name = pipeline.name if isinstance(pipeline.name, str) else ""
    stages, made, times = _flows(pipeline, name or "main", ordered, losses)
    return dataclasses.replace(
        pipeline,
        name=named(name) if name else "main",
        parameters=tuple(_parameter(one) for one in pipeline.parameters),
        triggers=times,
        stages=stages,
        jobs=tuple(made),
        natives=(),
        index={},
    )


def _to_make(name: str, secret: bool) -> str:  # noqa: ARG001 - called by position
    return f"add {name} to the environment variables of the project, or to a context that the workflow names"


def _parameter(parameter: Parameter) -> Parameter:
    """A pipeline's parameter must have a default."""
    kind = parameter.type if parameter.type in {"string", "boolean", "number", "choice"} else "string"
    empty = {"boolean": "false", "number": "0"}.get(kind, next(iter(parameter.options), ""))
    name = re.sub(r"[^a-z0-9_-]", "_", parameter.name.lower())
    return dataclasses.replace(
        parameter, name=name, type=kind, default=empty if parameter.default is None else parameter.default
    )


def _around(pipeline: Pipeline, losses: Losses) -> None:
    """What belongs to the whole pipeline and has no place in the file."""
    if pipeline.permissions is not None:
        why = "a job has no token of the repository"
        losses.manual("permissions", why, "put a token into a context", pipeline.permissions.span)
    if pipeline.concurrency is not None:
        why = "whether newer runs end older ones is a setting of the project"
        losses.manual("concurrency", why, "turn on auto-cancel in Project Settings", pipeline.concurrency.span)
    for native in pipeline.natives:
        losses.dropped(native.key, "CircleCI has nothing like it", "", native.span)
    for stage in pipeline.stages:
        for native in stage.natives:
            losses.dropped(native.key, "CircleCI has no stages: they became needs", "", native.span)
    for post in pipeline.post:
        losses.dropped(f"post {post.when}", "CircleCI has no work after a whole workflow", "", post.span)
    for one in pipeline.unresolved:
        losses.manual(one.text, one.why, "", one.span)


def _started(pipeline: Pipeline, losses: Losses) -> Expr | None:
    """What the triggers say about branches and tags, as a condition of every job; None: every branch."""
    branches: Expr | None = None
    tags: Expr | None = None
    every = False
    for one in pipeline.triggers:
        if one.paths != Globs():
            why = "CircleCI builds whatever files changed"
            losses.dropped("paths", why, "use the path-filtering orb with a set-up configuration", one.span)
        if one.kind is TriggerKind.PULL_REQUEST:
            every = True
            why = "CircleCI builds branches; only those with a pull request is a setting of the project"
            losses.manual("pull requests", why, "turn on 'Only build pull requests' if you want it", one.span)
            _say_every(pipeline, losses)
        if one.kind is TriggerKind.PUSH:
            branches = starting.named(one.branches, BRANCH)
            every = every or branches is None
        if one.kind is TriggerKind.TAG:
            tags = starting.named(one.tags, TAG) or Binary("!=", TAG, Literal(""))
        if one.kind in (TriggerKind.UPSTREAM, TriggerKind.COMMENT, TriggerKind.MERGE_QUEUE, TriggerKind.OTHER):
            word = one.native or one.kind.value
            losses.dropped(f"trigger {word}", "nothing like it starts a pipeline", "call CircleCI's API", one.span)
    if tags is None:
        return None if every else branches
    if every:
        return either(NO_TAG, tags)
    return tags if branches is None else either(branches, tags)


def _say_every(pipeline: Pipeline, losses: Losses) -> None:
    for push in pipeline.triggers:
        if push.kind is TriggerKind.PUSH and push.branches != Globs():
            why = "with pull requests every branch is built, not only those whose pushes start it"
            losses.approximated("branches of pushes", why, "put a filter on the jobs", push.span)


def _flows(
    pipeline: Pipeline, name: str, jobs: list[Job], losses: Losses
) -> tuple[tuple[Stage, ...], list[Job], tuple[Trigger, ...]]:  # fmt: skip
    """The jobs, and once more in a workflow of its own for each time at which the clock starts them."""
    filtered = _started(pipeline, losses)
    schedules = [one for one in pipeline.triggers if one.kind is TriggerKind.SCHEDULE and one.cron]
    unknown = [one for one in pipeline.triggers if one.kind is TriggerKind.SCHEDULE and not one.cron]
    for one in unknown:
        why = "when the clock starts it was set outside the file, and is a setting of the project here"
        losses.manual("schedule", why, "make a schedule trigger in Project Settings", one.span)
    pushed = not pipeline.triggers or any(one.kind in _PUSHED for one in pipeline.triggers)
    kinds = {one.kind for one in pipeline.triggers if one.kind is not TriggerKind.SCHEDULE}
    stages: list[Stage] = []
    made: list[Job] = []
    times: list[Trigger] = []

    def shaped(some: list[Job], asked: Expr | None) -> list[Job]:
        return [one for job in some for one in _Job(pipeline, dataclasses.replace(job, stage=""), losses).jobs(asked)]

    if pushed or len(schedules) < len(pipeline.triggers):
        only = None if pushed else Condition(_NOT_PUSHED, Phase.COMPILE)
        stages.append(Stage(name, needs=(), condition=only))
        made += _within(name, shaped(jobs if unknown else _asked(jobs, pushes=kinds <= _PUSHES), filtered))
    for index, one in enumerate(schedules):
        flow = f"scheduled-{index + 1}" if len(schedules) > 1 else "scheduled"
        why = "schedules of the file build named branches, and CircleCI wants them in the project"
        losses.manual("schedule", why, "make a schedule trigger in Project Settings instead", one.span)
        branches = Globs(one.branches.include or ("main",))
        times.append(Trigger(TriggerKind.SCHEDULE, flow, branches, cron=hashed.fixed(one, losses)))
        stages.append(Stage(flow, needs=()))
        made += _within(flow, shaped(_asked(jobs, one.cron), None), f"{flow}." if made else "")
    if jobs and not made:
        script = Run("echo 'no job of the converted file can run'\nexit 1\n")
        made = [Job("nothing", runner=Runner(os="linux"), container=Image(images.BASE), steps=(Step(script),))]
    left = {job.id.removeprefix(f"{job.stage}.") for job in made}
    for job in jobs:
        if job.id not in left:
            losses.dropped(f"job {job.id}", "nothing that starts the pipeline lets it run", "", job.span)
    if len(stages) == 1 and stages[0].condition is None and not times:
        return (), [dataclasses.replace(job, stage="") for job in made], ()
    return started.by_the_clock(tuple(stages), times), made, tuple(times)


def _asked(jobs: list[Job], cron: str = "", *, pushes: bool = False) -> list[Job]:
    """The jobs that can run there, and what is still to be asked of them. What waits for a job that cannot run is skipped."""
    found: list[Job] = []
    off: set[str] = set()
    for job in jobs:
        condition = job.condition
        if condition is not None:
            expr = started_by_clock(condition.expr, cron, pushes=pushes)
            off |= {job.id} if expr == Literal(value=False) else set()
            condition = None if expr == Literal(value=True) else dataclasses.replace(condition, expr=expr)
        found.append(dataclasses.replace(job, condition=condition))
    for _ in jobs:
        skipped = {job.id for job in found if job.id not in off and _waits_for(job, off)}
        if not skipped:
            break
        off |= skipped
    return [
        dataclasses.replace(job, needs=tuple(need for need in job.needs or () if need.job not in off))
        for job in found
        if job.id not in off
    ]


def _waits_for(job: Job, off: set[str]) -> bool:
    whatever = job.condition is not None and bool(_WHATEVER & set(walk(job.condition.expr)))
    return not whatever and any(need.job in off and not need.optional for need in job.needs or ())


def _within(name: str, jobs: list[Job], prefix: str = "") -> list[Job]:
    """The jobs in a workflow; the prefix tells those that stand in several apart."""
    return [
        dataclasses.replace(
            job,
            id=f"{prefix}{job.id}",
            stage=name,
            needs=tuple(dataclasses.replace(need, job=f"{prefix}{need.job}") for need in job.needs or ()),
        )
        for job in jobs
    ]


_OUTCOMES: dict[Expr | None, str] = {
    Call("success"): "success",
    Call("failure"): "failure",
    Call("always"): "always",
    Unary("!", Call("cancelled")): "always",
}


class _Job:
    """One job on its way."""

    def __init__(self, pipeline: Pipeline, job: Job, losses: Losses) -> None:
        self._pipeline, self._job, self._losses = pipeline, job, losses
        self._unsaid = False  # its condition could not be written

    def jobs(self, started: Expr | None) -> list[Job]:
        """The job, with the one before it that asks a person."""
        job = self._job
        self._say_losses()
        who = approvers.of_job(job)
        if who:
            why = "whoever may see the pipeline may approve a job"
            self._losses.manual("approval", why, f"restrict it to {', '.join(who)} by a context", job.span)
        if job.approval is not None and not job.steps:
            ask = Job(
                job.id, needs=self._needs(), approval=Approval(), condition=self._filter(started)[0], span=job.span
            )
            return [ask]
        if job.calls is not None:
            why = f"{job.calls.text} is a pipeline of another system"
            self._losses.dropped("called pipeline", why, "convert it, too, and put its jobs here", job.span)
        condition, guard = self._filter(started)
        made = self._made(condition, guard)
        asks = job.approval is not None or any(isinstance(step.work, Approval) for step in job.steps)
        if not (job.manual or asks or self._unsaid):
            return [made]
        if job.manual:
            why = "CircleCI has no job that is started by hand: another one waits for an answer before it"
            self._losses.approximated("manual job", why, "", job.span)
        name = f"approve-{named(job.id)}"
        ask = Job(name, needs=made.needs, condition=condition, approval=Approval())
        return [ask, dataclasses.replace(made, needs=(Need(name), *(made.needs or ())))]

    def _split(self) -> tuple[Expr | None, str]:
        """The job's condition, and the outcome of its needs that it asks for."""
        condition = self._job.condition
        expr = by_branch_or_tag(with_matches(condition.expr)) if condition is not None else None
        if expr in _OUTCOMES:
            return None, _OUTCOMES[expr]
        if isinstance(expr, Binary) and expr.op == "&&":
            for status, rest in ((expr.left, expr.right), (expr.right, expr.left)):
                if status in _OUTCOMES:
                    return rest, _OUTCOMES[status]
        return expr, ""

    def _filter(self, started: Expr | None) -> tuple[Condition | None, Expr | None]:
        """(what filters can say, what each step must ask)."""
        own, _ = self._split()
        if own is None:
            return _compiled(started), None
        if filters(own) is not None and started_already(own, started):
            return _compiled(own), None
        try:
            logic(own)
        except Unprintable as odd:
            words = self._job.condition.text if self._job.condition else ""
            why = f"CircleCI has no condition for {odd}: {words}; an approval stands before the job instead"
            fix = "write a workflow of its own with `when`, and take the approval away"
            self._losses.manual("job condition", why, fix, self._job.span)
            self._unsaid = True
            return _compiled(started), None
        why = "the job starts, and its steps are left out"
        self._losses.approximated("job condition", why, "put the job into a workflow with `when`", self._job.span)
        return _compiled(started), own

    def _needs(self) -> tuple[Need, ...]:
        """With the outcomes that are waited for."""
        _, asked = self._split()
        if asked == "failure" and len(self._job.needs or ()) > 1:
            why = "CircleCI starts the job when all of them have failed, where one was enough"
            self._losses.approximated("needs", why, "write one job for each that may fail", self._job.span)
        found: dict[str, Need] = {}
        for need in self._job.needs or ():
            when = need.when if need.when in {"success", "failure", "always", "failed canceled"} else "always"
            found[need.job] = Need(need.job, asked or when or "success")
        return tuple(found.values())

    def _made(self, condition: Condition | None, guard: Expr | None) -> Job:
        job = self._job
        runner, container, size = self._place()
        steps = lower_steps.lowered(self._pipeline, job, self._losses)
        steps = self._retried(steps)
        if guard is not None:
            steps = tuple(_guarded(step, guard) for step in steps)
        return Job(
            id=job.id,
            needs=self._needs(),
            condition=condition,
            runner=dataclasses.replace(runner, size=size),
            container=container,
            services=tuple(_service(one) for one in job.services) if container is not None else (),
            matrix=self._matrix(),
            parallel=job.parallel,
            variables=lower_steps.plain_variables((*self._pipeline.variables, *job.variables)),
            steps=steps or (Step(lower_steps.NOTHING),),
            concurrency=self._group(),
            shell=job.shell if job.shell not in {"bash", "sh"} else "",
            comment=job.comment,
            span=job.span,
        )

    def _retried(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """A job that is tried again becomes scripts that are."""
        retry = self._job.retry
        if retry is None or not retry.attempts:
            return steps
        why = "CircleCI runs a script again, not a whole job, and for every reason"
        self._losses.approximated("retry of a job", why, "check that each script can run twice", retry.span)
        again = Retry(min(retry.attempts, 5))
        return tuple(dataclasses.replace(one, retry=again) if isinstance(one.work, Run) else one for one in steps)

    def _group(self) -> Concurrency | None:
        found = self._job.concurrency
        if found is None:
            return None
        if found.cancel:
            why = "a newer run waits instead of ending the older one"
            self._losses.approximated("concurrency", why, "", found.span)
        return Concurrency(found.group, queue=True)

    def _matrix(self) -> Matrix | None:
        matrix = self._job.matrix
        if matrix is None:
            return None
        if matrix.computed or any(axis.computed for axis in matrix.axes):
            why = "CircleCI multiplies lists that stand in the file"
            self._losses.dropped("matrix", why, "write these jobs one by one", matrix.span)
        if matrix.max_parallel is not None:
            self._losses.dropped("max parallel", "CircleCI runs all at once", "", matrix.span)
        axes = tuple(axis for axis in matrix.axes if not axis.computed)
        return Matrix(axes, exclude=matrix.exclude) if axes else None

    def _place(self) -> tuple[Runner, Image | None, str]:
        """Docker where the job has an image or its tools come in one; else a machine."""
        job, runner = self._job, self._job.runner
        if job.container is not None:
            return Runner(os="linux"), dataclasses.replace(job.container, natives=(), options="", ports=()), ""
        label = next((one for one in runner.labels if isinstance(one, str)), "").lower()
        system = runner.os or ("windows" if "windows" in label else "macos" if "macos" in label else "linux")
        if system == "windows":
            return Runner((images.WINDOWS,), os="windows"), None, "windows.medium"
        if system == "macos":
            self._losses.manual("runner", f"which Xcode {label} has is not known", f"check {images.XCODE}", runner.span)
            return Runner((images.XCODE,), os="macos"), None, ""
        if runner.labels and not label.startswith("ubuntu") and isinstance(runner.labels[0], str):
            shown = ", ".join(str(one) for one in runner.labels)
            fix = "make a self-hosted runner and name its resource class"
            self._losses.manual("runner", f"machines with {shown} are set up in CircleCI", fix, runner.span)
        if (tool := self._tool()) is not None:
            return Runner(os="linux"), tool, ""
        if job.services or not runner.labels:
            return Runner(os="linux"), Image(images.BASE), ""
        return Runner((images.LINUX,), os="linux"), None, ""

    def _tool(self) -> Image | None:
        """The image with the one language that the job sets up."""
        found = [
            step.work
            for step in self._job.steps
            if isinstance(step.work, Use) and step.work.ref.name.lower() in images.TOOLS
        ]
        if len(found) != 1:
            return None
        name, key = images.TOOLS[found[0].ref.name.lower()]
        version = next((one.value for one in found[0].inputs if one.name == key), "current")
        if isinstance(version, str):
            version = version.removesuffix(".x")
            if version != "current" and "." not in version:
                why = f"{name} has tags like {version}.1"
                self._losses.manual("version of a tool", why, "name the minor version, too", self._job.span)
            return Image(f"{name}:{version}")
        return Image(Template((f"{name}:", *version.parts)))

    def _say_losses(self) -> None:
        job, losses = self._job, self._losses
        if job.timeout is not None:
            why = "CircleCI limits silence and not time; that is another thing"
            losses.dropped(
                "timeout of a job", why, "set no_output_timeout on long steps, or a limit in the script", job.span
            )
        for value, construct, why in (
            (job.permissions, "permissions", "a job has no token of the repository"),
            (job.continue_on_error, "continue on error", "a job that fails, fails its workflow"),
            (job.outputs, "outputs", "jobs give each other files only, in the workspace"),
            (job.interruptible, "interruptible", "whether newer runs end older ones is a setting of the project"),
        ):
            if value:
                losses.dropped(construct, why, "", getattr(value, "span", None) or job.span)
        if job.environment is not None:
            why = "its protection is kept outside of the file; CircleCI has contexts and approvals instead"
            losses.manual("environment", why, "restrict a context to the people who may deploy", job.environment.span)
        for native in job.natives:
            losses.dropped(native.key, "CircleCI has nothing like it", "", native.span)


def _compiled(expr: Expr | None) -> Condition | None:
    return Condition(expr, Phase.COMPILE) if expr is not None else None


def _guarded(step: Step, guard: Expr) -> Step:
    own = step.condition.expr if step.condition is not None else None
    return dataclasses.replace(
        step, condition=Condition(guard if own is None else Binary("&&", guard, own), Phase.COMPILE)
    )


def _service(image: Image) -> Image:
    return dataclasses.replace(image, natives=(), ports=(), options="")
