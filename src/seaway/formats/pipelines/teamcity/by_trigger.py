"""Which trigger starts which builds, where conditions of jobs ask what started the run. Called by `lower`.

TeamCity's conditions cannot ask that; its triggers belong to builds, so a job for a schedule has that schedule alone.
"""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.simple import mapped, simplified
from seaway.formats.pipelines.starting import KIND
from seaway.model.expression import Binary, Expr, Literal, Ref
from seaway.model.pipeline import Job, Trigger, TriggerKind

_CRON, _NO = Ref("event", ("cron",)), Literal(value=False)
_REPOSITORY = frozenset({TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.PULL_REQUEST})  # one trigger in TeamCity, `vcs`


def by_trigger(jobs: list[Job], triggers: tuple[Trigger, ...]) -> tuple[list[Job], tuple[Trigger, ...]]:
    """Jobs that ask only for the rest, and triggers that name the ends of the chains that they start."""
    needs = {job.id: {need.job for need in job.needs or ()} & {one.id for one in jobs} for job in jobs}
    ends = [job for job in jobs if not any(job.id in others for others in needs.values())]
    starts = [(one, [job.id for job in _named(one, ends) if _left(job, one) != _NO]) for one in triggers]
    if all(len(names) == len(ends) for _, names in starts):
        return jobs, triggers
    reached = [(one, _with_needs(names, needs)) for one, names in starts]
    made = [_asking(job, reached) for job in jobs]
    return made, tuple(dataclasses.replace(one, jobs=tuple(names)) for one, names in starts if names)


def _named(trigger: Trigger, ends: list[Job]) -> list[Job]:
    return [job for job in ends if job.id in trigger.jobs] or ends


def _with_needs(names: list[str], needs: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += needs[name]
    return found


def _asking(job: Job, reached: list[tuple[Trigger, set[str]]]) -> Job:
    """What is left of its condition whichever trigger brings it; all of it where that differs."""
    rests = [_left(job, one) for one, names in reached if job.id in names]
    if job.condition is None or not rests or any(one != rests[0] for one in rests) or rests[0] == _NO:
        return job
    rest = rests[0]
    if rest is None or rest == Literal(value=True):
        return dataclasses.replace(job, condition=None)
    return dataclasses.replace(job, condition=dataclasses.replace(job.condition, expr=rest))


def _left(job: Job, trigger: Trigger) -> Expr | None:
    """The job's condition in a run of this trigger."""

    def known(one: Expr) -> Expr | None:
        if not isinstance(one, Binary) or one.op not in {"==", "!="} or not isinstance(one.right, Literal):
            return None
        same: bool | None = None
        if one.left == KIND:
            same = one.right.value == trigger.kind.value
            if trigger.kind in _REPOSITORY and one.right.value in {kind.value for kind in _REPOSITORY}:
                same = None
        elif one.left == _CRON and trigger.kind is TriggerKind.SCHEDULE:
            same = one.right.value == trigger.cron
        elif one.left == _CRON:
            same = False
        return None if same is None else Literal(same == (one.op == "=="))

    return simplified(mapped(job.condition.expr, known)) if job.condition is not None else None


__all__ = ["by_trigger"]
