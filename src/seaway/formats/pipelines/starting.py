"""What starts a pipeline, in one shape for all writers: pushes of branches, tags, pull requests and the rest, each once.

Systems differ in what an unfiltered push means (GitHub starts for tags, too), in whether several triggers of one kind can stand
side by side, and in whether a trigger starts all jobs. Called by the writers, for pipelines of other systems.
"""

from __future__ import annotations

import dataclasses
import re

from seaway.formats.pipelines.given import with_values
from seaway.formats.pipelines.losses import Losses
from seaway.formats.pipelines.simple import mapped, simplified
from seaway.model.expression import (
    Binary,
    Call,
    Condition,
    Expr,
    Literal,
    Ref,
    Unary,
    both,
    either,
    negated,
    refs,
    walk,
)
from seaway.model.pipeline import Globs, Job, Pipeline, Rule, System, Trigger, TriggerKind

KIND, BRANCH, _TAG = Ref("event", ("kind",)), Ref("git", ("branch",)), Ref("git", ("tag",))
_DEFAULT = Ref("git", ("default_branch",))
_GLOB = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
_EVERYTHING = frozenset({"*", "**"})
_ONE_EACH = frozenset({TriggerKind.PUSH, TriggerKind.TAG, TriggerKind.PULL_REQUEST})


def separated(pipeline: Pipeline) -> Pipeline:
    """The pipeline whose pushes are those of branches; what a push says about tags is a trigger of its own."""
    if not pipeline.triggers and pipeline.system is System.TEAMCITY:
        return dataclasses.replace(pipeline, triggers=(Trigger(TriggerKind.MANUAL, "manual"),), index={})
    found: list[Trigger] = []
    for one in pipeline.triggers:
        if one.kind is not TriggerKind.PUSH:
            found.append(one)
            continue
        unfiltered = one.branches == one.tags == Globs()
        if one.branches != Globs() or one.tags == Globs() or pipeline.system is System.AZURE_PIPELINES:
            found.append(dataclasses.replace(one, tags=Globs()))
        if one.tags != Globs() or (unfiltered and pipeline.system is System.GITHUB_ACTIONS):
            # No system looks at the changed files of a tag.
            found.append(dataclasses.replace(one, kind=TriggerKind.TAG, branches=Globs(), paths=Globs()))
    return dataclasses.replace(pipeline, triggers=tuple(found), index={})


def joined(pipeline: Pipeline, losses: Losses, system: str) -> Pipeline:
    """`separated`, with at most one trigger for pushes, one for tags, one for pull requests: whatever one of them let start.

    `system`: the name of the one that is written, for the loss where that lets more start than before.
    """
    found: dict[object, Trigger] = {}
    for at, one in enumerate(separated(pipeline).triggers):
        key: object = one.kind if one.kind in _ONE_EACH else at
        if key not in found:
            found[key] = one
            continue
        first = found[key]
        if sum(getattr(first, name) != getattr(one, name) for name in ("branches", "tags", "paths")) > 1:
            why = f"{system} has one list of branches and one of paths for all of them: more starts than before"
            losses.approximated(f"several triggers {one.native or one.kind.value}", why, "", one.span or first.span)
        found[key] = dataclasses.replace(
            first,
            branches=_united(first.branches, one.branches),
            tags=_united(first.tags, one.tags),
            paths=_united(first.paths, one.paths),
            types=tuple(dict.fromkeys(first.types + one.types)) if first.types and one.types else (),
            inputs=first.inputs or one.inputs,
            jobs=tuple(dict.fromkeys(first.jobs + one.jobs)) if first.jobs and one.jobs else (),
        )
    return dataclasses.replace(pipeline, triggers=tuple(found.values()), index={})


def _united(first: Globs, second: Globs) -> Globs:
    """What either lets through."""
    if not first.include and not second.include:
        return Globs((), tuple(one for one in first.exclude if one in second.exclude))
    if first.include and second.include:
        include = tuple(dict.fromkeys(first.include + second.include))
        return Globs(include, tuple(one for one in first.exclude if one in second.exclude))
    every, some = (second, first) if first.include else (first, second)
    return Globs((), tuple(one for one in every.exclude if one not in some.include))


def asked(pipeline: Pipeline) -> Pipeline:
    """The pipeline in which each job asks whether what started the run starts this job, where a trigger starts only some."""
    if not any(one.jobs for one in pipeline.triggers):
        return pipeline
    needs = {job.id: {need.job for need in job.needs or ()} for job in pipeline.jobs}
    starts = [(one, _reached(one.jobs, needs)) for one in pipeline.triggers]
    jobs = tuple(job if job.template else _asking(job, starts) for job in pipeline.jobs)
    return dataclasses.replace(pipeline, jobs=jobs, index={})


def by_rules(pipeline: Pipeline, losses: Losses, system: str, *, knows_default: bool = False) -> Pipeline:
    """The pipeline in which each job that waits for nobody asks what decides whether there is a run at all (GitLab).

    For a system that does not know the name of the default branch, it is taken to be `main`, and told.
    """
    named_so = not knows_default and any(
        ref == _DEFAULT for ref in refs((pipeline.jobs, pipeline.rules, pipeline.stages))
    )
    whole = asked_by_rules(pipeline.rules)
    if named_so:
        why = f"{system} does not know which branch is the default one: it is `main` here"
        losses.manual("default branch", why, "write its name where it is another one", pipeline.span)
        pipeline = with_values(pipeline, {_DEFAULT: "main"})
        whole = whole and simplified(mapped(whole, lambda one: Literal("main") if one == _DEFAULT else None))
    if whole is None:
        return pipeline
    jobs = tuple(job if job.template or not _begins(job) else _under(job, whole) for job in pipeline.jobs)
    return dataclasses.replace(pipeline, jobs=jobs, index={})


