"""What CircleCI understands by habit and another system has to be told. Called by `pipelines.given`, for the writers of others.

A restored cache brings its paths along; the folder of a job is where its repository is checked out; `$BASH_ENV` is read before every
script.
"""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Text, parts
from seaway.model.pipeline import Cache, Checkout, Job, Pipeline, Run, Step, steps

_HOME = "~/project"  # where a job works that names no folder


def outward(pipeline: Pipeline, losses: Losses) -> Pipeline:
    """The pipeline with that said."""
    saved = {
        step.work.key: step.work.paths
        for _, step in steps(pipeline)
        if isinstance(step.work, Cache) and step.work.action == "save"
    }
    _tell_bash_env(pipeline, losses)
    jobs = tuple(_folder(_restored(job, saved, losses), losses) for job in pipeline.jobs)
    return dataclasses.replace(pipeline, jobs=jobs, index={})


def _restored(job: Job, saved: dict[Text, tuple[Text, ...]], losses: Losses) -> Job:
    made = []
    for step in job.steps:
        work = step.work
        if isinstance(work, Cache) and work.action == "restore" and not work.paths:
            paths = next((saved[key] for key in (work.key, *work.fallbacks) if key in saved), ())
            paths = paths or next((found for key, found in saved.items() if _start(key) == _start(work.key)), ())
            if not paths:
                why = "no step of the file saves it, so that what it holds is not known"
                losses.dropped("cache", why, "name its paths", step.span or job.span)
                continue
            step = dataclasses.replace(step, work=dataclasses.replace(work, paths=paths))  # noqa: PLW2901 - it grows
        made.append(step)
    return dataclasses.replace(job, steps=tuple(made))


def _start(key: Text) -> str:
    """The fixed text that a key begins with."""
    first = next(iter(parts(key)), "")
    return first if isinstance(first, str) else ""


def _folder(job: Job, losses: Losses) -> Job:
    """A folder outside the work folder is the work folder itself under CircleCI's name: files are checked out there."""
    cwd = job.cwd or _HOME
    if not isinstance(cwd, str) or not cwd.startswith(("/", "~")):
        return job
    if not job.cwd and not any(isinstance(one.work, Run) and str(one.work.cwd).startswith(_HOME) for one in job.steps):
        return job
    root = cwd.rstrip("/")
    if job.cwd:  # else it is the folder that every job has
        why = "the repository's files were checked out there; here they are in the job's own work folder"
        losses.approximated(f"working_directory {cwd}", why, "check paths that name the old folder", job.span)
    return dataclasses.replace(job, cwd="", steps=tuple(_within(step, root) for step in job.steps))


def _within(step: Step, root: str) -> Step:
    work = step.work
    if isinstance(work, Checkout) and isinstance(work.path, str) and work.path.rstrip("/") == root:
        return dataclasses.replace(step, work=dataclasses.replace(work, path=""))
    if not isinstance(work, Run) or not isinstance(work.cwd, str) or not work.cwd.startswith(root):
        return step
    return dataclasses.replace(step, work=dataclasses.replace(work, cwd=work.cwd.removeprefix(root).strip("/")))


def _tell_bash_env(pipeline: Pipeline, losses: Losses) -> None:
    for job, step in steps(pipeline):
        if isinstance(step.work, Run) and any(
            "BASH_ENV" in one for one in parts(step.work.script) if isinstance(one, str)
        ):
            why = (
                "CircleCI reads this file before every script; a later script here does not find what was written to it"
            )
            fix = (
                "hand the values on as this system does, or read the file at the beginning of the scripts that need it"
            )
            losses.manual("$BASH_ENV", why, fix, step.span or (job.span if job else None))


__all__ = ["outward"]
