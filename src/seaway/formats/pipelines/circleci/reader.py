"""A CircleCI configuration -> the model. Called through the package by everything that reads pipelines.

Commands, executors, parameters and inline orbs stand where they are used. A job that no workflow uses is a template: it
never runs. Which branches and pull requests start a pipeline, contexts and schedules of the project are kept outside of the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, TypeAlias

from seaway.errors import ConfigError, Problem
from seaway.formats.pipelines.circleci.jobs import read_job
from seaway.formats.pipelines.circleci.library import Library, gathered
from seaway.formats.pipelines.circleci.values import Context, Fields, fields_of
from seaway.formats.pipelines.circleci.workflows import read_workflows
from seaway.formats.pipelines.sources import Sources
from seaway.formats.yaml.aliases import check_aliases
from seaway.formats.yaml.tree import Tree, is_mapping, is_scalar, items, read, string, strings
from seaway.model.pipeline import Job, Native, Parameter, Pipeline, System, Trigger, TriggerKind, Unresolved

Node: TypeAlias = Any

_KNOWN = frozenset({"version", "jobs", "workflows", "parameters", "orbs", "commands", "executors"})
_TYPES = {"enum": "choice", "integer": "number"}


def parse(text: str, path: str, sources: Sources | None = None) -> Pipeline:
    """The pipeline of a configuration. `sources`: folders in which orbs lie. Raises ConfigError."""
    tree = read(text, path)
    root = tree.documents[0] if tree.documents else None
    if root is None or not is_mapping(root):
        raise ConfigError([Problem(path, 1, 1, "this is no CircleCI configuration: it is a mapping with `jobs`")])
    check_aliases(tree)
    fields = fields_of(root)
    if not fields.keys() & {"jobs", "workflows", "commands", "executors", "orbs"}:
        raise tree.problem(root, "this is no CircleCI configuration: it has neither jobs nor workflows")
    unresolved: dict[str, Unresolved] = {}
    context = Context(tree, {}, gathered(tree, root, sources, unresolved), unresolved=unresolved)
    return _pipeline(root, fields, context)


def _pipeline(root: Node, fields: Fields, context: Context) -> Pipeline:
    found = read_workflows(fields.get("workflows"), context)
    if not found.jobs and "build" in context.library.jobs:
        found.jobs.append(read_job(context.library.jobs["build"], "build", context))
        found.used.add("build")
        if not found.triggers:
            found.triggers.append(Trigger(TriggerKind.PUSH, "project"))
    templates = [
        _template(name, node, context) for name, node in context.library.jobs.items() if name not in found.used
    ]
    return Pipeline(
        system=System.CIRCLECI,
        path=context.tree.path,
        name=found.name,
        triggers=tuple(found.triggers),
        parameters=tuple(_parameter(name, node, context) for name, _, node in items(fields.get("parameters"))),
        stages=found.stages,
        jobs=(*found.jobs, *templates),
        natives=(
            *_version(fields, context),
            *found.natives,
            *_unused(fields, context),
            *context.natives(fields, _KNOWN, ""),
        ),
        unresolved=tuple(context.unresolved.values()),
        comment=_head(context.tree),
        span=context.span(root),
    )


def _version(fields: Fields, context: Context) -> tuple[Native, ...]:
    """Only a version that is not the one we write is worth keeping."""
    node = fields.get("version")
    return (context.native("version", node),) if node is not None and string(node) != "2.1" else ()


def _unused(fields: Fields, context: Context) -> list[Native]:
    """Orbs that are kept elsewhere, by their aliases, and what nothing uses; other definitions stand where they are used."""
    found = [
        context.native(f"orbs.{alias}", node)
        for alias, _, node in items(fields.get("orbs"))
        if is_scalar(node)
    ]  # fmt: skip
    known = {one.key for one in found}
    found += [Native(key, text) for key, text in _inner(context.library) if key not in known]
    for kind in ("commands", "executors"):
        for name, node in fields_of(fields.get(kind)).items():
            if f"{kind}.{name}" not in context.library.used:
                found.append(context.native(f"{kind}.{name}", node))
    return found


def _inner(library: Library) -> Iterator[tuple[str, str]]:
    """Orbs of the registry that inline orbs build on."""
    for orb in library.orbs.values():
        yield from ((f"orbs.{alias}", reference) for alias, reference in orb.foreign.items())
        yield from _inner(orb)


def _template(name: str, node: Node, context: Context) -> Job:
    """A job that no workflow uses, its parameters as names."""
    found = read_job(node, name, context.within(None))
    declared = fields_of(node).get("parameters")
    kept = (context.native(f"jobs.{name}.parameters", declared),) if declared is not None else ()
    return dataclasses.replace(found, template=True, natives=(*found.natives, *kept))


def _parameter(name: str, node: Node, context: Context) -> Parameter:
    fields = fields_of(node)
    kind = string(fields.get("type"), "string")
    default = fields.get("default")
    return Parameter(
        name,
        _TYPES.get(kind, kind),
        None if default is None else string(default, ""),
        string(fields.get("description")),
        options=strings(fields.get("enum")),
        span=context.span(node),
    )


def _head(tree: Tree) -> str:
    """The comment at the top of the file."""
    found = []
    for line in tree.text.splitlines():
        if not line.startswith("#"):
            break
        found.append(line[1:].removeprefix(" "))
    return "\n".join(found)
