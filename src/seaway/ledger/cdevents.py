"""Renders what a rollout emits as CDEvents 0.5.1. Called by the engine's outbox, once per event, before storing it.

A rollout is a pipelineRun, a step of it a taskRun; a verified weight, a promotion and a return are events of the service.
Everything else (holds, approvals, verdicts, take-overs) is an event of a taskRun named for what happened. Consumers that
want Seaway's own words find them in `customData.seaway`.
Source: the CDEvents specification, https://cdevents.dev; versions of types as in its schemas.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

from seaway.model.revision import Revision
from seaway.model.rollout import Rollout, State

SPECVERSION = "0.5.1"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "seaway.events")
_TYPES = "dev.cdevents.{}.0.3.0"

_RUN = {
    "rollout.admitted": "pipelinerun.queued",
    "rollout.started": "pipelinerun.started",
    "rollout.finished": "pipelinerun.finished",
}
_SERVICE = {
    "weight.verified": "service.upgraded",
    "promoted": "service.deployed",
    "rolled_back": "service.rolledback",
}
# Seaway's word -> (predicate, task): two words of one thing share the task, so a reader sees it begin and end.
_TASKS = {
    "step.started": ("started", "step"),
    "step.finished": ("finished", "step"),
    "rollout.held": ("started", "hold"),
    "rollout.resumed": ("finished", "hold"),
    "supersede_requested": ("started", "supersede"),
    "superseded": ("finished", "supersede"),
    "weight.observed": ("finished", "observe"),
    "verdict": ("finished", "verdict"),
    "approval": ("finished", "approval"),
    "take_over": ("finished", "take_over"),
    "problem": ("finished", "problem"),
}
NAMES = (*_RUN, *_SERVICE, *_TASKS)  # every event that `render` knows

_OUTCOMES = {
    State.SUCCEEDED: "success",
    State.ROLLED_BACK: "failure",
    State.FAILED: "failure",
    State.SUPERSEDED: "cancel",
}
_TASK_OUTCOMES = {
    "pass": "success",
    "done": "success",
    "approved": "success",
    "fail": "failure",
    "failed": "failure",
    "rejected": "failure",
    "skipped": "cancel",
    "error": "error",
}


class Emitted(Protocol):
    """What `rollout.decide` hands out: the event's name and its facts."""

    @property
    def type(self) -> str: ...

    @property
    def data(self) -> Mapping[str, str | int | float | bool | None]: ...


def render(emit: Emitted, rollout: Rollout, sequence: int, at: datetime) -> dict[str, Any]:
    """One event as a CDEvent document. `sequence` numbers the events of the ledger; `at` is when it happened (UTC).

    The same rollout and sequence give the same id for ever, so a receiver can drop what comes twice.
    Raises ValueError for a name that is not among NAMES.
    """
    predicate, subject = _subject(emit, rollout, sequence)
    source = f"/seaway/{quote(rollout.plan.environment, safe='')}/{quote(rollout.plan.service, safe='')}"
    return {
        "context": {
            "specversion": SPECVERSION,
            "id": str(uuid.uuid5(_NAMESPACE, f"{rollout.id}/{sequence}")),
            "source": source,
            "type": _TYPES.format(predicate),
            "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "chainId": str(uuid.uuid5(_NAMESPACE, rollout.id)),
        },
        "subject": {**subject, "source": source},
        "customData": {"seaway": _facts(emit, rollout, sequence)},
        "customDataContentType": "application/json",
    }


def _facts(emit: Emitted, rollout: Rollout, sequence: int) -> dict[str, Any]:
    return {
        **emit.data,
        "event": emit.type,
        "rollout": rollout.id,
        "service": rollout.plan.service,
        "environment": rollout.plan.environment,
        "state": rollout.state.value,
        "step": emit.data.get("step", rollout.step),
        "sequence": sequence,
        "plan_hash": rollout.plan_hash,
        "revisions": {"candidate": rollout.plan.candidate.id, "stable": rollout.plan.basis or None},
    }


def _subject(emit: Emitted, rollout: Rollout, sequence: int) -> tuple[str, dict[str, Any]]:
    if emit.type in _RUN:
        return _RUN[emit.type], {"id": rollout.id, "content": _run(emit.type, rollout)}
    if emit.type in _SERVICE:
        return _service(emit, rollout)
    if emit.type in _TASKS:
        return _task(emit, rollout, sequence)
    raise ValueError(f"{emit.type!r} is not an event of a rollout; known: {', '.join(NAMES)}")


def _run(name: str, rollout: Rollout) -> dict[str, Any]:
    content: dict[str, Any] = {
        "pipelineName": f"{rollout.plan.service} to {rollout.plan.environment}",
        "uri": f"seaway://{quote(rollout.plan.site, safe='') or 'local'}/rollouts/{rollout.id}",
    }
    if name == "rollout.finished":
        content["outcome"] = _OUTCOMES.get(rollout.state, "error")
        if content["outcome"] != "success" and rollout.reason:
            content["errors"] = rollout.reason
    return content


def _service(emit: Emitted, rollout: Rollout) -> tuple[str, dict[str, Any]]:
    plan = rollout.plan
    content: dict[str, Any] = {"environment": {"id": plan.environment}}
    # At weight 0 all the traffic is the stable revision's: that is what was brought up.
    back = emit.type == "rolled_back" or (emit.data.get("weight") == 0 and plan.stable is not None)
    revision = plan.stable if back else plan.candidate
    if revision is None:  # a first release was taken back: nothing serves here any more
        return "service.removed", {"id": plan.service, "content": content}
    return _SERVICE[emit.type], {"id": plan.service, "content": {**content, "artifactId": _purl(revision)}}


def _purl(revision: Revision) -> str:
    """Package URL of what runs: of the artifact, or of the configuration alone where a service runs in place."""
    digest = revision.artifact_digest or revision.digest
    return f"pkg:generic/{quote(revision.service.name, safe='')}@sha256%3A{digest}"


def _task(emit: Emitted, rollout: Rollout, sequence: int) -> tuple[str, dict[str, Any]]:
    predicate, task = _TASKS[emit.type]
    name, number = task, sequence if predicate == "finished" and task not in {"hold", "supersede"} else rollout.step
    if task == "step":
        step = emit.data.get("step", rollout.step)
        number = step if isinstance(step, int) else rollout.step
        steps = rollout.plan.steps
        name = str(emit.data.get("kind") or (steps[number].kind if 0 <= number < len(steps) else "step"))
    content: dict[str, Any] = {"taskName": name, "pipelineRun": {"id": rollout.id}}
    if predicate == "finished":
        content.update(_task_outcome(emit))
    return f"taskrun.{predicate}", {"id": f"{rollout.id}/{task}-{number}", "content": content}


def _task_outcome(emit: Emitted) -> dict[str, str]:
    said = str(emit.data.get("outcome") or emit.data.get("decision") or "")
    if emit.type == "problem":
        return {"outcome": "error", "errors": str(emit.data.get("message") or emit.data.get("reason") or "")}
    return {"outcome": _TASK_OUTCOMES[said]} if said in _TASK_OUTCOMES else {}