def _begins(job: Job) -> bool:
    """Nothing that was left out before it keeps it from running."""
    asks = set(walk(job.condition.expr)) if job.condition else set()
    return not job.needs or bool(asks & {Call("always"), Call("failure")})


def _under(job: Job, whole: Expr) -> Job:
    expr = both(whole, job.condition.expr if job.condition else None)
    assert expr is not None  # noqa: S101 - `whole` is not
    text = job.condition.text if job.condition else ""
    return dataclasses.replace(job, condition=Condition(expr, text=text, span=job.span))


def asked_by_rules(rules: tuple[Rule, ...]) -> Expr | None:
    """When a run is made at all, where triggers cannot say it: the first rule that fits counts."""
    found: Expr = Literal(value=False)
    for rule in reversed(rules):
        expr = rule.condition.expr if rule.condition else Literal(value=True)
        found = Binary("&&", negated(expr), found) if rule.when == "never" else either(expr, found)
    found = simplified(found)
    if not rules or isinstance(found, Literal) or all(_is_trigger(one) for one in _alternatives(found)):
        return None
    return found


def _alternatives(expr: Expr) -> list[Expr]:
    if isinstance(expr, Binary) and expr.op == "||":
        return _alternatives(expr.left) + _alternatives(expr.right)
    return [expr]


def _is_trigger(expr: Expr) -> bool:
    """An event, a branch or a tag: triggers say it."""
    return (
        isinstance(expr, Binary)
        and isinstance(expr.right, Literal)
        and ((expr.op == "==" and expr.left in (KIND, BRANCH, _TAG)) or expr == Binary("!=", _TAG, Literal("")))
    )


def _reached(jobs: tuple[str, ...], needs: dict[str, set[str]]) -> set[str]:
    """The jobs with all that they need; of none named: all."""
    if not jobs:
        return set(needs)
    found: set[str] = set()
    left = list(jobs)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += needs.get(name, ())
    return found


def _asking(job: Job, starts: list[tuple[Trigger, set[str]]]) -> Job:
    kinds = {trigger.kind for trigger, _ in starts}
    own: dict[TriggerKind, list[Globs]] = {}
    for trigger, jobs in starts:
        if job.id in jobs:
            own.setdefault(trigger.kind, []).append(trigger.branches)
    if not own:
        return dataclasses.replace(job, manual=True)
    names = {
        kind: _names(mine) if {one.branches for one, _ in starts if one.kind is kind} - set(mine) else None
        for kind, mine in own.items()
    }
    if set(own) == kinds and not any(names.values()):
        return job
    whole: Expr | None = None
    for kind, name in names.items():
        is_kind = Binary("==", KIND, Literal(kind.value)) if len(kinds) > 1 else None
        expr = both(is_kind, name)
        whole = expr if whole is None or expr is None else either(whole, expr)
    expr = both(whole, job.condition.expr if job.condition else None)
    if expr is None:
        return job
    text = job.condition.text if job.condition else ""
    return dataclasses.replace(
        job, condition=Condition(expr, text=text, span=job.condition.span if job.condition else None)
    )


def _names(several: list[Globs]) -> Expr | None:
    """The branches of one of them; None: every branch."""
    found: Expr | None = None
    for globs in several:
        one = named(globs, BRANCH)
        if one is None:
            return None
        found = one if found is None else either(found, one)
    return found


def named(globs: Globs, ref: Ref) -> Expr | None:
    """Patterns of names as a condition; None: every name."""
    no = _any(globs.exclude, ref)
    yes = None if _EVERYTHING & set(globs.include) else _any(globs.include, ref)
    return both(yes, Unary("!", no) if no is not None else None)


def _any(names: tuple[str, ...], ref: Ref) -> Expr | None:
    found: Expr | None = None
    for name in names:
        one = _one(name, ref)
        found = one if found is None else either(found, one)
    return found


def _one(name: str, ref: Ref) -> Expr:
    if not set(name) & set("*?["):
        return Binary("==", ref, Literal(name.removeprefix("refs/heads/").removeprefix("refs/tags/")))
    pattern = "".join(_GLOB.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?|\[[^\]]*\])", name))
    return Call("matches", (ref, Literal(f"^{pattern}$")))


def nothing(pipeline: Pipeline, losses: Losses) -> bool:
    """No job of it ever runs; told, with the names of those that stand in the file."""
    if any(not job.template for job in pipeline.jobs):
        return False
    idle = ", ".join(job.id for job in pipeline.jobs[:5])
    why = f"no workflow or rule lets one of them run ({idle})" if idle else "no job was found in it"
    fix = "say what runs, or name what it includes by --library"
    losses.dropped("jobs", why, fix, pipeline.span)
    return True


__all__ = ["asked", "asked_by_rules", "by_rules", "joined", "named", "nothing", "separated"]
