"""A pipeline of another system -> one in Azure's shape, with a loss for everything that has no place there. Called by the writer.

What another system says about a whole job, Azure says with steps: caches, artifacts, work after the job. What waits for a
person becomes a job without a machine.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from seaway.formats.pipelines import approvers, hashed, limits, outside, starting
from seaway.formats.pipelines.azure_pipelines import lower_steps
from seaway.formats.pipelines.azure_pipelines.words import named
from seaway.formats.pipelines.expand import shown as shown_text
from seaway.formats.pipelines.given import given
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.one_container import one_container
from seaway.formats.pipelines.settled import settled
from seaway.formats.pipelines.simple import simplified
from seaway.formats.pipelines.unstaged import unstaged
from seaway.model.expression import Call, Condition, Expr, Literal, Phase, Ref, Template, Text, walk
from seaway.model.pipeline import (
    Approval,
    Checkout,
    Globs,
    Image,
    Job,
    Need,
    Pipeline,
    Retry,
    Run,
    Runner,
    Step,
    System,
    Trigger,
    TriggerKind,
    Use,
    Variable,
)

_EVERYTHING = Globs(("*",))
_HOSTED = ("ubuntu-", "windows-", "macos-", "macOS-", "vs20")


def lowered(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """The pipeline as Azure could have written it."""
    starting.nothing(pipeline, losses)
    outside.tell(pipeline, losses, System.AZURE_PIPELINES, _to_make, known=frozenset({"System.AccessToken"}))
    pipeline = settled(
        starting.joined(starting.by_rules(starting.asked(given(pipeline, losses)), losses, "Azure"), losses, "Azure"),
        losses,
    )
    pipeline = limits.of_jobs(pipeline, losses, "Azure")
    jobs = tuple(job for job in pipeline.jobs if not job.template)
    flat = any(stage.parent or stage.post for stage in pipeline.stages) or any(job.needs for job in jobs)
    full = {job.stage for job in jobs}
    if not flat and any(stage.name not in full for stage in pipeline.stages):
        stages = tuple(stage for stage in pipeline.stages if stage.name in full)
        pipeline = dataclasses.replace(pipeline, stages=stages, index={})
    if flat and pipeline.stages:
        jobs = tuple(unstaged(pipeline, losses))
        pipeline = dataclasses.replace(pipeline, stages=(), index={})
    elif not pipeline.stages:
        jobs = tuple(dataclasses.replace(job, stage="") for job in jobs)
    jobs = tuple(one_container(job, losses, "Azure") for job in jobs)
    moved, kept = _secrets_apart(pipeline.variables)
    made = [one for job in jobs for one in _Job(pipeline, job, moved, losses).jobs()]
    _around(pipeline, losses)
    return dataclasses.replace(
        pipeline,
        variables=kept,
        jobs=tuple(made),
        triggers=_triggers(pipeline, losses),
        natives=(),
        comment="\n".join(one for one in (_title(pipeline), pipeline.comment) if one),
        index={},
    )


def _title(pipeline: Pipeline) -> str:
    """The name is given where the pipeline is made; in the file, `name` would be the number of a run."""
    return pipeline.name if isinstance(pipeline.name, str) else ""


def _around(pipeline: Pipeline, losses: Losses) -> None:
    """What belongs to the whole pipeline and has no place in the file."""
    if pipeline.permissions is not None:
        why = "what a job's token may do is a setting of the project"
        losses.manual(
            "permissions", why, "limit the job authorization scope in Project settings", pipeline.permissions.span
        )
    if pipeline.concurrency is not None:
        why = "runs exclude each other by an exclusive lock on an environment"
        losses.manual(
            "concurrency", why, "add the check 'Exclusive lock' to the environment", pipeline.concurrency.span
        )
    for native in pipeline.natives:
        losses.dropped(native.key, "Azure has nothing like it", "", native.span)
    for post in pipeline.post:
        why = "Azure has no work after a stage or a whole pipeline"
        losses.dropped(f"post {post.when}", why, "add a last stage with a condition", post.span)
    for one in pipeline.unresolved:
        losses.manual(one.text, one.why, "", one.span)
    for stage in pipeline.stages:
        for native in stage.natives:
            losses.dropped(native.key, "a stage has nothing like it", "", native.span)


def _triggers(pipeline: Pipeline, losses: Losses) -> tuple[Trigger, ...]:
    """Those that Azure has. A tag's goes with the pushes."""
    found: list[Trigger] = []
    for one in pipeline.triggers:
        if one.kind is TriggerKind.TAG:
            tags = one.tags if one.tags != Globs() else _EVERYTHING
            pushes = [other for other in found if other.kind is TriggerKind.PUSH]
            if pushes:
                branches = pushes[0].branches if pushes[0].branches != Globs() else _EVERYTHING
                found[found.index(pushes[0])] = dataclasses.replace(pushes[0], branches=branches, tags=tags)
            else:
                found.append(Trigger(TriggerKind.PUSH, branches=Globs((), ("*",)), tags=tags, span=one.span))
        elif one.kind is TriggerKind.SCHEDULE and not one.cron:
            why = "when the clock starts it was set outside the file"
            losses.manual("schedule", why, "add it under `schedules`, or in the pipeline's settings", one.span)
        elif one.kind in (TriggerKind.PUSH, TriggerKind.PULL_REQUEST, TriggerKind.SCHEDULE, TriggerKind.UPSTREAM):
            found.append(_known(one, losses))
        elif one.kind not in (TriggerKind.MANUAL, TriggerKind.API):
            word = one.native or one.kind.value
            losses.dropped(f"trigger {word}", "nothing like it starts a run in Azure", "use a service hook", one.span)
    return tuple(found)


