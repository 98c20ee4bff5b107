"""Jobs, deployment jobs and stages -> the model's. Called by `reader`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, TypeAlias

from seaway.formats.pipelines.azure_pipelines.context import Context, Fields, fields_of
from seaway.formats.pipelines.azure_pipelines.expressions import Names
from seaway.formats.pipelines.azure_pipelines.steps import read_steps, template_ref
from seaway.formats.pipelines.azure_pipelines.templates import guard_of
from seaway.formats.yaml.tree import integer, is_mapping, is_scalar, is_sequence, items, sequence, string, strings
from seaway.model.expression import Phase, Text
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Checkout,
    DeployTarget,
    Image,
    Job,
    Matrix,
    Native,
    Need,
    Post,
    Runner,
    Step,
    Variable,
)

Node: TypeAlias = Any

HOOKS = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic")
# What the agent does by itself before a deployment job: it has no word in the file.
AUTOMATIC = "automatic download"
SERVER = "server"

_KNOWN = frozenset(
    {
        "job", "deployment", "displayName", "dependsOn", "condition", "strategy", "pool", "container", "services",
        "variables", "steps", "timeoutInMinutes", "continueOnError", "environment", "template", "parameters",
    }
)  # fmt: skip


def read_jobs(node: Node | None, stage: str, pool: Node | None, context: Context) -> Iterator[Job]:
    """The jobs of a stage, or of a file without stages. `pool`: of what stands around them."""
    for index, item in enumerate(sequence(node) if is_sequence(node) else (), start=1):
        fields = fields_of(item)
        if "template" in fields:
            yield _template_job(item, fields, stage, context)
        elif is_mapping(item):
            yield read_job(item, fields, (stage, job_name(fields, index)), pool, context)


def job_name(fields: Fields, index: int) -> str:
    """A job's name; Azure counts those that have none."""
    return string(fields.get("job")) or string(fields.get("deployment")) or f"Job{index}"


def _template_job(node: Node, fields: Fields, stage: str, context: Context) -> Job:
    ref = template_ref(fields["template"], context)
    ident = context.names.job(ref.text, stage)
    count = context.called[ident] = context.called.get(ident, 0) + 1
    ident = f"{ident}-{count}" if count > 1 else ident
    return Job(
        id=ident,
        stage=stage,
        condition=context.condition(None, guard_of(node), Phase.QUEUE),
        calls=ref,
        inputs=context.pairs(fields.get("parameters")),
        natives=context.natives(fields, {"template", "parameters"}, f"jobs.{ident}."),
        span=context.span(node),
    )


def read_job(node: Node, fields: Fields, place: tuple[str, str], pool: Node | None, context: Context) -> Job:
    """One job, with the checkout that Azure adds where the file has none. `place`: its stage and its name."""
    stage, name = place
    ident = context.names.job(name, stage)
    matrix, shards, strategy = _matrix(fields.get("strategy"), context)
    axes = frozenset(key.lower() for _, row in matrix.named for key, _ in row) if matrix else frozenset()
    context.names = context.names.of_job(axes, stage)
    owner = f"jobs.{ident}."
    variables, natives = context.variables(fields.get("variables"), owner)
    is_deployment = "deployment" in fields
    own_pool = fields.get("pool", pool)
    steps, posts, kept = (
        _deployment_steps(fields.get("strategy"), owner, context)
        if is_deployment
        else (read_steps(fields.get("steps"), context), (), ())
    )
    runner = read_pool(own_pool, context)
    approval, runner, steps = _completed(runner, steps, is_deployment=is_deployment)
    return Job(
        id=ident,
        name=string(fields.get("displayName")),
        stage=stage,
        needs=_needs(fields.get("dependsOn"), context.names),
        condition=context.condition(fields.get("condition"), guard_of(node), Phase.QUEUE),
        runner=runner,
        container=_container(fields.get("container"), context),
        services=_services(fields.get("services"), context),
        matrix=matrix,
        parallel=shards,
        variables=variables,
        steps=steps,
        timeout=context.minutes(fields.get("timeoutInMinutes")),
        continue_on_error=context.truth(fields.get("continueOnError")),
        environment=_environment(fields.get("environment"), owner, context),
        approval=approval,
        post=posts,
        natives=(
            *natives,
            *kept,
            *strategy,
            *_pool_natives(own_pool, owner, context),
            *context.natives(fields, _unmodelled(fields, context), owner),
        ),
        comment=context.comment(node),
        span=context.span(node),
        key_span=context.span(fields["deployment" if is_deployment else "job"]) if {"job", "deployment"} & fields.keys() else None,
    )  # fmt: skip


