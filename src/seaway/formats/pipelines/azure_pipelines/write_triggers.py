"""Triggers and parameters -> `trigger`, `pr`, `schedules`, `parameters`. Called by the writer.

What the file does not say, Azure takes as "every push and every pull request": so their absence is said.
"""

from __future__ import annotations

from typing import Any

from seaway.formats.pipelines.azure_pipelines.words import Words, put_back
from seaway.formats.yaml.as_written import kept_data
from seaway.formats.yaml.emit import Flow, Raw
from seaway.model.pipeline import Globs, Parameter, Pipeline, Trigger, TriggerKind


def triggers(words: Words, pipeline: Pipeline) -> dict[str, Any]:
    """All of them."""
    found: dict[str, Any] = {}
    by_kind = {one.kind: one for one in pipeline.triggers}
    natives = {one.key.split(".")[0] for one in pipeline.natives if "." in one.key}
    if pipeline.jobs or pipeline.triggers:
        found |= _filtered("trigger", by_kind.get(TriggerKind.PUSH), kept="trigger" in natives)
        found |= _filtered("pr", by_kind.get(TriggerKind.PULL_REQUEST), kept="pr" in natives)
    schedules = [one for one in pipeline.triggers if one.kind is TriggerKind.SCHEDULE]
    if schedules:
        found["schedules"] = [_schedule(words, index, one, pipeline) for index, one in enumerate(schedules)]
    upstream = [one for one in pipeline.triggers if one.kind is TriggerKind.UPSTREAM and one.native != "pipelines"]
    if upstream:
        entries = [
            {"pipeline": f"upstream{index}", "source": source, "trigger": Raw("true")}
            for index, source in enumerate((source for one in upstream for source in one.sources), start=1)
        ]
        found["resources"] = {"pipelines": entries}
    return found


def _filtered(key: str, trigger: Trigger | None, *, kept: bool) -> dict[str, Any]:
    if trigger is None:
        return {} if kept else {key: "none"}
    named = [("branches", trigger.branches), ("tags", trigger.tags), ("paths", trigger.paths)]
    filters = {name: _globs(globs) for name, globs in named if globs != Globs()}
    if set(filters) == {"branches"} and not trigger.branches.exclude and not kept:
        return {key: Flow(list(trigger.branches.include))}
    return {key: filters} if filters else {}


def _globs(globs: Globs) -> dict[str, Any]:
    found = {}
    if globs.include:
        found["include"] = Flow(list(globs.include))
    if globs.exclude:
        found["exclude"] = Flow(list(globs.exclude))
    return found


def _schedule(words: Words, index: int, trigger: Trigger, pipeline: Pipeline) -> dict[str, Any]:
    found: dict[str, Any] = {"cron": trigger.cron}
    if not words.own and sum(one.kind is TriggerKind.SCHEDULE for one in pipeline.triggers) > 1:
        found["displayName"] = trigger.cron  # by which conditions tell them apart
    if trigger.branches != Globs():
        found["branches"] = _globs(trigger.branches)
    elif not words.own:
        found["branches"] = {"include": Flow(["main"])}
        words.losses.manual("schedule", "Azure asks which branches it builds", "check that main is it", trigger.span)
    if not words.own:
        found["always"] = True
    prefix = f"schedules.{index}."
    put_back(found, tuple(one for one in pipeline.natives if one.key.startswith(prefix)), prefix)
    return found


_TYPES = {"choice": "string", "environment": "string"}


def parameters(pipeline: Pipeline) -> dict[str, Any]:
    """`parameters:`."""
    return {"parameters": [_parameter(one, pipeline) for one in pipeline.parameters]} if pipeline.parameters else {}


def _parameter(parameter: Parameter, pipeline: Pipeline) -> dict[str, Any]:
    kind = _TYPES.get(parameter.type, parameter.type)
    found: dict[str, Any] = {"name": parameter.name}
    if parameter.description:
        found["displayName"] = parameter.description
    found["type"] = kind
    if parameter.default is not None:
        found["default"] = kept_data(parameter.default) if kind != "string" and parameter.default else parameter.default
    if parameter.options:
        found["values"] = list(parameter.options)
    prefix = f"parameters.{parameter.name}."
    put_back(found, tuple(one for one in pipeline.natives if one.key.startswith(prefix)), prefix)
    return found
