"""What starts an Azure pipeline: `trigger`, `pr`, `schedules` and resources. Called by `reader`."""

from __future__ import annotations

from typing import Any, TypeAlias

from seaway.formats.pipelines.azure_pipelines.context import Context, Fields, fields_of
from seaway.formats.yaml.tree import get, is_mapping, is_scalar, is_sequence, sequence, string, strings
from seaway.model.pipeline import Globs, Native, Trigger, TriggerKind

Node: TypeAlias = Any


_ALL = Globs()


def read_triggers(fields: Fields, context: Context) -> tuple[Trigger, ...]:
    """All of them. What a file does not say about pushes and pull requests is: every one of them."""
    found = []
    for key, kind in (("trigger", TriggerKind.PUSH), ("pr", TriggerKind.PULL_REQUEST)):
        node = fields.get(key)
        if node is None and not _is_template(fields):
            found.append(Trigger(kind, key))
        elif node is not None and not (is_scalar(node) and string(node).lower() in {"none", ""}):
            found.append(_filtered(kind, key, node, context))
    for item in sequence(fields.get("schedules")):
        own = fields_of(item)
        branches = own.get("branches")
        found.append(
            Trigger(TriggerKind.SCHEDULE, "schedules", _globs(branches), cron=string(own.get("cron")), span=context.span(item))
        )  # fmt: skip
    for item in sequence(get(fields.get("resources"), "pipelines")):
        own = fields_of(item)
        if "trigger" in own and string(own["trigger"]).lower() != "none":
            source = string(own.get("source")) or string(own.get("pipeline"))
            branches = _globs(get(own["trigger"], "branches"))
            found.append(
                Trigger(TriggerKind.UPSTREAM, "pipelines", branches, sources=(source,), span=context.span(item))
            )
    return tuple(found)


def _is_template(fields: Fields) -> bool:
    """A file with untyped parameters serves others and is never started by itself."""
    return is_mapping(fields.get("parameters")) or not (fields.keys() & {"stages", "jobs", "steps", "extends"})


def _filtered(kind: TriggerKind, key: str, node: Node, context: Context) -> Trigger:
    if not is_mapping(node):
        return Trigger(kind, key, Globs(strings(node)), span=context.span(node))
    return Trigger(
        kind,
        key,
        _globs(get(node, "branches")),
        _globs(get(node, "tags")),
        _globs(get(node, "paths")),
        span=context.span(node),
    )


def _globs(node: Node | None) -> Globs:
    if node is None:
        return _ALL
    if is_sequence(node):
        return Globs(strings(node))
    return Globs(strings(get(node, "include")), strings(get(node, "exclude")))


def trigger_natives(fields: Fields, context: Context) -> tuple[Native, ...]:
    """Fields of triggers that the noun does not hold."""
    found: list[Native] = []
    for key in ("trigger", "pr"):
        found += context.natives(fields_of(fields.get(key)), {"branches", "tags", "paths"}, f"{key}.")
    for index, item in enumerate(sequence(fields.get("schedules"))):
        found += context.natives(fields_of(item), {"cron", "branches"}, f"schedules.{index}.")
    return tuple(found)
