"""Triggers of another system -> GitHub's events. Called by `lower`."""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines import hashed
from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Globs, Parameter, Pipeline, Trigger, TriggerKind

_EVENTS = {
    TriggerKind.PUSH: "push",
    TriggerKind.TAG: "push",
    TriggerKind.PULL_REQUEST: "pull_request",
    TriggerKind.SCHEDULE: "schedule",
    TriggerKind.MANUAL: "workflow_dispatch",
    TriggerKind.API: "repository_dispatch",
    TriggerKind.UPSTREAM: "workflow_run",
    TriggerKind.CALL: "workflow_call",
    TriggerKind.COMMENT: "issue_comment",
    TriggerKind.MERGE_QUEUE: "merge_group",
}
_EVERYTHING = Globs(("**",))
_TYPES = {"string": "string", "boolean": "boolean", "number": "number", "choice": "choice"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?\Z")
_ZONE = re.compile(r"[A-Z][A-Za-z_]+/[A-Za-z_/+-]+|UTC\Z")
_FIELD = re.compile(r"[\d*/,\-A-Za-z]+\Z")


def lower(pipeline: Pipeline, losses: Losses) -> tuple[Trigger, ...]:
    """One trigger per event, and a schedule per time. `pipeline`: each kind once (`starting.joined`)."""
    found: dict[str, Trigger] = {}
    times: list[Trigger] = []
    for one in pipeline.triggers:
        made = _lowered(one, losses)
        if made is None:
            continue
        if made.kind is TriggerKind.SCHEDULE:
            times.append(made)
        else:
            found.setdefault(made.native, made)
    pushes = {one.kind: one for one in pipeline.triggers if one.kind in {TriggerKind.PUSH, TriggerKind.TAG}}
    if pushes:
        found["push"] = _pushes(pushes.get(TriggerKind.PUSH), pushes.get(TriggerKind.TAG), losses)
    if not found and not times:
        known = (
            Trigger(TriggerKind.MANUAL, "workflow_dispatch") if pipeline.triggers else Trigger(TriggerKind.PUSH, "push")
        )
        found[known.native] = known
    if pipeline.parameters and "workflow_dispatch" not in found and "workflow_call" not in found:
        found["workflow_dispatch"] = Trigger(TriggerKind.MANUAL, "workflow_dispatch")
    inputs = tuple(_input(one) for one in pipeline.parameters)
    return (*(_with_inputs(one, inputs) for one in found.values()), *times)


def _pushes(push: Trigger | None, tag: Trigger | None, losses: Losses) -> Trigger:
    """Pushes of branches and of tags are one event. Without a filter it starts for both; files count for branches only."""
    branches = _plain(push.branches, losses, push) if push else Globs()
    tags = _plain(tag.tags, losses, tag) if tag else Globs()
    if push is None:
        return Trigger(
            TriggerKind.TAG, "push", tags=tags if tags != Globs() else _EVERYTHING, span=tag.span if tag else None
        )
    every = branches == Globs() and tag is not None and tags in (Globs(), _EVERYTHING) and push.paths == Globs()
    if not every:
        branches = branches if branches != Globs() else _EVERYTHING
        tags = tags if tag is None or tags != Globs() else _EVERYTHING
    return Trigger(TriggerKind.PUSH, "push", branches, Globs() if every else tags, push.paths, span=push.span)


def _with_inputs(one: Trigger, inputs: tuple[Parameter, ...]) -> Trigger:
    if one.kind not in {TriggerKind.MANUAL, TriggerKind.CALL} or one.inputs:
        return one
    if one.kind is TriggerKind.CALL:
        inputs = tuple(dataclasses.replace(each, type=_called_type(each), options=()) for each in inputs)
    return dataclasses.replace(one, inputs=inputs)


def _called_type(one: Parameter) -> str:
    return "string" if one.type == "choice" else one.type


def _input(one: Parameter) -> Parameter:
    """A type that its options and its default fit."""
    kind = "choice" if one.options else _TYPES.get(one.type, "string")
    unfit = {
        "choice": not one.options,
        "boolean": one.default not in {None, "true", "false"},
        "number": one.default is not None and not _NUMBER.match(one.default),
    }
    return dataclasses.replace(one, type="string" if unfit.get(kind) else kind)


def _lowered(one: Trigger, losses: Losses) -> Trigger | None:
    event = _EVENTS.get(one.kind)
    name = one.native or one.kind.value
    if event is None:
        losses.dropped(f"trigger {name}", "GitHub has no event like it", "", one.span)
        return None
    if one.kind is TriggerKind.SCHEDULE:
        return _schedule(one, losses)
    if event == "push":
        return one if one.native == event else dataclasses.replace(one, native=event)
    inputs = tuple(_input(each) for each in one.inputs)
    made = Trigger(
        one.kind,
        event,
        _plain(one.branches, losses, one),
        _plain(one.tags, losses, one),
        one.paths,
        inputs=inputs,
        span=one.span,
    )
    if one.kind is TriggerKind.UPSTREAM:
        why = "GitHub's `workflow_run` runs with the rights of the default branch, also for forks"
        fix = f"call the workflow from the other one, or add `workflow_run` for {', '.join(one.sources) or 'it'} with care"
        losses.manual("trigger by another pipeline", why, fix, one.span)
        return None
    if one.kind is TriggerKind.API:
        losses.manual(
            f"trigger {name}",
            "GitHub's API starts a run by an event with a type",
            "send `repository_dispatch` events instead",
            one.span,
        )
    if one.kind is TriggerKind.COMMENT:
        losses.approximated(
            f"trigger {name}",
            "GitHub starts for every comment",
            f"test the text in the job's `if`: {one.comment}",
            one.span,
        )
        made = dataclasses.replace(made, types=("created",), branches=Globs(), tags=Globs(), paths=Globs())
    return made


def _schedule(one: Trigger, losses: Losses) -> Trigger | None:
    fields = hashed.fixed(one, losses).split()
    if len(fields) == 5:
        fields[4] = _sundays(fields[4])
    if len(fields) != 5 or not all(_FIELD.match(field) for field in fields):
        losses.dropped(f"cron {one.cron}", "GitHub takes five fields", "write the time by hand", one.span)
        return None
    if one.branches != Globs():
        losses.approximated("branches of a schedule", "GitHub runs schedules on the default branch", "", one.span)
    timezone = one.timezone
    if timezone and not _ZONE.match(timezone):
        why = f"GitHub knows zones by their names in the IANA list, not {timezone}: the times count in UTC"
        losses.approximated(f"time zone of {one.cron}", why, "add `timezone`", one.span)
        timezone = ""
    return Trigger(TriggerKind.SCHEDULE, "schedule", cron=" ".join(fields), timezone=timezone, span=one.span)


def _sundays(field: str) -> str:
    """Sunday is 0 at GitHub, never 7."""
    field = re.sub(r"\b([1-6])-7\b", r"\1-6,0", field)
    return re.sub(r"(?<![\d/])7\b", "0", field)


def _plain(globs: Globs, losses: Losses, one: Trigger) -> Globs:
    """Names and globs; a regular expression among them is lost."""
    patterns = [each for each in (*globs.include, *globs.exclude) if each.startswith("/") and each.count("/") > 1]
    for each in patterns:
        losses.dropped(
            f"branches {each}", "GitHub's filters are globs", "write the filter by hand; it is wider now", one.span
        )
    left = tuple(each for each in globs.exclude if each not in patterns)
    include = () if set(globs.include) & set(patterns) else globs.include
    return Globs(include, left)