def _unmodelled(fields: Fields, context: Context) -> frozenset[str]:
    """The known fields, less those whose value is of a kind that no noun holds."""
    odd = set()
    if "timeoutInMinutes" in fields and context.minutes(fields["timeoutInMinutes"]) is None:
        odd.add("timeoutInMinutes")
    if "dependsOn" in fields and not (is_scalar(fields["dependsOn"]) or is_sequence(fields["dependsOn"])):
        odd.add("dependsOn")
    if "steps" in fields and not is_sequence(fields["steps"]):
        odd.add("steps")
    if "services" in fields and not is_mapping(fields["services"]):
        odd.add("services")
    if "variables" in fields and is_scalar(fields["variables"]) and string(fields["variables"]):
        odd.add("variables")
    return _KNOWN - odd if odd else _KNOWN


def _completed(
    runner: Runner, steps: tuple[Step, ...], *, is_deployment: bool
) -> tuple[Approval | None, Runner, tuple[Step, ...]]:
    """What Azure does by itself: an approval without a machine, a checkout, a deployment's downloads."""
    if runner.group == SERVER:
        work = steps[0].work if len(steps) == 1 else None
        if isinstance(work, Approval) and steps[0] == Step(work, span=steps[0].span):
            return work, Runner(), ()
        return None, runner, steps
    without = {step.work.kind for step in steps if step.work.kind in _CARRIERS and _is_none(step)}
    kept = tuple(step for step in steps if not _is_none(step)) if without else steps
    if is_deployment:
        has = any(isinstance(step.work, Artifact) and step.work.direction == "down" for step in kept)
        automatic = () if has or "artifact" in without else (Step(Artifact("down"), native=AUTOMATIC),)
        return None, runner, (*automatic, *kept)
    has = any(isinstance(step.work, Checkout) for step in kept)
    implicit = () if has or "checkout" in without else (Step(Checkout(implicit=True)),)
    return None, runner, (*implicit, *kept)


_CARRIERS = frozenset({"checkout", "artifact"})


def _is_none(step: Step) -> bool:
    """`checkout: none` or `download: none`."""
    work = step.work
    if isinstance(work, Checkout):
        return work.repository == "none"
    return isinstance(work, Artifact) and work.inputs == (Variable("source", "none"),)


def _deployment_steps(
    node: Node | None, owner: str, context: Context
) -> tuple[tuple[Step, ...], tuple[Post, ...], tuple[Native, ...]]:
    """The hooks of a deployment's strategy: steps in their order, and what follows success or failure."""
    steps: list[Step] = []
    posts: list[Post] = []
    natives: list[Native] = []
    for kind, _, body in items(node):
        inner = fields_of(body)
        if kind not in ("runOnce", "rolling", "canary"):
            natives.append(context.native(f"{owner}strategy.{kind}", body))
            continue
        if kind != "runOnce":
            natives.append(Native(f"{owner}strategy", kind, context.span(body)))
        for hook in HOOKS:
            fields = fields_of(inner.get(hook))
            read = read_steps(fields.get("steps"), context)
            steps += read if hook == "deploy" else [dataclasses.replace(step, native=hook) for step in read]
            natives += context.natives(fields, {"steps"}, f"{owner}strategy.{kind}.{hook}.")
        for outcome, _, value in items(inner.get("on")):
            fields = fields_of(value)
            posts.append(Post(outcome, read_steps(fields.get("steps"), context), context.span(value)))
            natives += context.natives(fields, {"steps"}, f"{owner}strategy.{kind}.on.{outcome}.")
        natives += context.natives(inner, {*HOOKS, "on"}, f"{owner}strategy.{kind}.")
    return tuple(steps), tuple(posts), tuple(natives)


