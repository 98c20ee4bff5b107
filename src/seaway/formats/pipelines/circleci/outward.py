"""What CircleCI understands by habit and another system has to be told. Called by `pipelines.given`, for the writers of others.

A restored cache brings its paths along; the folder of a job is where its repository is checked out; `$BASH_ENV` is read before every
script.
"""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Text, parts
from seaway.model.pipeline import Artifact, Cache, Checkout, Job, Pipeline, Run, Step, steps

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
    root = cwd.rstrip("/")
    if job.cwd:  # else it is the folder that every job has
        why = "the repository's files were checked out there; here they are in the job's own work folder"
        losses.approximated(f"working_directory {cwd}", why, "check paths that name the old folder", job.span)
    return dataclasses.replace(job, cwd="", steps=tuple(_with_patterns(_within(step, root)) for step in job.steps))


def _within(step: Step, root: str) -> Step:
    """The step with its folders as they lie below that one."""
    work = step.work
    if isinstance(work, Checkout):
        return dataclasses.replace(step, work=dataclasses.replace(work, path=_below(work.path, root)))
    if isinstance(work, Run):
        return dataclasses.replace(step, work=dataclasses.replace(work, cwd=_below(work.cwd, root)))
    if isinstance(work, Artifact):
        return dataclasses.replace(
            step, work=dataclasses.replace(work, into=_below(work.into, root) or (work.into and "."))
        )
    return step


def _below(path: Text, root: str) -> Text:
    if not isinstance(path, str) or not (path == root or path.startswith(f"{root}/")):
        return path
    return path.removeprefix(root).strip("/")


def _with_patterns(step: Step) -> Step:
    """Test results are a folder for CircleCI, and names of files for others."""
    work = step.work
    if not isinstance(work, Artifact) or not work.reports:
        return step
    found = tuple(
        (kind, path if "*" in path or path.endswith(".xml") else f"{path.rstrip('/')}/**/*.xml")
        for kind, path in work.reports
    )
    return dataclasses.replace(step, work=dataclasses.replace(work, reports=found))


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
