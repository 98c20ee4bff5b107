"""What starts a pipeline of another system -> triggers of the builds at the end of its chain. Called by `lower`."""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.teamcity.lower_steps import Scope
from seaway.model.pipeline import Globs, Job, Pipeline, Trigger, TriggerKind

_SILENT = frozenset({TriggerKind.MANUAL, TriggerKind.API})  # a person or the API can start every build


def lower(pipeline: Pipeline, jobs: tuple[Job, ...], scope: Scope) -> tuple[Trigger, ...]:
    """A trigger at the end of a chain brings all that its build needs."""
    needed = {need.job for job in jobs for need in job.needs or ()}
    ends = tuple(job.id for job in jobs if job.id not in needed)
    found: dict[Trigger, None] = {}
    for trigger in pipeline.triggers:
        made = _one(trigger, scope)
        if made is not None and ends:
            own = tuple(name for name in ends if name in {scope.ids.get(one) for one in trigger.jobs}) or ends
            found[dataclasses.replace(made, jobs=own, span=None, comment="")] = None
    return tuple(found)


def _one(trigger: Trigger, scope: Scope) -> Trigger | None:
    losses, what = scope.losses, f"trigger {trigger.native or trigger.kind.value}"
    if trigger.kind is TriggerKind.PUSH:
        if trigger.tags != Globs():
            losses.manual(
                f"{what}: tags",
                "the VCS root decides whether tags are branches",
                "set `useTagsAsBranches` of the VCS root",
                trigger.span,
            )
        return Trigger(TriggerKind.PUSH, "vcs", trigger.branches, paths=trigger.paths)
    if trigger.kind is TriggerKind.TAG:
        losses.manual(
            what,
            "the VCS root decides whether tags are branches",
            "set `useTagsAsBranches` of the VCS root",
            trigger.span,
        )
        return Trigger(TriggerKind.PUSH, "vcs", trigger.tags, paths=trigger.paths)
    if trigger.kind is TriggerKind.SCHEDULE:
        if "H" in trigger.cron or len(trigger.cron.split()) != 5:
            losses.dropped(
                f"{what} {trigger.cron}", "TeamCity needs fixed times", "write a `schedulingPolicy`", trigger.span
            )
            return None
        return Trigger(TriggerKind.SCHEDULE, "schedule", trigger.branches, cron=trigger.cron, timezone=trigger.timezone)
    if trigger.kind is TriggerKind.PULL_REQUEST:
        losses.manual(
            what,
            "pull requests are branches by the feature `pullRequests`",
            "add it with the connection to your host",
            trigger.span,
        )
    elif trigger.kind not in _SILENT:
        losses.dropped(what, "TeamCity has no such trigger", "", trigger.span)
    return None