def _matrix(node: Node | None, context: Context) -> tuple[Matrix | None, int | None, tuple[Native, ...]]:
    """`strategy` of a job: (combinations, number of equal copies, what is left)."""
    if node is None:
        return None, None, ()
    fields = fields_of(node)
    rows = fields.get("matrix")
    most = integer(fields.get("maxParallel"))
    used = {"runOnce", "rolling", "canary", "matrix"}
    shards = integer(fields.get("parallel"))
    if shards is not None:
        used.add("parallel")
    if rows is not None and most is not None:
        used.add("maxParallel")
    left = context.natives(fields, used, "strategy.") if fields.keys() - used else ()
    if rows is None:
        return None, shards, left
    if not is_mapping(rows):
        return Matrix(computed=string(rows), max_parallel=most, span=context.span(rows)), shards, left
    named = tuple(
        (name, tuple((axis, context.text(one)) for axis, _, one in items(row))) for name, _, row in items(rows)
    )
    return Matrix(named=named, max_parallel=most, span=context.span(rows)), shards, left


def _needs(node: Node | None, names: Names) -> tuple[Need, ...] | None:
    return None if node is None else tuple(Need(names.job(name)) for name in strings(node) if name)


def read_pool(node: Node | None, context: Context) -> Runner:
    """A pool by name, or Microsoft's by the name of an image."""
    if node is None:
        return Runner()
    if is_scalar(node):
        return Runner(group=string(node), span=context.span(node))
    fields = fields_of(node)
    image = fields.get("vmImage")
    labels: tuple[Text, ...] = (context.text(image),) if image is not None else ()
    group = string(fields["name"]) if "name" in fields else ""
    return Runner(labels, group, _os(labels), span=context.span(node))


_SYSTEMS = (("ubuntu", "linux"), ("windows", "windows"), ("macos", "macos"), ("vs20", "windows"))


def _os(labels: tuple[Text, ...]) -> str:
    label = labels[0] if labels else ""
    if not isinstance(label, str):
        return ""
    lower = label.lower()
    return next((name for start, name in _SYSTEMS if lower.startswith(start)), "")


def _pool_natives(node: Node | None, owner: str, context: Context) -> tuple[Native, ...]:
    fields = fields_of(node)
    return context.natives(fields, {"vmImage", "name"}, f"{owner}pool.") if len(fields) > 1 else ()


def _container(node: Node | None, context: Context) -> Image | None:
    if node is None:
        return None
    if is_scalar(node):
        name = string(node)
        known = context.containers.get(name)
        return _image(known, "", context) if known is not None else Image(context.text(node), span=context.span(node))
    return _image(node, "", context)


def _services(node: Node | None, context: Context) -> tuple[Image, ...]:
    return tuple(_service(alias, value, context) for alias, _, value in items(node)) if node is not None else ()


def _service(alias: str, node: Node, context: Context) -> Image:
    known = context.containers.get(string(node)) if is_scalar(node) else node
    return Image(context.text(node), alias, span=context.span(node)) if known is None else _image(known, alias, context)


def _image(node: Node, alias: str, context: Context) -> Image:
    fields = fields_of(node)
    image = fields.get("image")
    known = {"container", "image", "options", "env", "ports"}
    return Image(
        name=context.text(image) if image is not None else "",
        alias=alias,
        env=context.pairs(fields.get("env")),
        ports=strings(fields.get("ports")),
        options=string(fields.get("options")),
        natives=context.natives(fields, known, "container."),
        span=context.span(node),
    )


def _environment(node: Node | None, owner: str, context: Context) -> DeployTarget | None:
    if node is None:
        return None
    if is_scalar(node):
        return DeployTarget(context.text(node), span=context.span(node))
    fields = fields_of(node)
    name = context.text(fields["name"]) if "name" in fields else ""
    return DeployTarget(
        name, natives=context.natives(fields, {"name"}, f"{owner}environment."), span=context.span(node)
    )
