"""What a job of another system says and a task of Tekton cannot. Called by `tasks`."""

from __future__ import annotations

from seaway.formats.pipelines import approvers
from seaway.formats.pipelines.losses import Losses
from seaway.model.pipeline import Job, Need, Run


def tell(job: Job, needs: tuple[Need, ...], losses: Losses) -> None:
    """Every part of the job that is not in the task."""
    for need in needs:
        if need.when not in {"success", "any"}:
            losses.dropped(f"needs {need.job} {need.when}", "a task waits for success only", "", need.span or job.span)
    _people(job, losses)
    _data(job, losses)
    for step in job.steps:
        if step.retry is not None:
            losses.dropped("retry of a step", "a task is tried again as a whole", "set `retries` on it", step.span)
        if step.idle_timeout is not None:
            losses.dropped("idle timeout", "Tekton limits the whole time only", "set `timeout`", step.span)
        if step.timeout is not None and not isinstance(step.work, Run):
            losses.dropped("timeout of a step", "only scripts and actions have one", "", step.span)
    for post in job.post:
        losses.dropped(f"post {post.when}", "steps after a task", "write a task under `finally`", post.span or job.span)
    for native in (*job.natives, *(one for step in job.steps for one in step.natives)):
        losses.dropped(native.key, "Tekton has no word for it", "", native.span or job.span)


def _people(job: Job, losses: Losses) -> None:
    if job.environment is not None:
        losses.dropped("environment", "Tekton knows no environments", "", job.environment.span or job.span)
    if job.manual or job.approval is not None:
        who = approvers.chosen(job.approval.who if job.approval else ())
        fix = f"the custom task approval-task{f', with its approvers{who}' if who else ''}"
        losses.manual("a person starts this job", "core Tekton asks nobody", fix, job.span)
    if job.concurrency is not None:
        losses.dropped("concurrency", "core Tekton does not limit runs", "", job.concurrency.span or job.span)
    if job.permissions is not None:
        losses.manual("permissions", "rights belong to the run's service account", "bind a role to it", job.span)


def _data(job: Job, losses: Losses) -> None:
    if job.caches:
        words = "Tekton keeps no files between runs by itself"
        losses.dropped("cache", words, "a workspace on a lasting volume", job.span)
    if job.artifacts:
        losses.approximated(
            "artifacts", "tasks share one workspace, so files are there without being named", "", job.span
        )
    if job.parallel:
        losses.dropped(f"parallel {job.parallel}", "write the numbers as a matrix parameter", "", job.span)