def _known(trigger: Trigger, losses: Losses) -> Trigger:
    if trigger.kind is TriggerKind.PULL_REQUEST:
        if trigger.native == "pull_request_target":
            why = "it runs with the secrets of the target; in Azure a setting decides whether pull requests of forks see secrets"
            losses.dropped(trigger.native, why, "check the settings for forks before you enable it", trigger.span)
        elif trigger.types:
            why = "Azure builds a pull request when it is opened or updated"
            losses.approximated(f"types of {trigger.native or 'pull requests'}", why, "", trigger.span)
        where = "a repository in Azure Repos builds pull requests by branch policy, not by `pr`"
        losses.manual("pull requests", where, "add a build validation policy if it is there", trigger.span)
    if trigger.timezone and trigger.timezone.upper() != "UTC":
        losses.approximated("timezone", "Azure's schedules are in UTC", f"move {trigger.cron} by hand", trigger.span)
    cron = hashed.fixed(trigger, losses) if trigger.kind is TriggerKind.SCHEDULE else trigger.cron
    return dataclasses.replace(trigger, types=(), timezone="", native="", cron=cron)


def _secrets_apart(variables: tuple[Variable, ...]) -> tuple[tuple[Variable, ...], tuple[Variable, ...]]:
    """(those that hold a secret, the others). Azure puts no secret into a script's environment unless a step maps it."""
    secret = tuple(one for one in variables if one.secret or _names_secret(one.value))
    return secret, tuple(one for one in variables if one not in secret)


def _names_secret(value: object) -> bool:
    return isinstance(value, Template) and any(
        isinstance(inner, Ref) and inner.context == "secret"
        for part in value.parts
        if not isinstance(part, str)
        for inner in walk(part)
    )


def _to_make(name: str, secret: bool) -> str:
    return f"az pipelines variable create --name {name}{' --secret true' if secret else ''}, or use a variable group"


