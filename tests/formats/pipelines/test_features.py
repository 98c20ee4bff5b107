"""Whatever a job or pipeline says beside its scripts is written for the other system, or told at its place.

For every case of every system and every writer: names, paths, images, times, people, conditions. The control forgets a feature.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from formats.pipelines.test_conversions import CASES, WRITTEN, Case, converted
from seaway import registry
from seaway.model import expression as trees
from seaway.model.expression import Text
from seaway.model.loss import LossKind, Written
from seaway.model.pipeline import Approval, Artifact, Cache, Job, Pipeline, Step, TriggerKind, steps
from seaway.model.span import Span

pytestmark = pytest.mark.broad


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that the source says: `token` is found in the result where it was carried over ("" = see `kind`)."""

    kind: str
    token: str
    span: Span | None
    of: str


def path_of(text: Text) -> str:
    """Without what writers change: the home folder in front, and patterns."""
    return plain(text).removeprefix("~").strip("/*.")


def plain(text: Text) -> str:
    """The longest literal part."""
    return max((part for part in trees.parts(text) if isinstance(part, str)), key=len, default="").strip()


def of_job(job: Job) -> Iterator[Feature]:
    span = job.span
    for one in (job.container, *job.services):
        if one is not None and plain(one.name):
            yield Feature("image", plain(one.name).split("@")[0], one.span or span, job.id)
    for variable in job.variables:
        yield Feature("variable", variable.name, variable.span or span, job.id)
    if job.matrix is not None and not job.matrix.computed:
        for axis in job.matrix.axes:
            for value in axis.values:
                if plain(value).startswith(("{", "[")):  # data, which another writer spells in its own way
                    continue
                yield Feature("matrix", plain(value), job.matrix.span or span, job.id)
    if job.environment is not None:
        yield Feature("environment", plain(job.environment.name), job.environment.span or span, job.id)
    for path in (
        *(one for cache in job.caches for one in cache.paths),
        *(one for art in job.artifacts for one in art.paths),
    ):
        yield Feature("path", path_of(path), span, job.id)
    if job.timeout is not None:
        yield Feature("timeout", "", span, job.id)
    if job.retry is not None and job.retry.attempts:
        yield Feature("retry", "", job.retry.span or span, job.id)
    if job.approval is not None or job.manual:
        yield Feature("approval", "", span, job.id)
    if job.concurrency is not None:
        yield Feature("concurrency", plain(job.concurrency.group), job.concurrency.span or span, job.id)
    if job.permissions is not None:
        yield Feature("permissions", "", job.permissions.span or span, job.id)


def of_step(job: Job | None, step: Step) -> Iterator[Feature]:
    of = job.id if job else ""
    span = step.span or (job.span if job else None)
    for variable in step.env:
        yield Feature("variable", variable.name, variable.span or span, of)
    if step.timeout is not None or step.idle_timeout is not None:
        yield Feature("timeout", "", span, of)
    if step.retry is not None:
        yield Feature("retry", "", span, of)
    work = step.work
    if isinstance(work, (Cache, Artifact)):
        for path in work.paths:
            yield Feature("path", path_of(path), span, of)
        for _, report in getattr(work, "reports", ()):
            yield Feature("path", report.strip("/*."), span, of)
    if isinstance(work, Approval):
        yield Feature("approval", "", span, of)


def features(pipeline: Pipeline) -> Iterator[Feature]:
    span = pipeline.span
    for variable in pipeline.variables:
        yield Feature("variable", variable.name, variable.span or span, "")
    for parameter in pipeline.parameters:
        yield Feature("parameter", parameter.name, parameter.span or span, "")
    for trigger in pipeline.triggers:
        if trigger.cron and trigger.kind is TriggerKind.SCHEDULE:
            yield Feature("schedule", "", trigger.span or span, "")
        for name in (*trigger.branches.include, *trigger.paths.include):
            yield Feature("trigger", name.strip("/*"), trigger.span or span, "")
    if pipeline.timeout is not None:
        yield Feature("timeout", "", span, "")
    if pipeline.concurrency is not None:
        yield Feature("concurrency", plain(pipeline.concurrency.group), pipeline.concurrency.span or span, "")
    used = {job.stage for job in pipeline.jobs}
    for stage in pipeline.stages:
        for variable in stage.variables if stage.name in used else ():
            yield Feature("variable", variable.name, variable.span or stage.span, stage.name)
    for job in pipeline.jobs:
        if not job.template:
            yield from of_job(job)
    for job, step in steps(pipeline):
        if job is None or not job.template:
            yield from of_step(job, step)


