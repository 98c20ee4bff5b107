"""CircleCI's jobs with their executors -> the model's. Called by `workflows` for every use of a job."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

from seaway.formats.pipelines.circleci.steps import read_steps
from seaway.formats.pipelines.circleci.values import Context, Fields, fields_of
from seaway.formats.yaml.tree import integer, is_mapping, is_scalar, sequence
from seaway.model.pipeline import Image, Job, Native, Runner, Variable

Node: TypeAlias = Any

_KNOWN = frozenset(
    {
        "docker", "machine", "macos", "executor", "resource_class", "parallelism", "environment", "working_directory",
        "shell", "steps", "parameters", "description",
    }
)  # fmt: skip


@dataclasses.dataclass(slots=True)
class _Place:
    """Where a job runs: its executor's word first, its own over that."""

    runner: Runner = dataclasses.field(default_factory=Runner)
    images: tuple[Image, ...] = ()
    variables: dict[str, Variable] = dataclasses.field(default_factory=dict)
    cwd: Any = ""
    shell: str = ""
    natives: list[Native] = dataclasses.field(default_factory=list)


def read_job(
    node: Node,
    ident: str,
    context: Context,
    *,
    around: tuple[Node | None, Node | None, Context] | None = None,
    more: dict[str, Any] | None = None,
) -> Job:
    """A job with its parameters put in. `around`: steps that its use adds before and behind, and where those are read; `more`:
    the job's fields that its use gives.
    """
    fields = fields_of(node)
    owner = f"jobs.{ident}."
    place = _Place()
    if "executor" in fields:
        _executor(fields["executor"], place, owner, context)
    _take(fields, place, owner, context)
    steps = tuple(read_steps(fields.get("steps"), context))
    if around is not None:
        before, behind, outer = around
        steps = (*read_steps(before, outer), *steps, *read_steps(behind, outer))
    shards = integer(fields.get("parallelism"))
    known = set(_KNOWN)
    if "parallelism" in fields and shards is None:
        shards = _number(context.plain(fields["parallelism"]))
        if shards is None:
            known.discard("parallelism")
    given = more or {"comment": context.tree.comment(node) if "#" in context.tree.text else ""}
    natives = (*place.natives, *context.natives(fields, known, owner), *given.pop("natives", ()))
    return Job(
        id=ident,
        runner=place.runner,
        container=place.images[0] if place.images else None,
        services=place.images[1:],
        parallel=shards,
        variables=tuple(place.variables.values()),
        steps=steps,
        shell=place.shell,
        cwd=place.cwd,
        natives=natives,
        span=context.span(node),
        **given,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 9 else None


def _executor(node: Node, place: _Place, owner: str, context: Context) -> None:
    """An executor by name, or by name with parameters."""
    node, context = context.followed(node)
    fields = fields_of(node)
    name = context.plain(fields.get("name")) if is_mapping(node) else context.plain(node)
    found = context.library.executor(name, context) if context.library is not None else None
    if found is None:
        place.runner = Runner(group=name, span=context.span(node))
        place.natives += context.natives(fields, {"name"}, f"{owner}executor.")
        return
    definition, inner = found
    scope = context.library.scope(definition, node if is_mapping(node) else None, context)
    executor = fields_of(definition)
    inner = inner.within(scope)
    _take(executor, place, owner, inner)
    place.natives += inner.natives(executor, _KNOWN, owner)


def _take(fields: Fields, place: _Place, owner: str, context: Context) -> None:
    """What a job or an executor says about the place."""
    if "docker" in fields:
        node, inner = context.followed(fields["docker"])
        place.images = tuple(_image(one, inner) for one in sequence(node))
        place.runner = Runner(os="linux", span=context.span(fields["docker"]))
    elif "machine" in fields:
        place.runner = _machine(fields["machine"], place, owner, context)
    elif "macos" in fields:
        inner_fields = fields_of(fields["macos"])
        version = context.text(inner_fields.get("xcode"))
        place.runner = Runner((version,) if version else (), os="macos", span=context.span(fields["macos"]))
        place.natives += context.natives(inner_fields, {"xcode"}, f"{owner}macos.")
    if "resource_class" in fields:
        runner, size = place.runner, context.plain(fields["resource_class"])
        place.runner = Runner(runner.labels, runner.group, runner.os, size, runner.span)
    if "environment" in fields:
        place.variables.update((one.name, one) for one in context.variables(fields["environment"]))
    if "working_directory" in fields:
        place.cwd = context.text(fields["working_directory"])
    if "shell" in fields:
        place.shell = context.plain(fields["shell"])


def _machine(node: Node, place: _Place, owner: str, context: Context) -> Runner:
    """A virtual machine by its image; `true` is a default one, or a machine of one's own by its resource class."""
    if is_scalar(node):
        text = context.plain(node)
        span = context.span(node)
        return Runner(os="linux", span=span) if text == "true" else Runner((text,), span=span)
    fields = fields_of(node)
    image = context.text(fields.get("image"))
    place.natives += context.natives(fields, {"image"}, f"{owner}machine.")
    labels = (image,) if image else ()
    name = image if isinstance(image, str) else ""
    return Runner(labels, os="windows" if "windows" in name else "linux" if image else "", span=context.span(node))


def _image(node: Node, context: Context) -> Image:
    if is_scalar(node):
        return Image(context.text(node), span=context.span(node))
    fields = fields_of(node)
    known = {"image", "name", "entrypoint", "command", "environment"}
    return Image(
        name=context.text(fields.get("image")),
        alias=context.plain(fields.get("name")),
        entrypoint=context.strings(fields["entrypoint"]) if "entrypoint" in fields else None,
        command=context.strings(fields["command"]) if "command" in fields else None,
        env=context.variables(fields.get("environment")),
        natives=context.natives(fields, known, "docker."),
        span=context.span(node),
    )
