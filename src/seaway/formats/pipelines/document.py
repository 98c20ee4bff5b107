"""A pipeline as the document `seaway.pipeline/v1`, and losses as `seaway.losses/v1`. Called by `cli.pipeline` and `cli.convert`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seaway.formats.pipelines.expand import in_words, shown
from seaway.model import pipeline as nouns
from seaway.model.expression import Condition
from seaway.model.loss import Loss
from seaway.model.pipeline import Job, Matrix, Pipeline, Step, Trigger
from seaway.model.span import Span

Json = dict[str, Any]


def document(pipeline: Pipeline) -> Json:
    """The whole pipeline; keys are stable, values that are not there are null or empty."""
    return {
        "format": "seaway.pipeline/v1",
        "system": pipeline.system.value,
        "path": pipeline.path,
        "name": shown(pipeline.name) or None,
        "triggers": [_trigger(one) for one in pipeline.triggers],
        "parameters": [{"name": one.name, "type": one.type, "default": one.default} for one in pipeline.parameters],
        "stages": [stage.name for stage in pipeline.stages],
        "jobs": [_job(job) for job in pipeline.jobs if not job.template],
        "opaque": opaque(pipeline),
        "unresolved": [
            {"text": one.text, "why": one.why, "span": _span(one.span)} for one in pipeline.unresolved
        ],
    }  # fmt: skip


def opaque(pipeline: Pipeline) -> int:
    """How many steps have a meaning that is not known."""
    return sum(step.work.kind == "opaque" for _, step in nouns.steps(pipeline))


def losses(found: Iterable[Loss], source: str, target: str) -> Json:
    """The report of a conversion."""
    rows = list(found)
    counts = {kind: sum(loss.kind == kind for loss in rows) for kind in ("dropped", "approximated", "manual", "opaque")}
    return {
        "format": "seaway.losses/v1",
        "from": source,
        "to": target,
        "counts": counts,
        "losses": [
            {
                "kind": loss.kind.value, "construct": loss.construct, "why": loss.why, "fix": loss.fix or None,
                "source": _span(loss.source), "target": _span(loss.target),
            }
            for loss in rows
        ],
    }  # fmt: skip


def _span(span: Span | None) -> Json | None:
    if span is None:
        return None
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _trigger(trigger: Trigger) -> Json:
    found: Json = {"kind": trigger.kind.value, "native": trigger.native or None}
    for name in ("branches", "tags", "paths"):
        globs = getattr(trigger, name)
        if globs.include or globs.exclude:
            found[name] = {"include": list(globs.include), "exclude": list(globs.exclude)}
    if trigger.cron:
        found["cron"] = trigger.cron
        found["timezone"] = trigger.timezone or None
    if trigger.types:
        found["types"] = list(trigger.types)
    return found | {"span": _span(trigger.span)}


def _job(job: Job) -> Json:
    return {
        "id": job.id,
        "name": shown(job.name) or None,
        "stage": job.stage or None,
        "needs": [need.job for need in job.needs or ()],
        "runner": [shown(label) for label in job.runner.labels] or ([job.runner.group] if job.runner.group else []),
        "container": shown(job.container.name) if job.container else None,
        "matrix": _matrix(job.matrix),
        "values": {name: shown(value) for name, value in job.values} or None,
        "condition": _condition(job.condition),
        "environment": shown(job.environment.name) if job.environment else None,
        "manual": job.manual or job.approval is not None,
        "timeout_s": job.timeout.total_seconds() if job.timeout else None,
        "calls": job.calls.text if job.calls else None,
        "steps": [_step(step) for step in job.steps] + [_step(one) for post in job.post for one in post.steps],
        "span": _span(job.span),
    }


def _matrix(matrix: Matrix | None) -> Json | None:
    if matrix is None:
        return None
    found: Json = {axis.name: axis.computed or [shown(value) for value in axis.values] for axis in matrix.axes}
    for name in ("include", "exclude"):
        if rows := getattr(matrix, name):
            found[name] = [{key: shown(value) for key, value in row} for row in rows]
    if matrix.named:
        found["named"] = {name: {key: shown(value) for key, value in row} for name, row in matrix.named}
    if matrix.computed:
        found["computed"] = matrix.computed
    return found


def _condition(condition: Condition | None) -> str | None:
    return None if condition is None else condition.text or in_words(condition.expr)


def _step(step: Step) -> Json:
    work = step.work
    found: Json = {"kind": work.kind, "name": step.name or None}
    if isinstance(work, nouns.Run):
        found["text"] = shown(work.script)
    elif isinstance(work, nouns.Use):
        found["ref"] = work.ref.text
    elif isinstance(work, nouns.Opaque):
        found["text"] = work.text
    elif isinstance(work, nouns.Approval):
        found["text"] = shown(work.instructions)
    else:
        found["ref"] = work.component.text if work.component else None
    if isinstance(work, nouns.Cache):
        found["text"] = shown(work.key) or work.tool
    elif isinstance(work, nouns.Artifact):
        found["text"] = f"{work.direction} {shown(work.name)}".strip()
    return found | {"condition": _condition(step.condition), "span": _span(step.span)}