# What a loss may call a feature, where it does not stand at the feature's own place.
_WORDS = {
    "image": ("container", "image", "service", "docker"),
    "variable": ("variable", "env", "secret", "$", "credentials"),
    "matrix": ("matrix", "axis", "combination"),
    "environment": ("environment",),
    "path": ("cache", "artifact", "report", "stash", "junit"),
    "timeout": ("timeout", "time", "limit", "minutes"),
    "retry": ("retry", "retries", "again"),
    "approval": ("approval", "person", "manual", "input"),
    "concurrency": ("concurrency", "lock", "queue", "group", "serial"),
    "permissions": ("permission", "token"),
    "parameter": ("parameter", "input"),
    "schedule": ("schedule", "cron"),
    "trigger": ("trigger", "branch", "push", "pull", "path", "merge", "rule", "only", "filter", "schedule", "cron"),
}


def _durations(pipeline: Any) -> set[timedelta]:
    return set(_walk(pipeline))


def _walk(value: Any) -> Iterator[timedelta]:
    if isinstance(value, timedelta):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _walk(one)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _walk(getattr(value, field.name))


def _whole(told: Span, job: Job | None) -> bool:
    """The loss is of the whole job."""
    span = job.span if job else None
    return span is not None and told.line <= span.line and told.end_line >= span.end_line


def _same(text: str) -> str:
    """Names are spelt as each system allows: `skipTests`, `skip_tests`, `skip.tests`."""
    return re.sub(r"[-_. ]", "", text.lower())


def forgotten(pipeline: Pipeline, written: Written, again: Pipeline) -> list[str]:
    """Features that are neither in the text (or, without a token, in the model that is read from it) nor told."""
    said = [f"{loss.construct} {loss.why} {loss.fix}".lower() for loss in written.losses]
    has = {
        "timeout": bool(_durations(again)),
        "retry": any(job.retry for job in again.jobs) or any(step.retry for _, step in steps(again)),
        "approval": any(job.manual or job.approval for job in again.jobs) or any(isinstance(step.work, Approval) for _, step in steps(again)),
        "permissions": again.permissions is not None or any(job.permissions for job in again.jobs),
        "schedule": any(trigger.cron for trigger in again.triggers),
    }  # fmt: skip
    found = []
    text_of_result = _same(written.text)
    for feature in features(pipeline):
        carried = _same(feature.token) in text_of_result if feature.token else has.get(feature.kind, True)
        at_place = feature.span is not None and any(
            loss.source is not None
            and loss.source.path == feature.span.path
            and loss.source.line <= feature.span.line <= loss.source.end_line
            and (
                any(word in text for word in _WORDS[feature.kind])
                or loss.kind is LossKind.OPAQUE  # the whole step is to be written by hand
                or text.startswith(("post ", "steps after"))  # with all that is in it
                or _whole(loss.source, pipeline.job(feature.of))
            )
            for loss, text in zip(written.losses, said, strict=True)
        )
        named = any(
            any(word in text for word in _WORDS[feature.kind])
            and any(name.lower() in text for name in (feature.token, feature.of or feature.kind) if name)
            for text in said
        )
        general = not feature.token and any(any(word in text for word in _WORDS[feature.kind]) for text in said)
        if not (carried or at_place or named or general):
            found.append(f"{feature.kind} {feature.token} of {feature.of or 'the pipeline'} ({feature.span})")
    return sorted(set(found))


@pytest.mark.parametrize("to", WRITTEN)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_a_job_says_is_written_or_told(case: Case, to: str) -> None:
    pipeline, written = converted(case, to)
    module: Any = registry.load_format("pipelines", to)
    assert forgotten(pipeline, written, module.parse(written.text, "written")) == []


def test_a_feature_that_is_forgotten_is_caught() -> None:
    case = next(case for case in CASES if str(case).startswith("gitlab_ci-service"))
    pipeline, _written = converted(case, "github_actions")
    module: Any = registry.load_format("pipelines", "github_actions")
    again = module.parse("on: push\njobs: {}\n", "written")
    lost = forgotten(pipeline, Written("on: push\n", ()), again)
    assert {one.split()[0] for one in lost} >= {"image", "variable", "path", "environment"}
