"""What starts which jobs of a CircleCI file, as conditions of stages and jobs. Called by `workflows` and, backwards, by the writer.

A workflow with `triggers` is started by the clock alone, and the others by everything else. A job without a filter of tags runs
for no tag. Other systems have one list of triggers for all jobs, so each job has to ask.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from seaway.formats.pipelines.circleci.logic import BRANCH, NO_TAG, TAG
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Unary, both, either, walk
from seaway.model.pipeline import Job, Stage, Trigger, TriggerKind

KIND = Ref("event", ("kind",))
CRON = Ref("event", ("cron",))
SCHEDULED = Binary("==", KIND, Literal("schedule"))
NOT_SCHEDULED = Binary("!=", KIND, Literal("schedule"))


def by_the_clock(stages: tuple[Stage, ...], triggers: Iterable[Trigger]) -> tuple[Stage, ...]:
    """The stages, each with the question whether the clock has started the run, and which of several times."""
    times: dict[str, list[str]] = {}
    for one in triggers:
        if one.kind is TriggerKind.SCHEDULE:
            times.setdefault(one.native, []).append(one.cron)
    if not times:
        return stages
    several = len({frozenset(crons) for crons in times.values()}) > 1
    return tuple(_asking(stage, _question(times.get(stage.name, []), several=several)) for stage in stages)


def _question(crons: list[str], *, several: bool) -> Expr:
    if not crons:
        return NOT_SCHEDULED
    asked: Expr | None = None
    for cron in dict.fromkeys(crons) if several else ():
        one = Binary("==", CRON, Literal(cron))
        asked = one if asked is None else either(asked, one)
    return SCHEDULED if asked is None else Binary("&&", SCHEDULED, asked)


def _asking(stage: Stage, question: Expr) -> Stage:
    whole = both(question, stage.condition.expr if stage.condition is not None else None)
    assert whole is not None  # noqa: S101 - the question is not
    return dataclasses.replace(stage, condition=Condition(whole, Phase.COMPILE))


def without_clock(expr: Expr | None) -> Expr | None:
    """The condition as the file has it: `triggers` say the rest."""
    while isinstance(expr, Binary) and expr.op == "&&" and _is_of_clock(expr.left):
        expr = expr.right
    return None if expr is None or _is_of_clock(expr) else expr


def _is_of_clock(expr: Expr) -> bool:
    asked = {one for one in walk(expr) if isinstance(one, Ref)}
    return bool(asked) and asked <= {KIND, CRON}


def asks_for_tags(jobs: Iterable[Job]) -> bool:
    """One of them runs for tags."""
    return any(
        one == TAG for job in jobs if job.condition for one in walk(without_tags(job.condition.expr) or Literal(None))
    )


def by_tags(jobs: list[Job], triggers: Iterable[Trigger]) -> list[Job]:
    """The jobs of a file in which one asks for tags: each other one that a push starts asks whether there is none."""
    clock = {one.native for one in triggers if one.kind is TriggerKind.SCHEDULE}
    return [job if job.stage in clock else _for_branches(job) for job in jobs]


def _for_branches(job: Job) -> Job:
    expr = job.condition.expr if job.condition is not None else None
    inner = list(walk(expr)) if expr is not None else []
    narrows = any((isinstance(one, Unary) and one.op == "!") or getattr(one, "op", "") == "!=" for one in inner)
    if TAG in inner or (inner and not narrows):
        return job  # it says itself what it thinks of tags, or names branches, of which a tag is none
    whole = both(NO_TAG, expr)
    assert whole is not None  # noqa: S101 - NO_TAG is not
    return dataclasses.replace(job, condition=Condition(whole, Phase.COMPILE))


def without_tags(expr: Expr | None) -> Expr | None:
    """The condition without the question for no tag: it goes without saying."""
    if isinstance(expr, Binary) and expr.op == "&&" and expr.left == NO_TAG:
        return expr.right
    return None if expr == NO_TAG else expr


def started_already(own: Expr, whole: Expr | None) -> bool:
    """All that a job's own filter lets run, the pipeline's filter starts: the job needs no other one."""
    if whole is None:
        return True
    if own == Binary("!=", BRANCH, Literal("")):
        return _alternatives(whole)[0] == NO_TAG
    if own == Binary("!=", TAG, Literal("")):
        return own in _alternatives(whole)
    named = [
        one for one in _alternatives(own) if isinstance(one, Binary) and one.op == "==" and one.left in (BRANCH, TAG)
    ]
    if len(named) < len(_alternatives(own)):
        return own == whole
    return all(_holds(whole, {one.left: str(getattr(one.right, "value", ""))}) for one in named)


def _alternatives(expr: Expr) -> list[Expr]:
    if isinstance(expr, Binary) and expr.op == "||":
        return [*_alternatives(expr.left), *_alternatives(expr.right)]
    return [expr]


def _holds(expr: Expr, names: dict[Expr, str]) -> bool:
    """A filter's expression for one branch or tag; the pattern is one that this package made of a glob."""
    if isinstance(expr, Unary):
        return not _holds(expr.operand, names)
    if isinstance(expr, Binary) and expr.op in {"&&", "||"}:
        sides = (_holds(expr.left, names), _holds(expr.right, names))
        return all(sides) if expr.op == "&&" else any(sides)
    if isinstance(expr, Binary) and isinstance(expr.right, Literal):
        return (names.get(expr.left, "") == expr.right.value) is (expr.op == "==")
    if isinstance(expr, Call) and len(expr.args) == 2 and isinstance(expr.args[1], Literal):
        return re.match(str(expr.args[1].value), names.get(expr.args[0], "")) is not None
    return False


__all__ = [
    "NOT_SCHEDULED",
    "SCHEDULED",
    "asks_for_tags",
    "by_tags",
    "by_the_clock",
    "started_already",
    "without_clock",
    "without_tags",
]