class _Job:
    """One job on its way. `secrets`: variables of the pipeline that every step must be given."""

    def __init__(self, pipeline: Pipeline, job: Job, secrets: tuple[Variable, ...], losses: Losses) -> None:
        self._pipeline, self._job, self._losses = pipeline, job, losses
        own, self._kept = _secrets_apart(job.variables)
        self._secrets = (*secrets, *own)

    def jobs(self) -> list[Job]:
        """The job, with the one before it that asks a person."""
        job = self._job
        self._say_losses()
        if job.calls is not None:
            why = f"{job.calls.text} is a pipeline of another system"
            self._losses.dropped("called pipeline", why, "convert it, too, and name it as a template", job.span)
            note = Step(
                Run(f"echo 'convert {job.calls.text} and name it here as a template' && exit 1"), name=job.calls.text
            )
            return [self._made((note,))]
        steps = lower_steps.lowered(self._pipeline, job, self._secrets, self._losses)
        asking = [step for step in steps if isinstance(step.work, Approval)]
        approval = job.approval or next((step.work for step in asking if isinstance(step.work, Approval)), None)
        if approval is not None:
            approval = dataclasses.replace(approval, who=approvers.names(approval.who))
        rest = tuple(step for step in steps if step not in asking)
        if approval is not None and not rest:
            return [dataclasses.replace(self._made(()), approval=approval, environment=None)]
        made = self._made(rest)
        if approval is None and not job.manual:
            return [made]
        if asking and steps[0] is not asking[0]:
            why = "the wait stands before the whole job: a machine cannot wait in its middle"
            self._losses.approximated("approval", why, "split the job where it waits", asking[0].span)
        limit = next((one.timeout for one in job.steps if isinstance(one.work, Approval) and one.timeout), None)
        return self._asked_first(made, approval or Approval(f"Start {job.id}?"), limit)

    def _asked_first(self, made: Job, approval: Approval, limit: timedelta | None) -> list[Job]:
        if self._job.manual:
            why = "Azure has no job that is started by hand: another one waits for an answer before it"
            self._losses.approximated("manual job", why, "", self._job.span)
        name = f"approve_{named(self._job.id)}"
        ask = Job(name, stage=made.stage, needs=made.needs, condition=made.condition, approval=approval, timeout=limit)
        return [ask, dataclasses.replace(made, needs=(Need(name), *(made.needs or ())))]

    def _made(self, steps: tuple[Step, ...]) -> Job:
        job = self._job
        steps, outputs = outputs_as_variables(self._retried(steps))
        environment = job.environment
        if environment is not None and (job.matrix is not None or job.parallel):
            why = "a deployment job has no matrix: this is written as a job without the environment"
            self._losses.dropped("environment", why, "write one deployment job per combination", environment.span)
            environment = None
        if environment is not None:
            steps = tuple(_explicit(step) for step in steps)
        return Job(
            id=job.id,
            name=job.name,
            stage=job.stage,
            needs=job.needs,
            condition=self._condition(),
            runner=self._runner(),
            container=job.container and _image(job.container),
            services=tuple(_service(one) for one in job.services),
            matrix=job.matrix,
            parallel=job.parallel,
            variables=(*self._kept, *outputs),
            steps=steps,
            outputs=job.outputs,
            timeout=job.timeout,
            continue_on_error=job.continue_on_error,
            environment=environment and dataclasses.replace(environment, natives=()),
            comment=job.comment,
            span=job.span,
        )

    def _retried(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """A job that is tried again becomes scripts and tasks that are."""
        retry = self._job.retry
        if retry is None or not retry.attempts:
            return steps
        why = "Azure tries a step again, not a whole job, and for every reason"
        self._losses.approximated("retry of a job", why, "check that each step can run twice", retry.span)
        again = Retry(min(retry.attempts, 10))
        return tuple(
            dataclasses.replace(step, retry=again) if isinstance(step.work, (Run, Use)) else step for step in steps
        )

    def _condition(self) -> Condition | None:
        """The job's own, or what its needs ask for."""
        words = {need.when for need in self._job.needs or ()}
        own = self._job.condition
        if own is not None and simplified(own.expr) == Literal(value=True):
            own = None
        if own is not None or not words - {"success", ""}:
            return own
        if words == {"always"} or "any" in words:
            return Condition(Call("always"), Phase.QUEUE)
        if words == {"failure"}:
            return Condition(Call("failure"), Phase.QUEUE)
        why = f"Azure has one condition for all needs, not {', '.join(sorted(words))}"
        self._losses.approximated("needs", why, "write a condition with dependencies.JOB.result", self._job.span)
        return Condition(Call("always"), Phase.QUEUE)

    def _runner(self) -> Runner:
        runner = self._job.runner
        labels = runner.labels
        if not labels and not runner.group:
            return Runner(("ubuntu-latest",), os="linux")
        if runner.size:
            self._losses.dropped(
                "size of the machine", "hosted agents have one size", "choose a pool by hand", runner.span
            )
        if len(labels) == 1 and (not isinstance(labels[0], str) or labels[0].startswith(_HOSTED)):
            return Runner(labels, runner.group, runner.os)
        shown = ", ".join(shown_text(label) for label in labels) or runner.group
        fix = "make a pool with such agents, or change `pool`"
        self._losses.manual("runner", f"which agents fit {shown} is set up in Azure DevOps", fix, runner.span)
        return Runner((), runner.group or "Default")

    def _say_losses(self) -> None:
        job, losses = self._job, self._losses
        said = (
            (job.permissions, "permissions", "what a job's token may do is a setting of the project"),
            (job.concurrency, "concurrency", "jobs exclude each other by a lock on an environment"),
            (job.interruptible, "interruptible", "a newer run ends older ones by settings of the trigger"),
            (job.matrix and job.matrix.fail_fast, "fail-fast", "Azure lets the other jobs of a matrix finish"),
        )
        for value, construct, why in said:
            if value:
                losses.dropped(construct, why, "", getattr(value, "span", None) or job.span)
        if job.environment is not None:
            target = job.environment
            why = "its checks and approvals are kept in Azure DevOps"
            losses.manual("environment", why, "add them under Pipelines > Environments", target.span)
            action = "" if target.action == "start" else target.action
            for text, construct in ((target.url, "url"), (action, "action"), (target.tier, "tier")):
                if text:
                    losses.dropped(f"{construct} of the environment", "Azure's environments have none", "", target.span)
        for native in job.natives:
            losses.dropped(native.key, "Azure has nothing like it", "", native.span)


def outputs_as_variables(steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Variable, ...]]:
    """A step cannot ask another job for its output, a variable of the job can: (steps that name variables, the variables)."""
    found: dict[Ref, str] = {}

    def text(value: Text) -> Text:
        return Template(tuple(part(one) for one in value.parts)) if isinstance(value, Template) else value

    def part(one: str | Expr) -> str | Expr:
        if not isinstance(one, Ref) or one.context != "job" or len(one.path) != 3:
            return one
        name = found.setdefault(one, named("_".join(str(word) for word in (one.path[0], one.path[2]))))
        return Ref("env", (name,))

    made = []
    for step in steps:
        work = step.work
        if isinstance(work, Run):
            work = dataclasses.replace(work, script=text(work.script))
        elif isinstance(work, Use):
            given = tuple(dataclasses.replace(one, value=text(one.value)) for one in work.inputs)
            work = dataclasses.replace(work, inputs=given)
        env = tuple(dataclasses.replace(one, value=text(one.value)) for one in step.env)
        made.append(dataclasses.replace(step, work=work, env=env))
    return tuple(made), tuple(Variable(name, Template((ref,))) for ref, name in found.items())


def _explicit(step: Step) -> Step:
    """A deployment checks nothing out unless it says so."""
    work = step.work
    if not isinstance(work, Checkout) or not work.implicit:
        return step
    return dataclasses.replace(step, work=dataclasses.replace(work, implicit=False))


def _image(image: Image) -> Image:
    return dataclasses.replace(image, natives=())


def _service(image: Image) -> Image:
    alias = image.alias
    if not alias:
        name = image.name if isinstance(image.name, str) else "service"
        alias = name.rsplit("/", 1)[-1].split(":", maxsplit=1)[0]
    return dataclasses.replace(image, alias=alias, natives=())
